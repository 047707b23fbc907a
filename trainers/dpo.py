"""Learn which of two replies to one request is better:  python dpo.py runs/0003/round-02/train/job.json

A row is one of rows.py whose completion is the better reply, one assistant turn, with `rejected`, the worse one. The job's `adapter` is
where learning goes on and, frozen, the reference that it must not leave far behind.

Writes, resumes and exits as sft.py does.
"""

import os
import sys
from pathlib import Path

import preference
import processes
from job import Job, Refused, run

DEFAULTS = {
    "loss": "sigmoid",  # or ipo, or apo_zero, which also holds the better reply up
    "batch": 2,  # pairs to a step
}
LOSSES = ("sigmoid", "ipo", "apo_zero")


def main() -> int:
    if len(sys.argv) != 2:
        raise Refused("usage", "Give one job file: python dpo.py job.json")
    return train(Path(sys.argv[1]))


def train(file: Path) -> int:
    return preference.train(file, "dpo", DEFAULTS, LOSSES, check, preflight, build_trainer)


def check(job: Job) -> None:
    if job.params["batch"] < 1:
        raise Refused("job-wrong", "params.batch is 0; a step needs a pair.")


def preflight(job: Job, rows: list[dict], tokenizer) -> list[dict]:
    """The pairs in tokens. Refuses completions of more than one turn, and replies that do not differ."""
    from learning import encode_rows

    both = []
    for number, row in enumerate(rows, 1):
        for key in ("completion", "rejected"):
            turns = row.get(key) if isinstance(row, dict) else None
            if not isinstance(turns, list) or len(turns) != 1:
                raise Refused("rows-wrong", f"Row {number}: `{key}` of a DPO row is one assistant turn.")
            both.append({**row, "id": f"{number} {key}", "completion": turns})
    encoded = {row.id: row for row in encode_rows(job, both, tokenizer)}
    kept = []
    for number in range(1, len(rows) + 1):
        good, bad = (encoded.get(f"{number} {key}") for key in ("completion", "rejected"))
        if good is None or bad is None:
            continue
        if good.trained == bad.trained:
            raise Refused("rows-wrong", f"Row {number}: both replies are the same.")
        kept.append({"prompt_ids": good.tokens[: good.prompt_length], "chosen_ids": good.trained, "rejected_ids": bad.trained})
    if not kept:
        raise Refused("no-rows", f"None of {len(rows)} pairs is left: of each, one reply is longer than params.maxTokens.")
    return kept


def build_trainer(job: Job, rows: list[dict], tokenizer, session):
    from trl import DPOConfig, DPOTrainer

    class EncodedTrainer(preference.Encoded, DPOTrainer):
        pass

    sft = ["sft"] if job.params["sftWeight"] else []

    return preference.build_trainer(
        job,
        rows,
        tokenizer,
        session,
        EncodedTrainer,
        DPOConfig,
        length=lambda row: 2 * len(row["prompt_ids"]) + len(row["chosen_ids"]) + len(row["rejected_ids"]),
        loss_type=[job.params["loss"], *sft],
        loss_weights=[1.0, *(job.params["sftWeight"] for _ in sft)],
    )


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    processes.leave(run(main))
