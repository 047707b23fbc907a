"""Real training of a tiny model: it learns, stops, comes back and fails as promised."""

import json
import os
import resource
import signal
import time

import pytest
from conftest import error_code, read_events, start, train
from job import Job


def steps(out):
    return [event for event in read_events(out) if "step" in event]


@pytest.mark.parametrize("method", ["lora", "full"])
def test_it_learns(write_job, tmp_path, method):
    assert train(write_job(params={"method": method, "epochs": 8, "learningRate": 0.01 if method == "lora" else 0.003})) == 0
    out = tmp_path / "out"
    result = json.loads((out / "result.json").read_text())
    preflight, *events = read_events(out)
    assert preflight["type"] == "preflight" and preflight["rows"] == 16
    assert [event["step"] for event in events] == list(range(1, result["steps"] + 1))
    assert result["finalLoss"] < 0.7 * events[0]["loss"]
    assert (out / "adapter" / ("adapter_config.json" if method == "lora" else "model.safetensors")).exists()
    assert not list(out.glob("checkpoint-*"))
    assert {"tokens", "tokensPerSecond", "etaSeconds", "gradNorm", "learningRate"} <= set(events[-1])
    assert 0 < events[-1]["mfu"] < 1 and events[-1]["peakMemoryGb"] > 0.1


def test_it_goes_on_from_an_adapter(write_job, tmp_path):
    assert train(write_job(params={"epochs": 6})) == 0
    before = json.loads((tmp_path / "out" / "result.json").read_text())
    assert train(write_job(adapter=before["adapter"], out="second")) == 0
    assert steps(tmp_path / "second")[0]["loss"] < steps(tmp_path / "out")[0]["loss"] - 0.3


def test_the_rate_falls_with_the_rows_that_the_adapter_has_learned(write_job, tmp_path):
    peak = lambda out: max(event["learningRate"] for event in steps(tmp_path / out))
    quick = {"learningRate": 0.01, "warmup": 0.0, "schedule": "constant", "halfRateRows": 100}
    assert train(write_job(params=quick)) == 0
    adapter = json.loads((tmp_path / "out" / "result.json").read_text())["adapter"]
    assert train(write_job(adapter=adapter, out="second", params=quick | {"learnedRows": 300})) == 0
    assert train(write_job(adapter=adapter, out="kept", params=quick | {"learnedRows": 300, "halfRateRows": 0})) == 0
    assert [peak(out) for out in ("out", "second", "kept")] == pytest.approx([0.01, 0.0025, 0.01])


def test_it_goes_on_after_a_stop_with_the_step_that_follows(write_job, tmp_path, monkeypatch):
    tell = Job.event

    def told_at_the_third_step(job, event):
        tell(job, event)
        if event.get("step") == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    job, out = write_job(params={"epochs": 3, "checkpointSeconds": 1000}), tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(Job, "event", told_at_the_third_step)
        assert train(job) == 143 and not (out / "result.json").exists()
    assert train(job) == 0
    assert [event["step"] for event in steps(out)] == list(range(1, 13))


def test_it_goes_on_from_its_last_checkpoint_after_it_was_killed(write_job, tmp_path):
    job, out = write_job(params={"epochs": 25, "checkpointSeconds": 0.1}), tmp_path / "out"
    process = start("sft.py", job)
    while not list(out.glob("checkpoint-*/trainer_state.json")) and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -9 and not (out / "result.json").exists()
    done = len(steps(out))
    assert train(job) == 0
    numbers = [event["step"] for event in steps(out)]
    assert numbers[done] > 1 and numbers[-1] == 100  # not from the beginning, and to the end


def test_a_loss_that_is_no_number_ends_it(write_job, tmp_path, capfd):
    params = {"method": "full", "learningRate": 1e30, "warmup": 0.0, "epochs": 5, "maxGradNorm": 1e9}
    assert train(write_job(params=params)) == 4
    assert error_code(capfd.readouterr().err) == "diverged"
    assert not (tmp_path / "out" / "adapter").exists()


def test_a_full_disk_keeps_the_last_adapter(write_job, tmp_path, capsys):
    """A small file-size limit stands in for the full disk: both fail while weights are written."""
    job = write_job(params={"method": "full"})
    (tmp_path / "out" / "adapter").mkdir(parents=True)
    (tmp_path / "out" / "adapter" / "good").write_text("1")

    handler, (soft, hard) = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
        code = train(job)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert (code, error_code(capsys.readouterr().err)) == (5, "disk-full")
    assert (tmp_path / "out" / "adapter" / "good").exists()
