"""Preparing a base: from a local folder, whole or not at all."""

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import error_code, run
from safetensors.numpy import load_file, save_file
from transformers import AutoTokenizer

from check_base import Unusable, in_server


def test_a_local_folder_gets_our_template(tiny, tmp_path, prepare):
    source = tmp_path / "source"
    source.mkdir()
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        (source / file).write_bytes((tiny / file).read_bytes())
    (source / "chat_template.jinja").write_text("{{ messages }}")  # knows nothing of the tool list
    assert prepare(source, tmp_path / "out")[0] == 0
    prepared = json.loads((tmp_path / "out" / "prepared.json").read_text())
    assert prepared["base"] == str(source) and len(prepared["sha256"]) == 64
    assert "<tool_call>" in (tmp_path / "out" / "chat_template.jinja").read_text()


def test_what_cannot_be_used_leaves_nothing_behind(tiny, tmp_path, prepare):
    (tmp_path / "empty").mkdir()
    for base, code in ((tmp_path / "none", "base-missing"), (tmp_path / "empty", "base-unusable")):
        status, errors = prepare(base, tmp_path / "out")
        assert (status, error_code(errors)) == (2, code)
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def copied(tiny, folder, **config):
    shutil.copytree(tiny, folder)
    (folder / "prepared.json").unlink()
    (folder / "config.json").write_text(json.dumps(json.loads((tiny / "config.json").read_text()) | config))
    return folder


def without_chatml(folder):
    """A base whose tokenizer has none of the tokens that our template is made of."""
    file = folder / "tokenizer.json"
    file.write_text(file.read_text().replace("<|im_start|>", "<|begin|>"))
    return folder


@pytest.mark.parametrize(("template", "code"), [(None, "base-no-template"), ("{{ messages[0].content }}", "base-no-tools")])
def test_a_base_that_cannot_be_asked_for_calls_is_refused(tiny, tmp_path, template, code, prepare):
    base = without_chatml(copied(tiny, tmp_path / "base"))
    (base / "chat_template.jinja").unlink()
    if template:
        (base / "chat_template.jinja").write_text(template)
    status, errors = prepare(base, tmp_path / "out")
    assert (status, error_code(errors)) == (2, code)
    assert not (tmp_path / "out").exists()


def test_a_template_that_drops_calls_though_it_names_them_is_replaced_by_ours(tiny, tmp_path, prepare):
    base = copied(tiny, tmp_path / "base")
    (base / "chat_template.jinja").write_text("{% if tools %}{% endif %}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{# tool_calls #}")
    assert prepare(base, tmp_path / "out")[0] == 0
    assert "<tool_call>" in (tmp_path / "out" / "chat_template.jinja").read_text()


def test_a_conversation_is_compared_with_the_server_before_anything_is_trained(tiny, tmp_path, prepare):
    assert prepare(copied(tiny, tmp_path / "base"), tmp_path / "out")[0] == 0
    parity = json.loads((tmp_path / "out" / "prepared.json").read_text())["parity"]
    assert parity["server"] and parity["tokens"] > parity["trained"] > 20


def test_a_tokenizer_that_the_server_would_cut_otherwise_is_refused(tiny, tmp_path):
    base = copied(tiny, tmp_path / "base")
    tokenizer = json.loads((base / "tokenizer.json").read_text())
    tokenizer["normalizer"] = {"type": "Lowercase"}  # llama.cpp's BPE has no such step
    (base / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(Unusable) as refused:
        in_server(base, AutoTokenizer.from_pretrained(base))
    assert refused.value.code == "base-parity"


def test_a_vocabulary_size_that_lags_behind_the_embedding_is_put_right(tiny, tmp_path, prepare):
    rows = json.loads((tiny / "config.json").read_text())["vocab_size"]
    base = copied(tiny, tmp_path / "base", vocab_size=rows - 7)
    assert prepare(base, tmp_path / "out")[0] == 0
    assert json.loads((tmp_path / "out" / "config.json").read_text())["vocab_size"] == rows


def test_a_tokenizer_with_more_tokens_than_the_embedding_has_rows_is_refused(tiny, tmp_path, prepare):
    base = copied(tiny, tmp_path / "base")
    arrays = load_file(base / "model.safetensors")
    arrays["model.embed_tokens.weight"] = arrays["model.embed_tokens.weight"][:-3].copy()
    save_file(arrays, base / "model.safetensors")
    status, errors = prepare(base, tmp_path / "out")
    assert (status, error_code(errors)) == (2, "base-resized")


def test_an_untied_model_without_a_head_is_refused(tiny, tmp_path, prepare):
    base = copied(tiny, tmp_path / "base", tie_word_embeddings=False)
    assert error_code(prepare(base, tmp_path / "out")[1]) == "base-unusable"


class Hub(BaseHTTPRequestHandler):
    """A hub that answers every question alike: with a status, and with the hub's own code of the error."""

    said = (404, "RepoNotFound")

    def do_GET(self):
        self.send_response(self.said[0])
        self.send_header("X-Error-Code", self.said[1])
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(("said", "code"), [((403, "GatedRepo"), "base-gated"), ((404, "RepoNotFound"), "base-missing"), (None, "hub-unreachable")])
def test_a_hub_that_wants_a_token_knows_nothing_or_is_down_is_told_apart(tmp_path, monkeypatch, said, code):
    hub = ThreadingHTTPServer(("127.0.0.1", 0), type("Answering", (Hub,), {"said": said}))
    if said:
        threading.Thread(target=hub.serve_forever, daemon=True).start()
    else:
        hub.server_close()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{hub.server_address[1]}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    status, errors = run("prepare.py", "--base", "org/base", "--out", tmp_path / "out")
    if said:
        hub.shutdown()
    assert (status, error_code(errors)) == (2, code)
