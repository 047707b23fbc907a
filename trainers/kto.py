"""Learn judgement from good and bad replies to the same requests:  python kto.py runs/0003/round-02/train/job.json

A row is one of rows.py with `label`: true for a reply to give, false for one to unlearn; its completion is one assistant turn.
Their order is kept: the KL term pairs each prompt with its neighbour's reply, so who writes the file keeps both labels of one
prompt apart. The job's `adapter` is where learning goes on and, frozen, the reference that it must not leave far behind.

Writes, resumes and exits as sft.py does.
"""

import os
import sys
from pathlib import Path

import preference
import processes
from job import Job, Refused, run

DEFAULTS = {
    "loss": "apo_zero_unpaired",  # or kto, which needs batches of two and more, and twice the time for its KL term
    "desirableWeight": 1.0,
    "undesirableWeight": 1.0,
    "batch": 4,  # rows to a step
}
LOSSES = ("apo_zero_unpaired", "kto")


def main() -> int:
    if len(sys.argv) != 2:
        raise Refused("usage", "Give one job file: python kto.py job.json")
    return train(Path(sys.argv[1]))


def train(file: Path) -> int:
    return preference.train(file, "kto", DEFAULTS, LOSSES, check, preflight, build_trainer)


def check(job: Job) -> None:
    if job.params["batch"] < 1 or (job.params["loss"] == "kto" and job.params["batch"] < 2):
        raise Refused("job-wrong", f"params.batch is {job.params['batch']}; the loss `kto` compares neighbours and needs two.")


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
    from trl import KTOConfig, KTOTrainer

    class EncodedTrainer(preference.Encoded, KTOTrainer):
        def _prepare_dataset(self, dataset, processing_class, args, dataset_name):
            if not self.calculate_KL:
                return dataset

            def rotated(batch):  # each prompt with the reply of the row before it
                return {"KL_completion_ids": [batch["completion_ids"][-1], *batch["completion_ids"][:-1]]}

            return dataset.map(rotated, batched=True, batch_size=args.per_device_train_batch_size)

        def _compute_loss(self, model, inputs, return_outputs):
            """TRL's loss and, where it is wanted, that of the good replies themselves (as RPO adds it to DPO, arXiv 2404.19733)."""
            if not job.params["sftWeight"]:
                return super()._compute_loss(model, inputs, return_outputs)
            told = []

            def recorded(**arguments):
                told.append(model(**arguments))
                return told[-1]

            loss = super()._compute_loss(recorded, inputs, False)
            length = inputs["input_ids"].size(1) - 1
            good = inputs["label"].bool()
            tokens = inputs["completion_mask"][:, 1:][good].sum().clamp(min=1)
            return loss - job.params["sftWeight"] * told[-1].log_probs[:, -length:][good].sum() / tokens

    return preference.build_trainer(
        job,
        rows,
        tokenizer,
        session,
        EncodedTrainer,
        KTOConfig,
        length=lambda row: len(row["prompt_ids"]) + len(row["completion_ids"]),
        loss_type=job.params["loss"],
        desirable_weight=job.params["desirableWeight"],
        undesirable_weight=job.params["undesirableWeight"],
    )


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    processes.leave(run(main))
