"""What all trainers share, from the import of torch to the result: device and precision, arguments, stopping, progress, checkpoint, adapter."""

import ctypes
import json
import math
import os
import shutil
import time
from pathlib import Path

import processes
import shared_attention
import torch
from callbacks import Progress
from job import STOPPED, Job, Refused, Stop
from machine import Meter, multiplies_bf16


class Session:
    """One job at work in this process."""

    def __init__(self, job: Job, stop: Stop):
        self.job, self.stop = job, stop
        keep_freed_memory()
        torch.set_flush_denormal(True)  # numbers near zero would be computed in slow motion
        torch.manual_seed(job.seed)
        self.device = choose_device(job.device)
        self.half = self.device == "cuda" and torch.cuda.is_bf16_supported()

    @property
    def adapter(self) -> Path | None:
        """The LoRA adapter that learning goes on from; whole weights are no adapter."""
        folder = self.job.adapter
        return folder if folder and (folder / "adapter_config.json").exists() else None

    @property
    def attention(self) -> str:
        """What computes attention over a pack: on a GPU flash attention where it is installed, which knows no shared headers."""
        if self.device == "cpu":
            return shared_attention.NAME
        from transformers.utils import is_flash_attn_2_available

        return "flash_attention_2" if self.half and not self.job.params["shareHeaders"] and is_flash_attn_2_available() else "sdpa"

    @property
    def four_bit(self) -> bool:
        return self.job.params.get("method") == "qlora" or bool(self.job.params.get("fourBit"))

    def model(self, folder: Path, frozen: bool, attention: str):
        """The weights of a folder. Those that stay as they are may be in half precision or in four bits; those that learn need every digit."""
        from transformers import AutoModelForCausalLM

        half = frozen and (self.half or (self.device == "cpu" and multiplies_bf16()))
        dtype = torch.bfloat16 if half else torch.float32
        four = {"quantization_config": four_bits(dtype), "device_map": {"": local_device(self.device)}} if frozen and self.four_bit else {}
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation=attention, **four)
        if not four:
            for weight in model.parameters():  # out of the memory-mapped file, whose pages a busy machine takes back
                weight.data = weight.data.clone()
        return model

    def arguments(self, steps: int) -> dict:
        """The settings that TRL's trainers have in common, from the job's."""
        params = self.job.params
        return {
            **self.sharding(),
            "output_dir": str(self.job.out),
            "seed": self.job.seed,
            "use_cpu": self.device == "cpu",
            "bf16": self.half,
            "gradient_checkpointing": False,  # rows are short: time is dearer than memory
            "gradient_accumulation_steps": processes.share(self.job),
            "train_sampling_strategy": "sequential",  # the rows come in the order that is meant
            "learning_rate": params["learningRate"] * params["rateFactor"],
            "lr_scheduler_type": params["schedule"],
            "warmup_steps": math.ceil(steps * params["warmup"]),
            "weight_decay": params["weightDecay"],
            "max_grad_norm": params["maxGradNorm"],
            "logging_steps": 1,
            "save_strategy": "no",  # by time, see Progress
            "save_total_limit": 1,
            "report_to": params["trackers"] or "none",
            "disable_tqdm": True,
            "remove_unused_columns": False,
            "dataloader_num_workers": 0,
        }

    def sharding(self) -> dict:
        if not self.job.params.get("shard"):
            return {}
        return {"fsdp": True, "fsdp_config": {"version": 2, "state_dict_type": "FULL_STATE_DICT"}}  # a decoder layer is a unit

    def progress(self, tokens: list[int], steps: int, kind: type[Progress] = Progress) -> Progress:
        """`tokens`: how many each sequence or batch holds, in the order of training."""
        return kind(self.job, tokens, steps, self.stop, Meter(self.device, self.half or (self.device == "cpu" and multiplies_bf16())))

    def train(self, trainer, progress: Progress) -> int:
        """Trains to the end, or to a checkpoint where it is told to stop; the exit code."""
        started = time.monotonic()
        if self.job.params.get("shard") and not trainer.is_fsdp_enabled:
            raise RuntimeError("The weights are to be spread over the processes, and this version of accelerate does not do it here.")
        trainer.train(resume_from_checkpoint=last_checkpoint(self.job.out))
        if progress.stopped:
            return STOPPED
        weights = whole_weights(trainer)
        if processes.rank() > 0:
            processes.wait_for_all()
            return 0
        save_adapter(trainer, self.job.out / "adapter", weights)
        self.job.finish(
            {
                "adapter": str(self.job.out / "adapter"),
                "steps": trainer.state.global_step,
                "tokens": progress.tokens,
                "seconds": round(time.monotonic() - started, 1),
                "finalLoss": round(progress.recent_loss(), 5),
                "versions": versions(),
            }
        )
        for checkpoint in self.job.out.glob("checkpoint-*"):
            shutil.rmtree(checkpoint)
        processes.wait_for_all()
        return 0


