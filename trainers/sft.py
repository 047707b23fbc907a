"""Fine-tune on one accepted batch of rows:  python sft.py runs/0003/round-01/train/job.json

Writes  <out>/adapter/  ·  <out>/events.jsonl, one a step  ·  <out>/result.json, last: if it exists, training has finished
Goes on from <out>/checkpoint-*, when it was stopped or killed and is started again
Exits   0 done  ·  2 the job is wrong  ·  3 out of memory  ·  4 diverged  ·  5 the disk is full  ·  75 another trainer holds the job
        143 stopped by SIGTERM, to be started again
"""

import math
import os
import sys
from pathlib import Path

import memory
import processes
from job import Job, Refused, Stop, run

DEFAULTS = {
    "method": "lora",  # or qlora: on a base of four bits a weight; or full: every weight
    "rank": 16,
    "alpha": 32,
    "learningRate": 2e-3,  # for full about 2e-4
    "rateFactor": 1.0,  # the loop's, where a round gained nothing
    "halfRateRows": 0,  # where above 0, the peak rate falls as 1 / (1 + learnedRows / halfRateRows)
    "learnedRows": 0,  # rows that the adapter to go on from has learned already
    "warmup": 0.05,  # share of the steps
    "schedule": "cosine",  # or linear, constant
    "weightDecay": 0.0,
    "epochs": 1,
    "packTokens": 512,  # tokens in one sequence, which is one step
    "packRows": 4,
    "accumulate": 1,  # sequences to a step
    "processes": 1,  # that share the sequences of a step; `accumulate` is a multiple
    "shard": False,  # each process keeps its part of the weights (FSDP), and not all of them
    "shareHeaders": True,
    "weigh": "tokens",  # a reply counts as it is long; or root (as the root of its length), or replies (all alike)
    "maxTokens": 1024,  # longest row kept, prompt and reply; longer ones are dropped, never cut
    "maxGradNorm": 1.0,
    "checkpointSeconds": 60.0,
    "trackers": [],
}


def main() -> int:
    if len(sys.argv) != 2:
        raise Refused("usage", "Give one job file: python sft.py job.json")
    return train(Path(sys.argv[1]))


def train(file: Path) -> int:
    job = Job.read(file, "sft", DEFAULTS)
    if job.finished:
        return 0
    if job.params["shard"] and job.params["method"] == "qlora":
        raise Refused("job-wrong", "params.shard spreads weights of method lora or full, not those of four bits.")
    if job.params["shard"] and max(job.params["processes"], processes.count()) == 1:
        raise Refused("job-wrong", "params.shard spreads the weights over processes: set params.processes to 2 or more.")
    memory.fit(job)
    lock = processes.begin(job, lambda: memory.halve(job, "a process ran out"))  # noqa: F841  held until this process ends
    rows = job.read_rows()
    stop = Stop()  # before the slow imports: an order may come while they last

    from learning import Session, encode_rows
    from rows import WEIGHTS, epoch, weigh_replies
    from transformers import AutoTokenizer

    params = job.params
    params["learningRate"] = rate_behind(params)
    session = Session(job, stop)
    if params["weigh"] not in WEIGHTS:
        raise Refused("job-wrong", f"params.weigh is `{params['weigh']}`; it is {', '.join(WEIGHTS)}.")
    tokenizer = AutoTokenizer.from_pretrained(job.base)
    encoded = encode_rows(job, rows, tokenizer)
    weigh_replies(encoded, params["weigh"])
    packs = []
    for number in range(int(params["epochs"])):
        packs += epoch(encoded, params["packTokens"], params["packRows"], params["shareHeaders"], job.seed * 1000 + number)
    packs += [untrained(packs[0])] * (-len(packs) % processes.count())
    return memory.attempt(job, lambda: session.train(*build_trainer(job, packs, tokenizer, session)))


def rate_behind(params: dict) -> float:
    """The peak rate for an adapter that has learned already, by inverse time decay; halfRateRows 0 keeps it.

    At the full rate a student that has seen thousands of rows gets worse at copying names from the request.
    """
    if not params["halfRateRows"]:
        return params["learningRate"]
    return params["learningRate"] / (1 + params["learnedRows"] / params["halfRateRows"])


