"""Real KTO of a tiny model from a real SFT adapter: it learns which reply is better, and refuses what it cannot learn from."""

import json
import os
import signal

import pytest
from conftest import call_row, error_code, read_events, train, train_kto


def rows_of(count: int = 8) -> list[dict]:
    """Good and bad in turn, the bad ones half the set away."""
    good = [{**call_row(i), "id": f"{i}#good", "label": True} for i in range(count)]
    asks = [{"role": "assistant", "content": "Which file should I read?"}]
    bad = [{**call_row(i), "id": f"{i}#bad", "completion": asks, "label": False} for i in range(count)]
    return [row for i in range(count) for row in (good[i], bad[(i + count // 2) % count])]


@pytest.fixture
def kto_job(write_job, adapter):
    """A KTO job on top of a trained adapter."""

    def write(rows=None, params=None, **fields):
        defaults = {"learningRate": 0.005, "epochs": 4}
        job = write_job(rows_of() if rows is None else rows, kind="kto", adapter=str(adapter), **fields)
        text = json.loads(job.read_text())
        job.write_text(json.dumps({**text, "params": defaults | (params or {})}))
        return job

    return write


@pytest.mark.parametrize("loss", ["apo_zero_unpaired", "kto"])
def test_it_learns_which_reply_is_better(kto_job, tmp_path, loss):
    assert train_kto(kto_job(params={"loss": loss})) == 0
    out = tmp_path / "out"
    result = json.loads((out / "result.json").read_text())
    preflight, *steps = read_events(out)
    assert preflight["rows"] == 16
    assert [event["step"] for event in steps] == list(range(1, 17)) and result["steps"] == 16
    assert steps[-1]["margin"] > steps[0]["margin"] + 0.1
    assert steps[-1]["rewardGood"] > steps[-1]["rewardBad"]
    assert result["tokens"] == sum(event["tokens"] for event in steps[-1:]) > 0


@pytest.mark.parametrize("loss", ["apo_zero_unpaired", "kto"])
def test_the_good_replies_own_loss_counts_by_its_weight(kto_job, tmp_path, loss):
    first = []
    for weight in (0.0, 1.0, 2.0):
        assert train_kto(kto_job(params={"loss": loss, "epochs": 1, "sftWeight": weight}, out=f"by-{weight}")) == 0
        first.append(next(event["loss"] for event in read_events(tmp_path / f"by-{weight}") if "step" in event))
    none, once, twice = first
    assert once > none + 0.01
    assert twice - none == pytest.approx(2 * (once - none), rel=1e-3)


def test_its_adapter_is_one_and_fits_the_base(kto_job, tmp_path):
    assert train_kto(kto_job(params={"epochs": 1})) == 0
    assert {path.name for path in (tmp_path / "out" / "adapter").iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}
    assert train(kto_job_as_sft(tmp_path)) == 0  # SFT goes on from it


def kto_job_as_sft(tmp_path):
    job = json.loads((tmp_path / "job.json").read_text())
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(call_row(i)) + "\n" for i in range(8)))
    job = {**job, "kind": "sft", "adapter": "out/adapter", "out": "again", "params": {"packTokens": 400}}
    (tmp_path / "again.json").write_text(json.dumps(job))
    return tmp_path / "again.json"


def test_it_resumes_after_a_stop(kto_job, tmp_path, monkeypatch):
    from job import Job

    tell = Job.event

    def told_at_the_third_step(job, event):
        tell(job, event)
        if event.get("step") == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    job, out = kto_job(params={"epochs": 3}), tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(Job, "event", told_at_the_third_step)
        assert train_kto(job) == 143 and not (out / "result.json").exists()
    assert len(list(out.glob("checkpoint-*"))) == 1
    assert train_kto(job) == 0
    assert [event["step"] for event in read_events(out) if "step" in event] == list(range(1, 13))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: [row for row in rows if row["label"]], "KTO needs good and bad"),
        (lambda rows: [{**row, "label": "yes"} for row in rows], "a label is true or false"),
        (lambda rows: [{**row, "completion": row["completion"] * 2} for row in rows], "one assistant turn"),
    ],
)
def test_rows_that_teach_no_preference_are_refused(kto_job, change, says, capsys):
    code, errors = train_kto(kto_job(change(rows_of()))), capsys.readouterr().err
    assert code == 2 and error_code(errors) == "rows-wrong" and says in errors


@pytest.mark.parametrize(
    ("fields", "params", "says"),
    [({"adapter": None}, {}, "LoRA adapter"), ({}, {"loss": "ipo"}, "params.loss"), ({}, {"loss": "kto", "batch": 1}, "needs two")],
)
def test_jobs_that_cannot_work_are_refused(kto_job, fields, params, says, capsys):
    job = kto_job(params=params)
    job.write_text(json.dumps({**json.loads(job.read_text()), **fields}))
    code, errors = train_kto(job), capsys.readouterr().err
    assert code == 2 and error_code(errors) == "job-wrong" and says in errors
