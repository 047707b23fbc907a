"""Learn which of two replies to one request is better:  python dpo.py runs/0003/round-02/train/job.json

A row is one of rows.py whose completion is the better reply, one assistant turn, with `rejected`, the worse one. The job's `adapter` is
where learning goes on and, frozen, the reference that it must not leave far behind.

Writes, resumes and exits as sft.py does.
"""

import math
import os
import sys
from pathlib import Path

from job import Job, Refused, Stop, run

DEFAULTS = {
    "loss": "sigmoid",  # or ipo, or apo_zero, which also holds the better reply up
    "beta": 0.1,  # how dear it is to leave the reference
    "learningRate": 5e-5,
    "rateFactor": 1.0,  # the loop's, where a round gained nothing
    "warmup": 0.1,  # share of the steps
    "schedule": "cosine",  # or linear, constant
    "weightDecay": 0.0,
    "epochs": 1,
    "batch": 2,  # pairs to a step
    "accumulate": 1,
    "maxTokens": 1024,  # longest row kept, prompt and either reply; longer ones are dropped, never cut
    "maxGradNorm": 1.0,
    "checkpointSeconds": 60.0,
    "trackers": [],
}
LOSSES = ("sigmoid", "ipo", "apo_zero")


def main() -> int:
    if len(sys.argv) != 2:
        raise Refused("usage", "Give one job file: python dpo.py job.json")
    return train(Path(sys.argv[1]))


def train(file: Path) -> int:
    job = Job.read(file, "dpo", DEFAULTS)
    if job.finished:
        return 0
    if job.adapter is None or not (job.adapter / "adapter_config.json").exists():
        raise Refused("job-wrong", "DPO goes on from a LoRA adapter: `adapter` is missing, or is none.")
    if job.params["loss"] not in LOSSES:
        raise Refused("job-wrong", f"params.loss is `{job.params['loss']}`; it is {', '.join(LOSSES)}.")
    if job.params["batch"] < 1:
        raise Refused("job-wrong", "params.batch is 0; a step needs a pair.")
    lock = job.lock()  # noqa: F841  held until this process ends
    rows = job.read_rows()
    stop = Stop()  # before the slow imports: an order may come while they last

    from learning import Session
    from transformers import AutoTokenizer

    session = Session(job, stop)
    tokenizer = AutoTokenizer.from_pretrained(job.base)
    trainer, progress = build_trainer(job, preflight(job, rows, tokenizer), tokenizer, session)
    return session.train(trainer, progress)


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
    from datasets import Dataset
    from peft import PeftModel
    from trl import DPOConfig, DPOTrainer

    params = job.params

    class EncodedTrainer(DPOTrainer):
        """Takes pairs that are tokenised already, cut where the assistant begins, as SFT and the server do."""

        def _prepare_dataset(self, dataset, *args, **kwargs):
            return dataset

        def create_model_card(self, *args, **kwargs):  # the product writes its own, with evidence
            pass

    size, epochs = params["batch"], int(params["epochs"])
    length = lambda row: 2 * len(row["prompt_ids"]) + len(row["chosen_ids"]) + len(row["rejected_ids"])
    tokens = [sum(map(length, rows[start : start + size])) for start in range(0, len(rows), size)]
    steps = math.ceil(len(tokens) / params["accumulate"]) * epochs
    progress = session.progress(tokens * epochs, steps)
    base = session.model(job.base, frozen=True, attention="sdpa")
    trainer = EncodedTrainer(
        model=PeftModel.from_pretrained(base, str(job.adapter), is_trainable=True),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(rows),
        callbacks=[progress],
        args=DPOConfig(
            **session.arguments(steps),
            loss_type=[params["loss"]],
            beta=params["beta"],
            precompute_ref_log_probs=True,
            per_device_train_batch_size=size,
            num_train_epochs=epochs,
            max_length=None,
        ),
    )
    return trainer, progress


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(run(main))
