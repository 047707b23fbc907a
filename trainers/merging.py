"""An adapter merged into its base: as arrays, and as folders in Hugging Face form. No torch, and one tensor in memory at a time."""

import json
import shutil
from pathlib import Path

import numpy as np

from weights import Tensors

HEAD, EMBEDDING = "lm_head.weight", "model.embed_tokens.weight"
TOKENIZER = ["tokenizer*.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "*.model", "*.jinja", "LICENSE*"]
SHARD = 2 << 30  # bytes of a weights file: what is in memory at once


class Unusable(Exception):
    pass


def merged(base: Path, adapter: Path | None):
    """Every tensor of the base, float32, with the adapter's change added: W + B A alpha / rank."""
    weights = Tensors(base)
    if adapter is None:
        delta = Nothing()
    elif (adapter / "adapter_config.json").exists():
        delta = LoraDeltas(adapter)
    else:
        weights, delta = Tensors(adapter), Nothing()
    config = json.loads((base / "config.json").read_text())
    check_embeddings(weights, config)
    for name in weights:
        if name.endswith("rotary_emb.inv_freq") or (name == HEAD and is_tied(config)):
            continue  # a tied head is the embedding itself: a second copy would win in llama.cpp and be ignored by transformers
        change = delta(name)
        yield name, weights[name] if change is None else weights[name] + change
    if left := delta.unused():
        raise Unusable(f"The adapter changes {left[0]}, which merging does not reach here. Train it on linear layers only, without modules_to_save.")


def is_tied(config: dict) -> bool:
    return bool(config.get("tie_word_embeddings"))


def check_embeddings(weights: Tensors, config: dict) -> None:
    """Refuses an embedding that was resized, and an output head that is missing: both load, and answer nonsense."""
    rows = weights.shape(EMBEDDING)[0] if EMBEDDING in weights else None
    if rows is not None and rows != config["vocab_size"]:
        raise Unusable(f"The embedding has {rows} rows, and config.json says vocab_size {config['vocab_size']}: it was resized, and one of the two is out of date.")
    if rows is not None and HEAD not in weights and not is_tied(config):
        raise Unusable("The model has no lm_head.weight, and its config.json does not tie it to the embedding (tie_word_embeddings).")


class Nothing:
    def __call__(self, name: str) -> None:
        return None

    def unused(self) -> list[str]:
        return []


class LoraDeltas:
    """What a LoRA adapter adds to a tensor of its base, by the tensor's name; remembers what was asked for."""

    def __init__(self, adapter: Path):
        config = json.loads((adapter / "adapter_config.json").read_text())
        if config["peft_type"] != "LORA" or config.get("use_dora") or config.get("bias", "none") != "none" or config.get("modules_to_save"):
            raise Unusable(f"{adapter} is not a plain LoRA adapter.")
        self._scale = np.float32(config["lora_alpha"] / (config["r"] ** 0.5 if config.get("use_rslora") else config["r"]))
        self._tensors = Tensors(adapter)
        self._left = set(self._tensors)

    def __call__(self, name: str) -> np.ndarray | None:
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        a, b = f"{stem}.lora_A.weight", f"{stem}.lora_B.weight"
        if a not in self._tensors:
            return None
        self._left -= {a, b}
        return self._tensors[b] @ self._tensors[a] * self._scale

    def unused(self) -> list[str]:
        return sorted(self._left)


def write_folder(base: Path, adapter: Path | None, folder: Path) -> None:
    """The merged student as transformers loads it. float32: whoever rounds it further starts from every digit."""
    from safetensors.numpy import save_file

    config = json.loads((base / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "dtype": "float32"}, indent=2) + "\n")
    write_tokenizer(base, folder)
    shards, current, size = [], {}, 0

    def flush():
        file = folder / f"shard-{len(shards)}"
        save_file(current, file, metadata={"format": "pt"})
        file.chmod(0o644)  # safetensors writes for its owner alone, and this is to be passed on
        shards.append((file, list(current), size))

    for name, array in merged(base, adapter):
        if current and size + array.nbytes > SHARD:
            flush()
            current, size = {}, 0
        current[name] = np.ascontiguousarray(array)
        size += array.nbytes
    flush()
    name_shards(folder, shards)


def name_shards(folder: Path, shards: list[tuple[Path, list[str], int]]) -> None:
    if len(shards) == 1:
        shards[0][0].rename(folder / "model.safetensors")
        return
    where = {}
    for number, (file, names, _) in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        file.rename(folder / name)
        where |= dict.fromkeys(names, name)
    index = {"metadata": {"total_size": sum(size for _, _, size in shards)}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def write_adapter(base: Path, adapter: Path | None, base_name: str, folder: Path) -> None:
    """The adapter under the name that its base has in public; the path of a training machine helps nobody."""
    if adapter is None or not (adapter / "adapter_config.json").exists():
        raise Unusable("This student has no LoRA adapter: its weights are whole, and `--type safetensors` writes them.")
    config = json.loads((adapter / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": base_name}, indent=2) + "\n")
    shutil.copyfile(adapter / "adapter_model.safetensors", folder / "adapter_model.safetensors")
    write_tokenizer(base, folder)


def write_tokenizer(base: Path, folder: Path) -> None:
    """With the chat template in both places where readers look: beside the tokenizer, and in its config."""
    for pattern in TOKENIZER:
        for file in base.glob(pattern):
            shutil.copyfile(file, folder / file.name)
    config = json.loads((base / "tokenizer_config.json").read_text())
    template = (base / "chat_template.jinja").read_text()
    (folder / "tokenizer_config.json").write_text(json.dumps({**config, "chat_template": template}, indent=2, ensure_ascii=False) + "\n")
