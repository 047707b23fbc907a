"""Learn judgement from good and bad replies to the same requests:  python kto.py runs/0003/round-02/train/job.json

A row is one of rows.py with `label`: true for a reply to give, false for one to unlearn; its completion is one assistant turn.
Their order is kept: the KL term pairs each prompt with its neighbour's reply, so who writes the file keeps both labels of one
prompt apart. The job's `adapter` is where learning goes on and, frozen, the reference that it must not leave far behind.

Writes, resumes and exits as sft.py does.
"""

import math
import os
import sys
from pathlib import Path

from job import Job, Refused, Stop, run

DEFAULTS = {
    "loss": "apo_zero_unpaired",  # or kto, which needs batches of two and more, and twice the time for its KL term
    "beta": 0.1,  # how dear it is to leave the reference
    "desirableWeight": 1.0,
    "undesirableWeight": 1.0,
    "learningRate": 5e-5,
    "rateFactor": 1.0,  # the loop's, where a round gained nothing
    "warmup": 0.1,  # share of the steps
    "schedule": "cosine",  # or linear, constant
    "weightDecay": 0.0,
    "epochs": 1,
    "batch": 4,  # rows to a step
    "accumulate": 1,
    "maxTokens": 1024,  # longest row kept, prompt and reply; longer ones are dropped, never cut
    "maxGradNorm": 1.0,
    "checkpointSeconds": 60.0,
    "trackers": [],
}
LOSSES = ("apo_zero_unpaired", "kto")


def main() -> int:
    if len(sys.argv) != 2:
        raise Refused("usage", "Give one job file: python kto.py job.json")
    return train(Path(sys.argv[1]))


def train(file: Path) -> int:
    job = Job.read(file, "kto", DEFAULTS)
    if job.finished:
        return 0
    if job.adapter is None or not (job.adapter / "adapter_config.json").exists():
        raise Refused("job-wrong", "KTO goes on from a LoRA adapter: `adapter` is missing, or is none.")
    if job.params["loss"] not in LOSSES:
        raise Refused("job-wrong", f"params.loss is `{job.params['loss']}`; it is {' or '.join(LOSSES)}.")
    if job.params["batch"] < 1 or (job.params["loss"] == "kto" and job.params["batch"] < 2):
        raise Refused("job-wrong", f"params.batch is {job.params['batch']}; the loss `kto` compares neighbours and needs two.")
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
    """The rows in tokens. Refuses a label that is none, one class alone, and completions of more than one turn."""
    from learning import encode_rows

    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not isinstance(row.get("label"), bool):
            raise Refused("rows-wrong", f"Row {number}: a label is true or false.")
        if len(row.get("completion") or []) != 1:
            raise Refused("rows-wrong", f"Row {number}: the completion of a KTO row is one assistant turn.")
    labels = {number: row["label"] for number, row in enumerate(rows)}
    encoded = encode_rows(job, [{**row, "id": number} for number, row in enumerate(rows)], tokenizer)
    kept = [
        {"prompt_ids": row.tokens[: row.prompt_length], "completion_ids": row.trained, "label": labels[int(row.id)]}
        for row in encoded
    ]
    classes = {row["label"] for row in kept}
    if len(classes) < 2:
        raise Refused("rows-wrong", f"All {len(kept)} rows have the label {str(classes.pop()).lower()}: KTO needs good and bad replies.")
    return kept


def build_trainer(job: Job, rows: list[dict], tokenizer, session):
    from datasets import Dataset
    from peft import PeftModel
    from trl import KTOConfig, KTOTrainer

    params = job.params

    class EncodedTrainer(KTOTrainer):
        """Takes rows that are tokenised already, cut where the assistant begins, as SFT and the server do."""

        def _prepare_dataset(self, dataset, processing_class, args, dataset_name):
            if not self.calculate_KL:
                return dataset

            def rotated(batch):  # each prompt with the reply of the row before it
                return {"KL_completion_ids": [batch["completion_ids"][-1], *batch["completion_ids"][:-1]]}

            return dataset.map(rotated, batched=True, batch_size=args.per_device_train_batch_size)

        def create_model_card(self, *args, **kwargs):  # the product writes its own, with evidence
            pass

    size, epochs = params["batch"], int(params["epochs"])
    tokens = [sum(len(row["prompt_ids"]) + len(row["completion_ids"]) for row in rows[start : start + size]) for start in range(0, len(rows), size)]
    steps = math.ceil(len(tokens) / params["accumulate"]) * epochs
    progress = session.progress(tokens * epochs, steps)
    base = session.model(job.base, frozen=True, attention="sdpa")
    trainer = EncodedTrainer(
        model=PeftModel.from_pretrained(base, str(job.adapter), is_trainable=True),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(rows),
        callbacks=[progress],
        args=KTOConfig(
            **session.arguments(steps),
            loss_type=params["loss"],
            beta=params["beta"],
            desirable_weight=params["desirableWeight"],
            undesirable_weight=params["undesirableWeight"],
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
