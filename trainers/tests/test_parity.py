"""The same conversation is the same tokens in training, in the server and in the export, and the mask covers the assistant's words alone."""

import dataclasses
import json
import subprocess
import sys
import urllib.request

import pytest
from check_base import ROWS
from conftest import READ, call_row, error_code, run, start, train
from parity import Tail, compare, post
from rows import IGNORED, difference, encode
from transformers import AutoTokenizer


@pytest.fixture(scope="module")
def student(tiny, tmp_path_factory):
    """A tiny student that knows two rows by heart, as a LoRA adapter and exported."""
    folder = tmp_path_factory.mktemp("student")
    (folder / "rows.jsonl").write_text("".join(json.dumps(call_row(i)) + "\n" for i in range(2)))
    params = {"learningRate": 0.02, "epochs": 120, "packTokens": 2000, "rank": 16}
    (folder / "job.json").write_text(json.dumps({"kind": "sft", "base": str(tiny), "rows": "rows.jsonl", "out": "out", "device": "cpu", "params": params}))
    assert train(folder / "job.json") == 0
    for kind, name in (("f16", "f16.gguf"), ("safetensors", "merged")):
        assert run("export.py", "--base", tiny, "--adapter", folder / "out" / "adapter", "--out", folder / name, "--type", kind)[0] == 0
    return folder


@pytest.fixture(scope="module")
def served(student):
    process = start("serve.py", "--model", student / "f16.gguf", "--threads", "1", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield json.loads(process.stdout.readline())["url"]
    process.stdin.close()
    assert process.wait(10) == 0


def test_training_server_and_export_make_the_same_tokens(tiny, student, served, tokenizer):
    rows = [*ROWS, call_row(3)]
    result = compare(rows, tokenizer, AutoTokenizer.from_pretrained(student / "merged"), {"f16": served})
    assert result["differences"] == [] and result["rows"] == 3 and result["tokens"] > result["trained"] > 0


def test_an_export_with_another_template_is_found(student, tokenizer):
    other = AutoTokenizer.from_pretrained(student / "merged")
    other.chat_template = other.chat_template.replace("Tools:", "Functions:")
    assert [each["where"] for each in compare([call_row(1)], tokenizer, other, {})["differences"]] == ["export"]


def test_a_server_with_another_template_is_found(tiny, served, tokenizer):
    other = AutoTokenizer.from_pretrained(tiny)
    other.chat_template = other.chat_template.replace("Tools:", "Functions:")
    assert [each["where"] for each in compare([call_row(1)], other, None, {"f16": served})["differences"]] == ["f16"]


def test_the_mask_covers_exactly_what_the_assistant_says(tokenizer):
    row = ROWS[0]
    encoded = encode(row, tokenizer)
    assert difference(row, encoded, tokenizer) is None
    trained = [i for i, label in enumerate(encoded.labels) if label != IGNORED]
    too_few = [IGNORED if i == trained[3] else label for i, label in enumerate(encoded.labels)]
    too_many = [encoded.tokens[i] if i == trained[0] - 1 else label for i, label in enumerate(encoded.labels)]
    for labels, said in ((too_few, "not trained"), (too_many, "somebody else")):
        assert said in difference(row, dataclasses.replace(encoded, labels=labels), tokenizer)


def test_an_earlier_reply_that_a_server_would_cut_otherwise_stops_training(tiny, write_job, capfd):
    """'\\n\\n' is one token in a prompt; cut where the reply begins, it is two."""
    template = tiny / "chat_template.jinja"
    before = template.read_text()
    row = {
        "id": "gap",
        "prompt": [{"role": "user", "content": "Hi"}],
        "completion": [{"role": "assistant", "content": "12 lines"}, {"role": "user", "content": "more"}, {"role": "assistant", "content": "ok"}],
        "tools": [READ],
    }
    try:
        # a prompt that ends in the middle of what the tokenizer joins
        template.write_text(before.replace("'<|im_start|>assistant\\n'", "'<|im_start|>assistant\\n' ~ 'read_f'").replace("{{ message['content'] or '' }}", "{{ 'read_file ' if message['role'] == 'assistant' }}{{ message['content'] or '' }}"))
        assert train(write_job(rows=[row])) == 2
        assert json.loads(capfd.readouterr().err.strip().splitlines()[-1])["error"]["code"] == "parity"
    finally:
        template.write_text(before)


def asked() -> dict:
    row = call_row(1)
    tools = [{"type": "function", "function": tool} for tool in row["tools"]]
    return {"messages": row["prompt"], "tools": tools, "tool_choice": "none", "temperature": 0, "max_tokens": 60}


def words(answer: dict) -> str:
    return answer["choices"][0]["message"]["content"]


@pytest.mark.parametrize("weights", ["adapter", "merged"])
def test_the_reference_answers_as_the_exported_file_does(tiny, student, served, weights):
    from reference import Student

    reference = Student(tiny, student / "out" / "adapter", 1) if weights == "adapter" else Student(student / "merged", None, 1)
    said = words(reference.answer(asked()))
    assert said == words(post(f"{served}/v1/chat/completions", asked())) and '"notes/b.txt"' in said


def test_the_reference_is_a_server_like_the_other(tiny, student):
    args = ["--model", tiny, "--adapter", student / "out" / "adapter", "--threads", "1", "--slots", "4", "--context", "8192"]
    process = start("reference.py", *args, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    url = json.loads(process.stdout.readline())["url"]
    assert '"notes/b.txt"' in words(post(f"{url}/v1/chat/completions", asked()))
    with urllib.request.urlopen(f"{url}/health", timeout=10) as answer:
        assert answer.status == 200
    process.stdin.close()
    assert process.wait(10) == 0


def test_a_file_stands_alone_and_llama_reads_its_calls_and_one_that_does_not_load_is_told_by_name(tiny, student, tmp_path):
    (tmp_path / "rows.jsonl").write_text(json.dumps(call_row(1)) + "\n")
    (tmp_path / "broken.gguf").write_bytes((student / "f16.gguf").read_bytes()[:20_000])
    compared = ["parity.py", "--base", tiny, "--rows", tmp_path / "rows.jsonl", "--export", student / "merged", "--out", tmp_path / "parity.json"]
    assert run(*compared, "--gguf", f"f16={student / 'f16.gguf'}")[0] == 0
    parity = json.loads((tmp_path / "parity.json").read_text())
    assert parity["differences"] == [] and parity["calls"] == {"f16": {"asked": 1, "called": 1}}
    status, errors = run(*compared, "--gguf", f"q8_0={tmp_path / 'broken.gguf'}")
    assert (status, error_code(errors)) == (2, "gguf-unusable") and "broken.gguf" in errors


def test_a_log_with_pieces_of_characters_is_read_to_its_end():
    noise = "import sys; sys.stderr.buffer.write(b'\\xcd cut\\n' * 100_000); print('done')"
    with subprocess.Popen([sys.executable, "-c", noise], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace") as child:
        log = Tail(child.stderr)
        assert child.stdout.readline() == "done\n"  # a pipe that nobody reads holds 64 kB
    assert "cut" in log.last()