def keep_freed_memory() -> None:
    """Tells glibc to keep what each step frees, since giving it back and faulting it in again costs a CPU time at every step; and to
    keep it in one place, since the threads of the backward pass would each hold as much again."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        trim_threshold, mmap_threshold, arena_max = -1, -3, -8
        libc.mallopt(arena_max, 1)
        libc.mallopt(mmap_threshold, 32 << 20)  # the largest that glibc takes
        libc.mallopt(trim_threshold, (1 << 31) - 1)


def choose_device(wanted: str) -> str:
    if wanted == "cuda" and not torch.cuda.is_available():
        raise Refused("no-cuda", "device is `cuda`, and torch sees none. Use `auto` or `cpu`.")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


def encode_rows(job: Job, rows: list[dict], tokenizer) -> list:
    """Renders every row before the first step, tells their lengths, and refuses what would train on nothing or on the wrong thing."""
    from rows import difference, encode, missing

    every = math.ceil(len(rows) / 32)  # compared with the whole conversation; a fault of template or tokenizer shows in any few rows
    kept, dropped = [], 0
    for number, row in enumerate(rows):
        try:
            encoded = encode(row, tokenizer)
            differs = difference(row, encoded, tokenizer) if number % every == 0 else None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise Refused("rows-wrong", f"Row {row.get('id') if isinstance(row, dict) else row!r} cannot be rendered: {type(error).__name__} {error}.") from error
        if not encoded.trained:
            raise Refused("rows-wrong", f"Row {encoded.id} has nothing to train on: its completion needs an assistant turn.")
        if lack := missing(row, encoded, tokenizer):
            raise Refused("rows-wrong", f"Row {encoded.id}: {lack}.")
        if differs:
            raise Refused("parity", f"Row {encoded.id}: {differs}. The chat template or the tokenizer of the base does not fit the way students are trained here.")
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


def last_checkpoint(out: Path) -> str | None:
    """The newest whole checkpoint: the trainer writes its state file last. Torn ones, which a kill leaves, are removed."""
    whole = []
    for folder in out.glob("checkpoint-*"):
        try:
            json.loads((folder / "trainer_state.json").read_text())
            whole.append(folder)
        except (OSError, ValueError):
            if processes.rank() == 0:
                shutil.rmtree(folder, ignore_errors=True)
    return str(max(whole, key=lambda folder: int(folder.name.split("-")[1]))) if whole else None


def four_bits(dtype: torch.dtype):
    """How QLoRA keeps a base (Dettmers et al. 2023): NormalFloat 4, its scales quantised too."""
    import sys
    from importlib.util import find_spec

    if find_spec("bitsandbytes") is None:
        raise Refused(
            "no-bitsandbytes",
            f"A base of four bits needs the package bitsandbytes: `{sys.executable} -m uv pip install --python {sys.executable} bitsandbytes`, or train with method lora.",
        )
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype)


def local_device(device: str) -> str:
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if device == "cuda" else device


def whole_weights(trainer) -> dict | None:
    """All weights of a model that is spread over the processes, in the first one; every process has to ask. None where each has them all."""
    return trainer.accelerator.get_state_dict(trainer.model) if trainer.is_fsdp_enabled else None


def save_adapter(trainer, folder: Path, weights: dict | None) -> None:
    temporary = folder.with_name(".adapter")
    shutil.rmtree(temporary, ignore_errors=True)
    adapters = {"selected_adapters": ["default"]} if hasattr(trainer.model, "peft_config") else {}  # a reference stays behind
    model = trainer.accelerator.unwrap_model(trainer.model)
    tied = getattr(model, "all_tied_weights_keys", None) or {}  # gathered weights hold a head that is the embedding a second time
    spread = {} if weights is None else {"state_dict": {name: weight for name, weight in weights.items() if name not in tied}}
    model.save_pretrained(temporary, **adapters, **spread)
    (temporary / "README.md").unlink(missing_ok=True)  # an empty form; the product writes its own card
    shutil.rmtree(folder, ignore_errors=True)
    temporary.replace(folder)


def versions() -> dict:
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "transformers", "trl", "peft")}
