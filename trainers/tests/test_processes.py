"""Two processes on one job: the curve of one process at the same global batch, one writer, stopped and resumed together."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import TRAINERS, call_row, error_code, read_events, run, start, train

# nats per token at every step. The two differ in the order in which float32 gradients are summed; where the processor has bfloat16, the
# frozen base under an adapter rounds that up (measured: equal to five digits for six steps, then within 0.002)
TOLERANCE = {"lora": 0.01, "full": 0.001}
ROWS = [call_row(i) for i in range(15)]
PARAMS = {"packRows": 1, "epochs": 3, "accumulate": 4, "learningRate": 0.005}  # 45 packs: the last step is neither full nor even


def losses(out):
    return [event["loss"] for event in read_events(out) if "step" in event]


def launch(*command, **options) -> subprocess.CompletedProcess:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, *map(str, command)], check=False, capture_output=True, text=True, env=environment, timeout=500, **options)


def curves_agree(write_job, folder, method, start_two) -> None:
    """The same rows by one process, and by two that `start_two` starts for a job file."""
    params = PARAMS | {"method": method, "learningRate": {"lora": 0.005, "full": 0.001}[method]}
    assert train(write_job(ROWS, params, out="one")) == 0
    done = start_two(params)
    assert done.returncode == 0, done.stderr[-2000:]
    one, two = losses(folder / "one"), losses(folder / "two")
    assert len(one) == 12 and one[-1] < 0.9 * one[0]
    assert two == pytest.approx(one, abs=TOLERANCE[method])
    results = [json.loads((folder / name / "result.json").read_text()) for name in ("one", "two")]
    assert results[0]["tokens"] == results[1]["tokens"] and results[1]["steps"] == 12


def test_two_processes_have_the_loss_curve_of_one(write_job, tmp_path):
    curves_agree(write_job, tmp_path, "lora", lambda params: launch(TRAINERS / "sft.py", write_job(ROWS, params | {"processes": 2}, out="two")))


def test_under_torchrun_the_same_job_file_gives_the_same_curve(write_job, tmp_path):
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", TRAINERS / "sft.py")
    curves_agree(write_job, tmp_path, "full", lambda params: launch(*torchrun, write_job(ROWS, params, out="two")))


def test_a_step_that_cannot_be_shared_is_refused_before_anything_starts(write_job):
    code, errors = run("sft.py", write_job(ROWS, {"accumulate": 3, "processes": 2}))
    assert (code, error_code(errors)) == (2, "job-wrong")


def test_told_to_stop_both_leave_with_one_checkpoint_and_go_on_together(write_job, tmp_path):
    job = write_job(ROWS, {**PARAMS, "epochs": 16, "processes": 2, "checkpointSeconds": 1000})
    out = tmp_path / "out"
    process = start("sft.py", job, start_new_session=True)
    while len(losses(out)) < 3 and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGTERM)  # as the product does: the whole group
    process.communicate(timeout=500)
    assert process.returncode == 143
    done = len(losses(out))
    assert [folder.name for folder in out.glob("checkpoint-*")] == [f"checkpoint-{done}"]
    assert launch(TRAINERS / "sft.py", job).returncode == 0
    numbers = [event["step"] for event in read_events(out) if "step" in event]
    assert numbers == list(range(1, 61))
