"""A trained tiny student, exported and served: template and tokens as in training, and calls that llama.cpp parses."""

import json
import os
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest
from conftest import READ, WRITE, call_row, run, start, train

CATALOG = json.loads((Path(__file__).parent / "filesystem.json").read_text())
TOOLS = [{"type": "function", "function": {"name": tool["name"], "description": tool["description"], "parameters": tool["inputSchema"]}} for tool in CATALOG]


@pytest.fixture(scope="module")
def server(tiny, tmp_path_factory):
    """The tiny model, trained until it knows its rows by heart."""
    folder = tmp_path_factory.mktemp("serve")
    rows = [call_row(i) for i in range(4)] + [two_calls()]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    params = {"method": "full", "learningRate": 0.004, "epochs": 150, "packTokens": 2000}
    (folder / "job.json").write_text(json.dumps({"kind": "sft", "base": str(tiny), "rows": "rows.jsonl", "out": "out", "device": "cpu", "params": params}))
    assert train(folder / "job.json") == 0
    assert run("export.py", "--base", tiny, "--adapter", folder / "out" / "adapter", "--out", folder / "student.gguf")[0] == 0
    process = start("serve.py", "--model", folder / "student.gguf", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    url = json.loads(process.stdout.readline())["url"]
    yield url
    process.stdin.close()
    assert process.wait(10) == 0


def two_calls() -> dict:
    calls = [
        {"id": f"c{i}", "name": name, "arguments": {"path": path} | more}
        for i, (name, path, more) in enumerate([("read_file", "a.txt", {}), ("write_file", "b.txt", {"content": 'say "hi"'})])
    ]
    return {
        "id": "two",
        "prompt": [{"role": "user", "content": "Do both."}],
        "completion": [{"role": "assistant", "content": "", "toolCalls": calls}],
        "tools": [READ, WRITE],
    }


def post(url: str, body: dict) -> dict:
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}), timeout=60) as answer:
        return json.load(answer)


@pytest.mark.parametrize("row", [call_row(2), two_calls()], ids=["one", "several"])
def test_trained_calls_come_back_parsed(server, row):
    tools = [{"type": "function", "function": tool} for tool in row["tools"]]
    reply = post(f"{server}/v1/chat/completions", {"messages": row["prompt"], "tools": tools, "temperature": 0, "max_tokens": 120})
    got = [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in reply["choices"][0]["message"]["tool_calls"]]
    assert got == [(call["name"], call["arguments"]) for call in row["completion"][0]["toolCalls"]]


ODD_TOOLS = [
    {"type": "function", "function": {"name": "odd", "description": "", "parameters": {"type": "object", "$defs": {"x": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/x"}, "b": {"anyOf": [{"type": "string"}]}, "c": {"type": "object"}, "d": {"enum": [1, "x"]}, "e": {}}}}},
    {"type": "function", "function": {"name": "bare", "description": "First line\nsecond", "parameters": {}}},
]  # fmt: skip


@pytest.mark.parametrize("tools", [TOOLS, ODD_TOOLS, TOOLS[:1], None], ids=["catalogue", "odd", "one", "none"])
def test_the_server_renders_what_training_rendered(server, tokenizer, tools):
    arguments = {"path": 'a é "x" <b>&\'', "head": 3, "more": [1.5, True, None, {"b": []}]}
    call = lambda i, as_text: {
        "id": f"{i}",
        "type": "function",
        "function": {"name": "read_file", "arguments": json.dumps(arguments, ensure_ascii=False) if as_text else arguments},
    }
    turns = lambda as_text: [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Read a/b1.txt 23\n\n  12"},
        {"role": "assistant", "content": "", "tool_calls": [call(1, as_text), call(2, as_text)]},
        {"role": "tool", "tool_call_id": "1", "content": "one"},
        {"role": "tool", "tool_call_id": "2", "content": "two"},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": "thanks"},
    ]
    body = {"messages": turns(True)} | ({"tools": tools} if tools else {})
    served = post(f"{server}/apply-template", body)["prompt"]
    assert served == tokenizer.apply_chat_template(turns(False), tools=tools, tokenize=False, add_generation_prompt=True)


def test_signatures_are_compact(tokenizer):
    text = tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], tools=TOOLS + ODD_TOOLS, tokenize=False)
    assert "edit_file(path: str, edits: {oldText: str, newText: str}[], dryRun?: bool) Make line-based edits to a text file.\n" in text
    assert "sortBy?: name|size" in text and "list_allowed_directories() Returns" in text
    assert "odd(a?: any, b?: any, c?: object, d?: 1|x, e?: any)\n" in text and "bare() First line.\n" in text


def test_the_server_cuts_text_into_the_same_tokens(server, tokenizer):
    for text in ('{"n":  12}\n   345 a1b2c3', "2024-03-02 \t\n12", "über 12€ 日本 3", "<|im_start|>user\nx<|im_end|>"):
        assert post(f"{server}/tokenize", {"content": text, "parse_special": True})["tokens"] == tokenizer(text, add_special_tokens=False)["input_ids"]


def test_items_that_share_a_header_reuse_it(server):
    tools = [{"type": "function", "function": tool} for tool in (READ, WRITE)]
    ask = lambda text: post(f"{server}/v1/chat/completions", {"messages": [{"role": "user", "content": text}], "tools": tools, "max_tokens": 1})
    ask("one")
    assert ask("two")["timings"]["cache_n"] > 40


def test_the_server_ends_on_sigterm_and_refuses_what_is_no_model(tiny, tmp_path):
    assert run("serve.py", "--model", tmp_path / "none.gguf")[0] == 2
    (tmp_path / "bad.gguf").write_text("no")
    assert run("serve.py", "--model", tmp_path / "bad.gguf")[0] == 2
    assert run("export.py", "--base", tiny, "--out", tmp_path / "base.gguf", "--type", "f16")[0] == 0
    process = start("serve.py", "--model", tmp_path / "base.gguf", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(5) == 0
