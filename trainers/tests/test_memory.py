"""Out of memory: the same job in smaller pieces, recorded, and not for ever."""

import json
import sys
from types import SimpleNamespace

import memory
import processes
import pytest
from conftest import call_row, error_code, read_events, train, train_kto


class Again(BaseException):
    """Stands for the process that takes the place of this one."""


@pytest.fixture
def tight(monkeypatch):
    """A machine on which more than so much of a parameter does not fit at once."""
    import learning
    import torch

    whole = learning.Session.train

    def limit(name: str, most: int):
        def attempt(session, trainer, progress):
            if session.job.params[name] > most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return whole(session, trainer, progress)

        def again(*_):
            raise Again

        monkeypatch.setattr(learning.Session, "train", attempt)
        monkeypatch.setattr(processes.os, "execv", again)

    return limit


def begin(job, train=train) -> int:
    """As the trainer does, process after process."""
    for _ in range(10):
        try:
            return train(job)
        except Again:
            continue
    raise AssertionError("it never ends")


def halved(out) -> list[dict]:
    return [event["after"] for event in read_events(out) if event.get("type") == "memory"]


def test_sequences_are_halved_until_they_fit_and_the_step_stays_as_large(write_job, tmp_path, tight):
    tight("packRows", 2)
    job = write_job([call_row(i) for i in range(16)], {"packRows": 8, "packTokens": 4000, "accumulate": 1, "epochs": 2})
    assert begin(job) == 0
    out = tmp_path / "out"
    assert halved(out) == [{"packRows": 4, "packTokens": 2000, "accumulate": 2}, {"packRows": 2, "packTokens": 1000, "accumulate": 4}]
    assert json.loads((out / "result.json").read_text())["steps"] == 4  # 2 x 16 rows, 8 to a step


def test_batches_of_good_and_bad_replies_are_halved_too(write_job, tmp_path, adapter, tight):
    tight("batch", 2)
    rows = [call_row(i) | {"label": i % 2 == 0} for i in range(8)]
    job = write_job(rows, kind="kto", adapter=str(adapter))
    job.write_text(json.dumps(json.loads(job.read_text()) | {"params": {"batch": 4, "learningRate": 0.001}}))
    assert begin(job, train_kto) == 0
    assert halved(tmp_path / "out") == [{"batch": 2, "accumulate": 2}]
    assert json.loads((tmp_path / "out" / "result.json").read_text())["steps"] == 2  # 8 rows, 4 to a step


def test_a_single_row_that_does_not_fit_ends_the_job_with_what_to_lower(write_job, tmp_path, tight, capfd):
    tight("packRows", 0)
    assert begin(write_job(params={"packRows": 2})) == 3
    assert error_code(capfd.readouterr().err) == "out-of-memory"
    assert json.loads((tmp_path / "out" / "memory.json").read_text()) == {"halvings": 1}


@pytest.mark.parametrize(
    ("kind", "params", "after"),
    [
        ("kto", {"loss": "kto", "batch": 2, "accumulate": 1}, None),  # that loss compares neighbours
        ("kto", {"loss": "kto", "batch": 6, "accumulate": 1}, {"batch": 3, "accumulate": 2}),
        ("dpo", {"loss": "sigmoid", "batch": 3, "accumulate": 2}, {"batch": 1, "accumulate": 6}),
        ("dpo", {"loss": "sigmoid", "batch": 1, "accumulate": 2}, None),
        ("grpo", {"atOnce": 14}, {"atOnce": 7}),
        ("grpo", {"atOnce": 7}, {"atOnce": 1}),
        ("grpo", {"atOnce": 1}, None),
    ],
)
def test_what_is_computed_at_once_gets_smaller_and_the_step_does_not(kind, params, after):
    assert memory.smaller(SimpleNamespace(kind=kind, params=params)) == after


def test_where_a_sibling_ran_out_the_first_process_begins_anew_with_all(write_job, tmp_path, monkeypatch):
    """The sibling's end breaks the exchange between the two, in words that say nothing of memory."""
    sibling = processes.subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    monkeypatch.setattr(processes, "_siblings", [sibling])
    for name, value in (("WORLD_SIZE", "2"), ("RANK", "0"), ("MASTER_PORT", "1")):
        monkeypatch.setenv(name, value)
    started = []
    monkeypatch.setattr(processes.os, "execv", lambda *argv: started.append([name for name in processes.NAMES if name in processes.os.environ]))
    job = memory.Job.read(write_job(), "sft", {"packRows": 4, "packTokens": 400, "accumulate": 2, "learningRate": 0.01})
    job.out.mkdir()

    def broken() -> int:
        raise RuntimeError("Connection closed by peer")

    with pytest.raises(MemoryError):  # where execv returns, as it does here alone
        memory.attempt(job, broken)
    assert started == [[]]  # once, and nothing left of the two processes that were
    assert halved(tmp_path / "out") == [{"packRows": 2, "packTokens": 200, "accumulate": 4}]