def build_trainer(job: Job, packs: list[dict], tokenizer, session):
    import torch
    from datasets import Dataset
    from rows import IGNORED
    from trl import SFTConfig, SFTTrainer

    class PackedTrainer(SFTTrainer):
        """SFTTrainer, whose loss projects only trained positions onto the vocabulary (TRL does so on GPUs alone) and knows weights."""

        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            labels, weights = inputs.pop("labels")[0, 1:], inputs.pop("weights")[0, 1:]
            trained = (labels != IGNORED).nonzero()[:, 0]
            logits = model(**inputs, use_cache=False, logits_to_keep=trained).logits[0]
            losses = torch.nn.functional.cross_entropy(logits.float(), labels[trained], reduction="none")
            if num_items_in_batch is None:
                return (losses * weights[trained]).sum() / max(1, len(trained))
            # gradients are averaged over the processes, and the tokens of all of them are counted
            return (losses * weights[trained]).sum() / num_items_in_batch * self.accelerator.num_processes

        def _build_accelerator_args(self, **given):
            arguments = super()._build_accelerator_args(**given)
            if arguments.get("fsdp_plugin") and session.device == "cpu":
                processes.spread_on_cpu(arguments["fsdp_plugin"])
            return arguments

        def create_model_card(self, *args, **kwargs):  # the product writes its own, with evidence
            pass

    def collate(batch: list[dict]) -> dict:
        (packed,) = batch
        tensors = {key: torch.tensor([packed[key]]) for key in ("input_ids", "labels", "position_ids", "weights")}
        return tensors | seen_by(session.attention, packed["segments"])

    steps = math.ceil(len(packs) / job.params["accumulate"])
    progress = session.progress([len(packed["input_ids"]) if any(packed["weights"]) else 0 for packed in packs], steps)
    model, peft_config = with_adapter(job, session)
    trainer = PackedTrainer(
        model=model,
        peft_config=peft_config,
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(packs),
        data_collator=collate,
        callbacks=[progress],
        args=SFTConfig(
            **session.arguments(steps),
            per_device_train_batch_size=1,
            num_train_epochs=1,  # `packs` already holds every epoch, each packed anew
            dataset_kwargs={"skip_prepare_dataset": True},
            max_length=None,
        ),
    )
    return trainer, progress


def untrained(pack: dict) -> dict:
    """A pack that teaches nothing, where the last ones do not suffice for all processes."""
    from rows import IGNORED

    return pack | {"labels": [IGNORED] * len(pack["labels"]), "weights": [0.0] * len(pack["weights"])}


def seen_by(attention: str, segments: list[int]) -> dict:
    """What keeps the rows of a pack apart, in the form that an implementation of attention takes it."""
    import rows
    import shared_attention
    import torch

    if attention == shared_attention.NAME:
        return {"spans": shared_attention.spans(segments)}
    if attention == "sdpa":  # one masked call
        return {"attention_mask": rows.attention(segments)}
    starts = [start for start, end in shared_attention.spans(segments) if end > start]  # flash attention knows no shared header
    ends = torch.tensor([*starts, len(segments)], dtype=torch.int32)
    longest = int(ends.diff().max())
    return {"cu_seq_lens_q": ends, "cu_seq_lens_k": ends, "max_length_q": longest, "max_length_k": longest}


def with_adapter(job: Job, session):
    """The model to train, and the LoRA to put on it where there is none yet."""
    from peft import LoraConfig, PeftModel

    params = job.params
    whole = job.adapter is not None and session.adapter is None
    if params["method"] not in ("lora", "qlora", "full"):
        raise Refused("job-wrong", f"params.method is `{params['method']}`; it is lora, qlora or full.")
    if params["method"] == "full":
        if session.adapter:
            raise Refused("job-wrong", "params.method is `full`, and the adapter to go on from is a LoRA adapter.")
        model = session.model(job.adapter if whole else job.base, frozen=False, attention=session.attention)
        model.get_input_embeddings().weight.requires_grad_(False)  # tied to the output: 28 M weights that tool calls do not need
        return model, None
    if whole:
        raise Refused("job-wrong", f"params.method is `{params['method']}`, and the adapter to go on from holds whole weights.")
    model = session.model(job.base, frozen=True, attention=session.attention)
    if session.adapter:
        return PeftModel.from_pretrained(model, str(session.adapter), is_trainable=True), None
    return model, LoraConfig(r=params["rank"], lora_alpha=params["alpha"], lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    processes.leave(run(main))
