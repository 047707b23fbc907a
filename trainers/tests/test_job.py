"""A wrong job is refused before torch is imported, with one line that says what to do."""

import fcntl
import json

import pytest
from conftest import call_row, error_code, read_events, run, train


@pytest.fixture
def without_torch(tmp_path, monkeypatch):
    """A Python in which the slow imports fail: who is refused before them never notices."""
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    for name in ("torch", "transformers", "trl"):
        (shadow / f"{name}.py").write_text(f"raise ImportError('{name} was imported')")
    monkeypatch.setenv("PYTHONPATH", str(shadow))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kinds": "sft"}, "Did you mean `kind`"),
        ({"params": {"learningrate": 1}}, "Did you mean `learningRate`"),
        ({"params": {"epochs": "two"}}, "params.epochs"),
        ({"params": {"learningRate": -1}}, "params.learningRate"),
        ({"base": "nowhere"}, "base: there is no"),
        ({"adapter": "nowhere"}, "adapter: there is no"),
        ({"kind": "kto"}, "this trainer does `sft`"),
        ({"device": "tpu"}, "auto, cpu, cuda"),
    ],
)
def test_wrong_jobs_are_refused_before_the_slow_imports(write_job, without_torch, change, says):
    status, errors = run("sft.py", write_job(**change))
    assert (status, error_code(errors)) == (2, "job-wrong")
    assert says in errors and "Traceback" not in errors


def test_a_missing_or_broken_file_is_refused(tmp_path):
    assert run("sft.py", tmp_path / "none.json")[0] == 2
    (tmp_path / "job.json").write_text("{")
    status, errors = run("sft.py", tmp_path / "job.json")
    assert (status, error_code(errors)) == (2, "job-wrong")


def test_a_second_trainer_leaves(write_job, tmp_path):
    job = write_job()
    (tmp_path / "out").mkdir()
    with open(tmp_path / "out" / "lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        status, errors = run("sft.py", job)
    assert (status, error_code(errors)) == (75, "job-locked")


def test_a_finished_job_is_not_run_again(write_job, tmp_path):
    job = write_job()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "result.json").write_text("{}")
    assert run("sft.py", job) == (0, "")
    assert read_events(tmp_path / "out") == []


def test_rows_that_cannot_be_trained_on_are_refused(write_job, capsys):
    silent = call_row(0) | {"completion": [{"role": "user", "content": "hm"}]}
    for rows, params, code in (([silent], {}, "rows-wrong"), ([call_row(0)], {"maxTokens": 5}, "no-rows")):
        assert train(write_job(rows, params)) == 2
        assert error_code(capsys.readouterr().err) == code


def test_a_torn_last_line_is_dropped(write_job, tmp_path):
    from job import Job
    from sft import DEFAULTS

    job = write_job()
    with open(tmp_path / "rows.jsonl", "a") as file:
        file.write('{"id": "to')
    assert len(Job.read(job, "sft", DEFAULTS).read_rows()) == 16


def test_causes_are_found_behind_wrappers():
    from job import DISK, MEMORY, diagnose

    def wrapped(cause):
        try:
            raise RuntimeError("could not save") from cause
        except RuntimeError as error:
            return error

    assert diagnose(wrapped(OSError(28, "No space left on device")))[0] == DISK
    assert diagnose(wrapped(MemoryError()))[0] == MEMORY
    assert diagnose(ValueError("else"))[0] is None
    json.dumps(diagnose(wrapped(MemoryError())))
