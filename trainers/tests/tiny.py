"""A random Llama of 0.2 million weights with its own tokenizer, for tests that must run in seconds:  python tests/tiny.py OUT"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from prepare import digits_then_bytes, finish, install_template, llama_tensors, write_tokenizer_config
from weights import atomic_folder

HIDDEN, LAYERS, HEADS, KEY_HEADS, INNER = 64, 2, 4, 2, 128
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEXT = [
    '<tool_call>\n{"name": "read_file", "arguments": {"path": "notes/a.txt", "head": 12}}\n</tool_call>',
    "Tools: read_file(path: str, head?: int) Read a file. write_file(path: str, content: str) Write a file.",
    "system user assistant Which file should I read? I don't have a tool for that. Please show me the first lines.",
]


def make_tiny(out: Path, seed: int = 0) -> Path:
    from safetensors.numpy import save_file
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    with atomic_folder(out) as folder:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = digits_then_bytes()
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.train_from_iterator(
            TEXT, trainers.BpeTrainer(vocab_size=512, min_frequency=1, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
        )
        tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
        tokenizer.save(str(folder / "tokenizer.json"))
        write_tokenizer_config(folder, {"bos": "<|im_start|>", "eos": "<|im_end|>"}, 2048)
        config = {
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": "float32", "vocab_size": tokenizer.get_vocab_size(),
            "hidden_size": HIDDEN, "intermediate_size": INNER, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KEY_HEADS,
            "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
            "tie_word_embeddings": True, "hidden_act": "silu", "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2,
        }  # fmt: skip
        (folder / "config.json").write_text(json.dumps(config))
        random = np.random.default_rng(seed)
        save_file({name: weight(name, config, random) for name in llama_tensors(LAYERS)}, folder / "model.safetensors", metadata={"format": "pt"})
        install_template(folder)
        finish(folder, "tiny")
    return out


NARROW = HIDDEN // HEADS * KEY_HEADS
LINEAR = {"q_proj": (HIDDEN, HIDDEN), "o_proj": (HIDDEN, HIDDEN), "k_proj": (NARROW, HIDDEN), "v_proj": (NARROW, HIDDEN),
          "gate_proj": (INNER, HIDDEN), "up_proj": (INNER, HIDDEN), "down_proj": (HIDDEN, INNER)}  # fmt: skip


def weight(name: str, config: dict, random) -> np.ndarray:
    if "norm" in name:
        return np.ones(HIDDEN, np.float32)
    shapes = LINEAR | {"embed_tokens": (config["vocab_size"], HIDDEN)}
    return (random.standard_normal(shapes[name.split(".")[-2]]) * 0.1).astype(np.float32)


def make_adapter(out: Path, base: Path, rank: int = 4, seed: int = 0) -> Path:
    """A LoRA adapter on every linear layer that changes nothing yet, as peft writes one: without importing it, which takes longer than a test."""
    from safetensors.numpy import save_file

    random = np.random.default_rng(seed)
    tensors = {}
    for layer in range(LAYERS):
        for name, (to, of) in LINEAR.items():
            place = f"base_model.model.model.layers.{layer}.{'self_attn' if name[0] in 'qkvo' else 'mlp'}.{name}"
            tensors[f"{place}.lora_A.weight"] = (random.standard_normal((rank, of)) * 0.1).astype(np.float32)
            tensors[f"{place}.lora_B.weight"] = np.zeros((to, rank), np.float32)
    with atomic_folder(out) as folder:
        save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
        config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": str(base), "r": rank, "lora_alpha": 8, "lora_dropout": 0.0,
                  "bias": "none", "target_modules": sorted(LINEAR)}  # fmt: skip
        (folder / "adapter_config.json").write_text(json.dumps(config))
    return out


if __name__ == "__main__":
    make_tiny(Path(sys.argv[1]))
