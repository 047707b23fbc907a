import contextlib
import importlib
import io
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

TRAINERS = Path(__file__).parent.parent
sys.path[:0] = [str(TRAINERS), str(TRAINERS / "tests")]

from tiny import make_tiny

READ = {
    "name": "read_file",
    "description": "Read a file. More words.",
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}, "head": {"type": "integer"}}, "required": ["path"]},
}
WRITE = {
    "name": "write_file",
    "description": "Write a file",
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}, "content": {"type": "string"}}, "required": ["path", "content"]},
}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tokenizer(tiny):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny)


def call_row(i: int) -> dict:
    call = {"id": "c1", "name": "read_file", "arguments": {"path": f"notes/{'abcdefgh'[i % 8]}.txt", "head": 10 + i}}
    return {
        "id": f"row-{i}",
        "prompt": [{"role": "user", "content": f"Show me the first {10 + i} lines of {call['arguments']['path']}"}],
        "completion": [{"role": "assistant", "content": "", "toolCalls": [call]}],
        "tools": [READ, WRITE],
    }


def write_in(folder: Path, base: Path, /, rows=None, params=None, **fields) -> Path:
    """Writes job.json and its rows into a folder, and returns its path."""
    rows = [call_row(i) for i in range(16)] if rows is None else rows
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    defaults = {"learningRate": 0.01, "packTokens": 400, "packRows": 4}
    job = {"kind": "sft", "base": str(base), "rows": "rows.jsonl", "out": "out", "seed": 3, "device": "cpu", "params": defaults | (params or {}), **fields}
    (folder / "job.json").write_text(json.dumps(job))
    return folder / "job.json"


@pytest.fixture
def write_job(tmp_path, tiny):
    return partial(write_in, tmp_path, tiny)


@pytest.fixture(scope="session")
def adapter(tiny, tmp_path_factory) -> Path:
    """A LoRA adapter from a short SFT: what jobs of the other kinds go on from. They leave it as it is."""
    job = write_in(tmp_path_factory.mktemp("sft"), tiny, params={"epochs": 2})
    assert train(job) == 0
    return job.parent / "out" / "adapter"


def start(script: str, *args, **options) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, str(TRAINERS / script), *map(str, args)], stderr=subprocess.PIPE, text=True, **options)


HERE = ("export.py", "parity.py")  # they need no process of their own, and their imports take seconds


def run(script: str, *args) -> tuple[int, str]:
    """A script from its beginning to its end: the exit code, and what it says on stderr."""
    if script in HERE:
        said, module = io.StringIO(), importlib.import_module(script.removesuffix(".py"))
        with mock.patch.object(sys, "argv", [script, *map(str, args)]), contextlib.redirect_stderr(said):
            return module.main(), said.getvalue()
    process = start(script, *args, stdout=subprocess.DEVNULL)
    _, errors = process.communicate(timeout=120)
    return process.returncode, errors


def train(job: Path) -> int:
    """In this process, which has paid for the imports already; what the trainer says on stderr, pytest's capsys has."""
    import job as job_module
    import sft

    return job_module.run(lambda: sft.train(job))


def train_kto(job: Path) -> int:
    import job as job_module
    import kto

    return job_module.run(lambda: kto.train(job))


@pytest.fixture
def prepare(monkeypatch, capsys):
    """prepare.py in this process: its exit code, and what it says on stderr."""
    import prepare as script

    def call(base: Path, out: Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["prepare.py", "--base", str(base), "--out", str(out)])
        capsys.readouterr()
        return script.main(), capsys.readouterr().err

    return call


def read_events(out: Path) -> list[dict]:
    file = out / "events.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def error_code(errors: str) -> str:
    return json.loads(errors.strip().splitlines()[-1])["error"]["code"]
