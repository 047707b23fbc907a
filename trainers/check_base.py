"""Whether a base can be taught here: its weights and config agree, its template knows tools, and the server reads as training writes.

The server is asked through a model of one narrow layer that has the base's tokenizer and template: what it cuts a text into does not depend
on the weights, and a large base is checked as fast as a small one.
"""

import json
import shutil
import tempfile
from pathlib import Path

from merging import EMBEDDING, HEAD, is_tied
from weights import Tensors

TEMPLATE = Path(__file__).with_name("chat_template.jinja")
OPENS = "<|im_start|>"  # what our template needs of a tokenizer

TOOL = {
    "name": "write_note",
    "description": "Write a note",
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}, "lines": {"type": "integer"}}, "required": ["path"]},
}
CALL = {"id": "c1", "name": "write_note", "arguments": {"path": 'über "b" 2/a1.md', "lines": 345}}
ROWS = [
    {
        "id": "with tools",
        "prompt": [{"role": "user", "content": "Write a/b1.md, 345 lines\n\n  12"}],
        "completion": [
            {"role": "assistant", "content": "", "toolCalls": [CALL]},
            {"role": "tool", "toolCallId": "c1", "content": "done: 12 kB\n"},
            {"role": "assistant", "content": "It is written."},
            {"role": "user", "content": "thanks, 日本"},
            {"role": "assistant", "content": "- one\n- two"},
        ],
        "tools": [TOOL],
    },
    {"id": "without tools", "prompt": [{"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Hello, what is it?"}], "tools": []},
]


class Unusable(Exception):
    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def check_weights(folder: Path) -> None:
    """An embedding that was resized without a word in config.json is put right in our copy; a head that is missing cannot be."""
    weights, file = Tensors(folder), folder / "config.json"
    config = json.loads(file.read_text())
    if EMBEDDING not in weights:
        return  # an architecture of other names; export says what it thinks of it
    rows = weights.shape(EMBEDDING)[0]
    ids = 1 + max([*json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"].values(), *added_ids(folder)])
    if ids > rows:
        raise Unusable("base-resized", f"The tokenizer knows {ids} tokens and the embedding has {rows} rows. Call resize_token_embeddings({ids}) and save the model again.")
    if HEAD not in weights and not is_tied(config):
        raise Unusable("base-unusable", "The weights have no lm_head.weight, and config.json does not tie it to the embedding (tie_word_embeddings).")
    if HEAD in weights and not is_tied(config) and weights.shape(HEAD)[0] != rows:
        raise Unusable("base-resized", f"lm_head.weight has {weights.shape(HEAD)[0]} rows and the embedding {rows}: one of them was resized alone.")
    if rows != config.get("vocab_size"):
        file.write_text(json.dumps(config | {"vocab_size": rows}, indent=2))


def added_ids(folder: Path) -> list[int]:
    return [token["id"] for token in json.loads((folder / "tokenizer.json").read_text()).get("added_tokens", [])]


def mentions_tools(template: str) -> bool:
    return "tools" in template and "tool_calls" in template


def use_our_template(folder: Path, template: str) -> None:
    """@raises Unusable base-no-template, base-no-tools: the tokenizer lacks the tokens that ours is made of"""
    if OPENS in (folder / "tokenizer.json").read_text():
        shutil.copyfile(TEMPLATE, folder / "chat_template.jinja")
        return
    lacks = f"and its tokenizer lacks {OPENS}, which ours needs. Take a base that is tuned for chat with tools."
    if not template:
        raise Unusable("base-no-template", f"It has no chat template, {lacks}")
    raise Unusable("base-no-tools", f"Its chat template renders no tools or no tool calls, {lacks}")


def check_base(folder: Path) -> dict:
    """What was compared, for prepared.json. A template of the base's own that does not hold is replaced by ours."""
    from transformers import AutoTokenizer

    if in_training(AutoTokenizer.from_pretrained(folder)):
        use_our_template(folder, (folder / "chat_template.jinja").read_text())
        if what := in_training(AutoTokenizer.from_pretrained(folder)):
            raise Unusable("base-parity", f"Its tokenizer does not fit the way students are trained here: {what}.")
    return in_server(folder, AutoTokenizer.from_pretrained(folder))


def in_training(tokenizer) -> str | None:
    """What is wrong with the way in which this template and tokenizer make rows of conversations."""
    from jinja2 import TemplateError
    from rows import conversation, difference, encode, missing

    for row in ROWS:
        try:
            encoded = encode(row, tokenizer)
            what = missing(row, encoded, tokenizer) or difference(row, encoded, tokenizer)
            shown = conversation(row, tokenizer)[0]
        except (TemplateError, TypeError, KeyError, ValueError) as error:
            return f"a conversation {row['id']} is not rendered ({type(error).__name__}: {error})"
        if what:
            return f"in a conversation {row['id']}, {what}"
        if not all(tool["name"] in shown for tool in row["tools"]) or any(message["content"] not in shown for message in row["prompt"]):
            return f"a conversation {row['id']} is not rendered whole"
    return None


def in_server(folder: Path, tokenizer) -> dict:
    from merging import Unusable as NoGguf
    from parity import NotServed, compare, served

    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "narrow.gguf"
        try:
            write_narrow(folder, file)
            with served(file) as url:
                result = compare(ROWS, tokenizer, None, {"server": url})
        except NoGguf as error:
            return {"server": False, "why": str(error)}
        except NotServed as error:
            raise Unusable("base-parity", f"Its tokenizer cannot be served: {error}") from error
    if result["differences"]:
        first = result["differences"][0]
        raise Unusable("base-parity", f"llama.cpp reads a conversation {first['row']} otherwise than training does: {first['what']}.")
    return {"server": True, "rows": result["rows"], "tokens": result["tokens"], "trained": result["trained"]}


def write_narrow(folder: Path, file: Path) -> None:
    import numpy as np
    from export import write_gguf
    from weights import LAYER_NAMES

    width = 32
    config = json.loads((folder / "config.json").read_text()) | {
        "hidden_size": width, "intermediate_size": width, "num_hidden_layers": 1, "num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": width,
    }  # fmt: skip
    layer = {f"model.layers.0.{name}.weight": np.ones(width if "norm" in name else (width, width), np.float32) for name in LAYER_NAMES}
    top = {EMBEDDING: np.ones((config["vocab_size"], width), np.float32), "model.norm.weight": np.ones(width, np.float32)}
    write_gguf(file, folder, config, (layer | top).items(), "f16")
