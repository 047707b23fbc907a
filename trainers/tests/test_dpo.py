"""Real DPO of a tiny model from a real SFT adapter: it learns which of two replies is better, and refuses what teaches nothing."""

import json

import pytest
from conftest import call_row, error_code, read_events

ASKS = [{"role": "assistant", "content": "Which file should I read?"}]


def pairs(count: int = 8) -> list[dict]:
    return [{**call_row(i), "rejected": ASKS} for i in range(count)]


def train_dpo(job) -> int:
    import dpo
    import job as job_module

    return job_module.run(lambda: dpo.train(job))


@pytest.fixture
def dpo_job(write_job, adapter):
    """A DPO job on top of a trained adapter."""

    def write(rows=None, params=None, **fields):
        job = write_job(pairs() if rows is None else rows, kind="dpo", adapter=str(adapter), **fields)
        text = json.loads(job.read_text())
        job.write_text(json.dumps({**text, "params": {"learningRate": 0.005, "epochs": 2} | (params or {})}))
        return job

    return write


@pytest.mark.parametrize("loss", ["sigmoid", "apo_zero"])
def test_it_learns_which_reply_is_better(dpo_job, tmp_path, loss):
    assert train_dpo(dpo_job(params={"loss": loss})) == 0
    preflight, *steps = read_events(tmp_path / "out")
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert preflight["rows"] == 16  # both replies of eight pairs
    assert [event["step"] for event in steps] == list(range(1, 9)) and result["steps"] == 8
    assert steps[-1]["margin"] > steps[0]["margin"] + 0.02
    assert steps[-1]["rewardGood"] > steps[-1]["rewardBad"]
    assert {path.name for path in (tmp_path / "out" / "adapter").iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}


def test_the_good_replies_own_loss_counts_by_its_weight(dpo_job, tmp_path):
    first = []
    for weight in (0.0, 1.0, 2.0):
        assert train_dpo(dpo_job(params={"epochs": 1, "sftWeight": weight}, out=f"by-{weight}")) == 0
        first.append(next(event["loss"] for event in read_events(tmp_path / f"by-{weight}") if "step" in event))
    none, once, twice = first
    assert once > none + 0.01 and twice - none == pytest.approx(2 * (once - none), rel=1e-3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda row: {key: value for key, value in row.items() if key != "rejected"}, "`rejected` of a DPO row"),
        (lambda row: {**row, "rejected": row["completion"]}, "both replies are the same"),
        (lambda row: {**row, "completion": row["completion"] * 2}, "`completion` of a DPO row"),
    ],
)
def test_pairs_that_teach_nothing_are_refused(dpo_job, change, says, capsys):
    code, errors = train_dpo(dpo_job([change(row) for row in pairs()])), capsys.readouterr().err
    assert code == 2 and error_code(errors) == "rows-wrong" and says in errors


@pytest.mark.parametrize(("fields", "params", "says"), [({"adapter": None}, {}, "LoRA adapter"), ({}, {"loss": "kto"}, "params.loss")])
def test_jobs_that_cannot_work_are_refused(dpo_job, fields, params, says, capsys):
    job = dpo_job(params=params)
    job.write_text(json.dumps({**json.loads(job.read_text()), **fields}))
    code, errors = train_dpo(job), capsys.readouterr().err
    assert code == 2 and error_code(errors) == "job-wrong" and says in errors
