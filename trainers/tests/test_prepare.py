"""Preparing a base: from a local folder, whole or not at all."""

import json

from conftest import error_code, run


def test_a_local_folder_gets_our_template(tiny, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        (source / file).write_bytes((tiny / file).read_bytes())
    (source / "chat_template.jinja").write_text("{{ messages }}")  # knows nothing of the tool list
    assert run("prepare.py", "--base", source, "--out", tmp_path / "out")[0] == 0
    prepared = json.loads((tmp_path / "out" / "prepared.json").read_text())
    assert prepared["base"] == str(source) and len(prepared["sha256"]) == 64
    assert "<tool_call>" in (tmp_path / "out" / "chat_template.jinja").read_text()


def test_what_cannot_be_used_leaves_nothing_behind(tiny, tmp_path):
    (tmp_path / "empty").mkdir()
    for base, code in ((tmp_path / "none", "base-missing"), (tmp_path / "empty", "base-unusable")):
        status, errors = run("prepare.py", "--base", base, "--out", tmp_path / "out")
        assert (status, error_code(errors)) == (2, code)
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
