"""Fine-tune on one accepted batch of rows:  python sft.py runs/0003/round-01/train/job.json

Writes  <out>/adapter/  ·  <out>/events.jsonl, one a step  ·  <out>/result.json, last: if it exists, training has finished
Goes on from <out>/checkpoint-*, when it was stopped or killed and is started again
Exits   0 done  ·  2 the job is wrong  ·  3 out of memory  ·  4 diverged  ·  5 the disk is full  ·  75 another trainer holds the job
        143 stopped by SIGTERM, to be started again
"""

import ctypes
import json
import math
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from job import STOPPED, Job, Refused, run

DEFAULTS = {
    "method": "lora",  # or full: every weight
    "rank": 16,
    "alpha": 32,
    "learningRate": 2e-3,  # for full about 2e-4
    "warmup": 0.05,  # share of the steps
    "schedule": "cosine",  # or linear, constant
    "weightDecay": 0.0,
    "epochs": 1,
    "packTokens": 512,  # tokens in one sequence, which is one step
    "packRows": 4,
    "accumulate": 1,  # sequences to a step
    "shareHeaders": True,
    "weigh": "tokens",  # a row counts as its reply is long; or root (as the root of its length), or rows (all alike)
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
    lock = job.lock()  # noqa: F841  held until this process ends
    rows = job.read_rows()
    stop = Stop()

    keep_freed_memory()
    import torch
    from transformers import AutoTokenizer

    torch.set_flush_denormal(True)  # numbers near zero would be computed in slow motion
    device = choose_device(job.device, torch)
    tokenizer = AutoTokenizer.from_pretrained(job.base)
    encoded = preflight(job, rows, tokenizer)
    params = job.params
    packs = []
    from rows import WEIGHTS, epoch, weigh_rows

    if params["weigh"] not in WEIGHTS:
        raise Refused("job-wrong", f"params.weigh is `{params['weigh']}`; it is {', '.join(WEIGHTS)}.")
    weigh_rows(encoded, params["weigh"])
    for number in range(int(params["epochs"])):
        packs += epoch(encoded, params["packTokens"], params["packRows"], params["shareHeaders"], job.seed * 1000 + number)

    trainer = build_trainer(job, packs, tokenizer, device, stop)
    started = time.monotonic()
    trainer.train(resume_from_checkpoint=last_checkpoint(job.out))
    if stop.asked:
        return STOPPED
    save_adapter(trainer, job.out / "adapter")
    progress = trainer.progress
    job.finish(
        {
            "adapter": str(job.out / "adapter"),
            "steps": trainer.state.global_step,
            "tokens": progress.tokens,
            "seconds": round(time.monotonic() - started, 1),
            "finalLoss": round(progress.recent_loss(), 5),
            "versions": versions(),
        }
    )
    for checkpoint in job.out.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
    return 0


class Stop:
    """SIGTERM asks; the step in progress is finished and a checkpoint written before the trainer leaves."""

    def __init__(self):
        self.asked = False
        signal.signal(signal.SIGTERM, self.ask)

    def ask(self, *_):
        self.asked = True


def keep_freed_memory() -> None:
    """Tells glibc to keep what each step frees: giving it back and faulting it in again costs a CPU time at every step."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        trim_threshold, mmap_threshold = -1, -3
        libc.mallopt(mmap_threshold, 32 << 20)  # the largest that glibc takes
        libc.mallopt(trim_threshold, (1 << 31) - 1)


def choose_device(wanted: str, torch) -> str:
    if wanted == "cuda" and not torch.cuda.is_available():
        raise Refused("no-cuda", "device is `cuda`, and torch sees none. Use `auto` or `cpu`.")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


def multiplies_bf16(torch) -> bool:
    """Whether this processor has instructions for bfloat16; without them it is emulated, slower than float32."""
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)


def preflight(job: Job, rows: list[dict], tokenizer) -> list:
    """Renders every row before the first step, and refuses what would train on nothing or on the wrong thing."""
    from rows import encode, missing

    kept, dropped = [], 0
    for row in rows:
        try:
            encoded = encode(row, tokenizer)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise Refused("rows-wrong", f"Row {row.get('id') if isinstance(row, dict) else row!r} cannot be rendered: {type(error).__name__} {error}.") from error
        if not encoded.trained:
            raise Refused("rows-wrong", f"Row {encoded.id} has nothing to train on: its completion needs an assistant turn.")
        if lack := missing(row, encoded, tokenizer):
            raise Refused("rows-wrong", f"Row {encoded.id}: {lack}.")
        if len(encoded.tokens) > job.params["maxTokens"]:
            dropped += 1
        else:
            kept.append(encoded)
    if not kept:
        raise Refused("no-rows", f"None of {len(rows)} rows is left to train on; {dropped} are longer than params.maxTokens = {job.params['maxTokens']}.")
    prompts, trained = [row.prompt_length for row in kept], [len(row.trained) for row in kept]
    mean = lambda counts: round(sum(counts) / len(counts), 1)
    job.event(
        {
            "type": "preflight",
            "rows": len(kept),
            "dropped": dropped,
            "promptTokens": {"mean": mean(prompts), "max": max(prompts)},
            "completionTokens": {"mean": mean(trained), "max": max(trained)},
        }
    )
    return kept


def build_trainer(job: Job, packs: list[dict], tokenizer, device: str, stop: Stop):
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    import shared_attention
    from callbacks import Progress
    from rows import IGNORED, attention

    class PackedTrainer(SFTTrainer):
        """SFTTrainer, whose loss projects only trained positions onto the vocabulary (TRL does so on GPUs alone) and knows weights."""

        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            labels, weights = inputs.pop("labels")[0, 1:], inputs.pop("weights")[0, 1:]
            trained = (labels != IGNORED).nonzero()[:, 0]
            logits = model(**inputs, use_cache=False, logits_to_keep=trained).logits[0]
            losses = torch.nn.functional.cross_entropy(logits.float(), labels[trained], reduction="none")
            return (losses * weights[trained]).sum() / (len(trained) if num_items_in_batch is None else num_items_in_batch)

        def create_model_card(self, *args, **kwargs):  # the product writes its own, with evidence
            pass

    def collate(batch: list[dict]) -> dict:
        (packed,) = batch
        tensors = {key: torch.tensor([packed[key]]) for key in ("input_ids", "labels", "position_ids", "weights")}
        if device == "cuda":  # one masked call is fastest there
            return tensors | {"attention_mask": attention(packed["segments"])}
        return tensors | {"spans": shared_attention.spans(packed["segments"])}

    torch.manual_seed(job.seed)
    bf16 = device == "cuda" and torch.cuda.is_bf16_supported()
    params = job.params
    # weights that stay as they are may be read in half precision; those that learn need every digit
    frozen = torch.bfloat16 if device == "cpu" and params["method"] == "lora" and multiplies_bf16(torch) else torch.float32
    steps = math.ceil(len(packs) / params["accumulate"])
    whole = job.adapter is not None and not (job.adapter / "adapter_config.json").exists()
    model = AutoModelForCausalLM.from_pretrained(
        job.adapter if whole else job.base, dtype=frozen, attn_implementation="sdpa" if device == "cuda" else shared_attention.NAME
    )
    for weight in model.parameters():  # out of the memory-mapped file, whose pages a busy machine takes back
        weight.data = weight.data.clone()
    model, peft_config = with_adapter(model, job, whole)
    progress = Progress(job, packs, steps, stop)
    trainer = PackedTrainer(
        model=model,
        peft_config=peft_config,
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(packs),
        data_collator=collate,
        callbacks=[progress],
        args=SFTConfig(
            output_dir=str(job.out),
            seed=job.seed,
            use_cpu=device == "cpu",
            bf16=bf16,
            gradient_checkpointing=False,  # rows are short: time is dearer than memory
            per_device_train_batch_size=1,
            gradient_accumulation_steps=params["accumulate"],
            num_train_epochs=1,  # `packs` already holds every epoch, each packed anew
            train_sampling_strategy="sequential",
            learning_rate=params["learningRate"],
            lr_scheduler_type=params["schedule"],
            warmup_steps=math.ceil(steps * params["warmup"]),
            weight_decay=params["weightDecay"],
            max_grad_norm=params["maxGradNorm"],
            logging_steps=1,
            save_strategy="no",  # by time, see Progress
            save_total_limit=1,
            report_to=params["trackers"] or "none",
            disable_tqdm=True,
            remove_unused_columns=False,
            dataloader_num_workers=0,
            dataset_kwargs={"skip_prepare_dataset": True},
            max_length=None,
        ),
    )
    trainer.progress = progress
    return trainer


def with_adapter(model, job: Job, whole: bool):
    from peft import LoraConfig, PeftModel

    params = job.params
    if params["method"] == "full":
        if job.adapter and not whole:
            raise Refused("job-wrong", "params.method is `full`, and the adapter to go on from is a LoRA adapter.")
        model.get_input_embeddings().weight.requires_grad_(False)  # tied to the output: 28 M weights that tool calls do not need
        return model, None
    if params["method"] != "lora":
        raise Refused("job-wrong", f"params.method is `{params['method']}`; it is lora or full.")
    if job.adapter and not whole:
        return PeftModel.from_pretrained(model, str(job.adapter), is_trainable=True), None
    if whole:
        raise Refused("job-wrong", "params.method is `lora`, and the adapter to go on from holds whole weights.")
    return model, LoraConfig(r=params["rank"], lora_alpha=params["alpha"], lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")


def last_checkpoint(out: Path) -> str | None:
    """The newest whole checkpoint: the trainer writes its state file last. Torn ones, which a kill leaves, are removed."""
    whole = []
    for folder in out.glob("checkpoint-*"):
        try:
            json.loads((folder / "trainer_state.json").read_text())
            whole.append(folder)
        except (OSError, ValueError):
            shutil.rmtree(folder, ignore_errors=True)
    return str(max(whole, key=lambda folder: int(folder.name.split("-")[1]))) if whole else None


def save_adapter(trainer, folder: Path) -> None:
    temporary = folder.with_name(".adapter")
    shutil.rmtree(temporary, ignore_errors=True)
    trainer.model.save_pretrained(temporary)
    (temporary / "README.md").unlink(missing_ok=True)  # an empty form; the product writes its own card
    shutil.rmtree(folder, ignore_errors=True)
    temporary.replace(folder)


def versions() -> dict:
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "transformers", "trl", "peft")}


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(run(main))
