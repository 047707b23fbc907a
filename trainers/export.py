"""Write a student for the world outside:  python export.py --base DIR --adapter DIR --out student.gguf --type q8_0

Types   q8_0, f16      one GGUF file, with tokenizer and chat template in it
        safetensors    a folder in Hugging Face form: the merged weights (float32), tokenizer and chat template
        adapter        a folder with the LoRA adapter as it is, tokenizer and chat template; --base-name says which base it fits
Without --adapter the base itself is written, so that the untouched student is served in the same way.
The adapter is a LoRA adapter (PEFT) or a folder of whole weights (`method: full`).
4-bit types are not offered: SmolLM2's base weights sit on the Q4_1 grid, and rounding snaps a merged adapter back to it.
Exits   0 done  ·  2 this model cannot be written
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, TokenType
from gguf.quants import quantize

from merging import Unusable, merged, write_adapter, write_folder
from weights import atomic_folder, gguf_name, say_error, to_gguf_rope

TYPES = {"q8_0": (GGMLQuantizationType.Q8_0, LlamaFileType.MOSTLY_Q8_0), "f16": (GGMLQuantizationType.F16, LlamaFileType.MOSTLY_F16)}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True, type=Path)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--type", choices=[*TYPES, "safetensors", "adapter"], default="q8_0")
    parser.add_argument("--base-name", default="")
    args = parser.parse_args()
    try:
        if args.type in TYPES:
            write_file(args)
        else:
            with atomic_folder(args.out) as folder:
                write_folder(args.base, args.adapter, folder) if args.type == "safetensors" else write_adapter(args.base, args.adapter, args.base_name, folder)
    except Unusable as error:
        say_error("export-unusable", str(error))
        return 2
    return 0


def write_file(args) -> None:
    """Beside its place first, then renamed: a reader sees the whole file or none."""
    args.out.parent.mkdir(parents=True, exist_ok=True)
    temporary = args.out.with_name(f".{args.out.name}.{os.getpid()}")
    try:
        write(args.base, args.adapter, temporary, args.type)
        temporary.replace(args.out)
    finally:
        temporary.unlink(missing_ok=True)


def write(base: Path, adapter: Path | None, file: Path, kind: str) -> None:
    config = json.loads((base / "config.json").read_text())
    if config["architectures"] != ["LlamaForCausalLM"]:
        raise Unusable(f"Only Llama-shaped models can be written as GGUF here, and {base} is {config['architectures']}.")
    write_gguf(file, base, config, merged(base, adapter), kind)


def write_gguf(file: Path, base: Path, config: dict, tensors, kind: str) -> None:
    """`base`: the folder of the tokenizer and the chat template; `tensors`: names and arrays as transformers has them."""
    writer = GGUFWriter(file, "llama")
    write_shape(writer, config)
    write_tokenizer(writer, base, config)
    writer.add_file_type(TYPES[kind][1])
    for name, array in tensors:
        part = name.split(".")[-2]
        if part in ("q_proj", "k_proj"):
            array = to_gguf_rope(array, config["num_attention_heads" if part == "q_proj" else "num_key_value_heads"])
        stored = quantise(array, TYPES[kind][0])
        writer.add_tensor(gguf_name(name), stored[0], raw_dtype=stored[1])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantise(array: np.ndarray, kind: GGMLQuantizationType):
    if array.ndim == 1:
        return array, GGMLQuantizationType.F32
    if kind == GGMLQuantizationType.Q8_0 and array.shape[-1] % 32:  # a row is cut into blocks of 32
        kind = GGMLQuantizationType.F16
    return quantize(array, kind), kind


def write_shape(writer: GGUFWriter, config: dict) -> None:
    heads = config["num_attention_heads"]
    rope = config.get("rope_parameters") or config
    if rope.get("rope_type", "default") != "default" or config.get("rope_scaling"):
        raise Unusable("Scaled rotary embeddings are not written as GGUF here.")
    writer.add_name("whetstone student")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_freq_base(rope.get("rope_theta", 10000.0))
    writer.add_rope_dimension_count(config.get("head_dim") or config["hidden_size"] // heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


def write_tokenizer(writer: GGUFWriter, base: Path, config: dict) -> None:
    tokenizer = json.loads((base / "tokenizer.json").read_text())
    if tokenizer["model"]["type"] != "BPE":
        raise Unusable("Only byte-level BPE tokenizers are written as GGUF here.")
    added = {token["id"]: token for token in tokenizer["added_tokens"]}
    by_id = {i: token for token, i in tokenizer["model"]["vocab"].items()} | {i: token["content"] for i, token in added.items()}
    tokens, types = [], []
    for i in range(config["vocab_size"]):
        tokens.append(by_id.get(i, f"[PAD{i}]"))
        if i in added:
            types.append(TokenType.CONTROL if added[i]["special"] else TokenType.USER_DEFINED)
        else:
            types.append(TokenType.NORMAL if i in by_id else TokenType.UNUSED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre_tokenizer(tokenizer))
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]])
    settings = json.loads((base / "tokenizer_config.json").read_text())
    ids = {token: i for i, token in by_id.items()}
    content = lambda token: token["content"] if isinstance(token, dict) else token
    for key, add in (("bos_token", writer.add_bos_token_id), ("eos_token", writer.add_eos_token_id), ("pad_token", writer.add_pad_token_id)):
        if content(settings.get(key)) in ids:
            add(ids[content(settings[key])])
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template((base / "chat_template.jinja").read_text())


def pre_tokenizer(tokenizer: dict) -> str:
    """The name that llama.cpp knows this way of splitting text by; a wrong one would change every number in silence."""
    steps = tokenizer["pre_tokenizer"]
    steps = steps["pretokenizers"] if steps["type"] == "Sequence" else [steps]
    kinds = [step["type"] for step in steps]
    if kinds == ["Digits", "ByteLevel"] and steps[0]["individual_digits"]:
        return "smollm"
    if kinds == ["ByteLevel"]:
        return "gpt-2"
    if kinds == ["Split", "ByteLevel"]:
        return "llama-bpe" if re.search(r"\\p\{N\}\{1,3\}", steps[0]["pattern"].get("Regex", "")) else "qwen2"
    raise Unusable(f"llama.cpp's name for the pre-tokenizer {kinds} is not known here.")


if __name__ == "__main__":
    sys.exit(main())
