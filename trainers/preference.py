"""What learning from good and bad replies has in common, whether a label tells them apart (kto.py) or a pair (dpo.py): the job, its
refusals, and a trainer that goes on from a LoRA adapter which, frozen, is also the reference that it must not leave far behind."""

import math
from collections.abc import Callable
from pathlib import Path

import memory
import processes
from job import Job, Refused, Stop

DEFAULTS = {
    "beta": 0.1,  # how dear it is to leave the reference
    "sftWeight": 1.0,  # of the good replies' own loss, in nats a token, beside the preference: it holds their form while bad ones are unlearned
    "learningRate": 8e-5,
    "rateFactor": 1.0,  # the loop's, where a round gained nothing
    "warmup": 0.1,  # share of the steps
    "schedule": "cosine",  # or linear, constant
    "weightDecay": 0.0,
    "epochs": 1,
    "accumulate": 1,
    "processes": 1,  # that share the batches of a step; `accumulate` is a multiple
    "fourBit": False,  # whether the base is kept in four bits a weight, as QLoRA does
    "maxTokens": 1024,  # longest row kept, prompt and reply; longer ones are dropped, never cut
    "maxGradNorm": 1.0,
    "checkpointSeconds": 60.0,
    "trackers": [],
}


def train(
    file: Path,
    kind: str,
    defaults: dict,
    losses: tuple[str, ...],
    check: Callable[[Job], None],
    preflight: Callable[[Job, list[dict], object], list[dict]],
    build: Callable,
) -> int:
    """Trains one job of `kind` to its end, or to a checkpoint where it is told to stop; the exit code. `check` looks at the parameters."""
    job = Job.read(file, kind, {**DEFAULTS, **defaults})
    if job.finished:
        return 0
    if job.adapter is None or not (job.adapter / "adapter_config.json").exists():
        raise Refused("job-wrong", f"{kind.upper()} goes on from a LoRA adapter: `adapter` is missing, or is none.")
    if job.params["loss"] not in losses:
        raise Refused("job-wrong", f"params.loss is `{job.params['loss']}`; it is one of {', '.join(losses)}.")
    check(job)
    memory.fit(job)
    lock = processes.begin(job, lambda: memory.halve(job, "a process ran out"))  # noqa: F841  held until this process ends
    rows = job.read_rows()
    stop = Stop()  # before the slow imports: an order may come while they last

    from learning import Session
    from transformers import AutoTokenizer

    session = Session(job, stop)
    tokenizer = AutoTokenizer.from_pretrained(job.base)
    ready = preflight(job, rows, tokenizer)
    return memory.attempt(job, lambda: session.train(*build(job, ready, tokenizer, session)))


class Encoded:
    """Put before one of TRL's trainers: it takes rows that are tokenised already, cut where the assistant begins, as SFT and the server do."""

    def _prepare_dataset(self, dataset, *args, **kwargs):
        return dataset

    def create_model_card(self, *args, **kwargs):  # the product writes its own, with evidence
        pass


def build_trainer(job: Job, rows: list[dict], tokenizer, session, trainer_class, config_class, length: Callable[[dict], int], **settings):
    """`length`: the tokens that a row costs in a step. `settings`: what the config of `trainer_class` has beyond what all trainers share."""
    from datasets import Dataset
    from peft import PeftModel

    params = job.params
    size, epochs = params["batch"], int(params["epochs"])
    tokens = [sum(map(length, rows[start : start + size])) for start in range(0, len(rows), size)]
    steps = math.ceil(len(tokens) / params["accumulate"]) * epochs
    progress = session.progress(tokens * epochs, steps)
    base = session.model(job.base, frozen=True, attention="sdpa")
    trainer = trainer_class(
        model=PeftModel.from_pretrained(base, str(job.adapter), is_trainable=True),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(rows),
        callbacks=[progress],
        args=config_class(
            **session.arguments(steps),
            **settings,
            beta=params["beta"],
            precompute_ref_log_probs=processes.count() == 1,  # TRL keeps them in a file that only one process finds
            per_device_train_batch_size=size,
            num_train_epochs=epochs,
            max_length=None,
        ),
    )
    return trainer, progress
