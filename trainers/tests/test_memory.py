"""Out of memory: the same job in smaller sequences, recorded, and not for ever."""

import json

import pytest
from conftest import call_row, error_code, read_events, train


class Again(BaseException):
    """Stands for the process that takes the place of this one."""


@pytest.fixture
def tight(monkeypatch):
    """A machine on which sequences of more than so many rows do not fit."""
    import learning
    import sft
    import torch

    whole = learning.Session.train

    def limit(rows: int):
        def attempt(session, trainer, progress):
            if session.job.params["packRows"] > rows:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return whole(session, trainer, progress)

        def again(*_):
            raise Again

        monkeypatch.setattr(learning.Session, "train", attempt)
        monkeypatch.setattr(sft.os, "execv", again)

    return limit


def begin(job) -> int:
    """As the trainer does, process after process."""
    for _ in range(10):
        try:
            return train(job)
        except Again:
            continue
    raise AssertionError("it never ends")


def test_sequences_are_halved_until_they_fit_and_the_step_stays_as_large(write_job, tmp_path, tight):
    tight(2)
    job = write_job([call_row(i) for i in range(16)], {"packRows": 8, "packTokens": 4000, "accumulate": 1, "epochs": 2})
    assert begin(job) == 0
    out = tmp_path / "out"
    told = [event for event in read_events(out) if event.get("type") == "memory"]
    assert [event["after"] for event in told] == [{"packRows": 4, "packTokens": 2000, "accumulate": 2}, {"packRows": 2, "packTokens": 1000, "accumulate": 4}]
    assert json.loads((out / "result.json").read_text())["steps"] == 4  # 2 x 16 rows, 8 to a step


def test_a_single_row_that_does_not_fit_ends_the_job_with_what_to_lower(write_job, tmp_path, tight, capfd):
    tight(0)
    assert begin(write_job(params={"packRows": 2})) == 3
    assert error_code(capfd.readouterr().err) == "out-of-memory"
    assert json.loads((tmp_path / "out" / "memory.json").read_text()) == {"halvings": 1}
