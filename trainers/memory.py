"""A step that does not fit into memory is computed in smaller pieces: half as much at once, twice as often to a step.

What fitted stands in out/memory.json, so that a trainer that takes the job up later does not try the same again.
"""

import json
import shutil
from collections.abc import Callable

import processes
from job import MEMORY, Job, Refused, diagnose

MOST = 4  # halvings


def smaller(job: Job) -> dict | None:
    """The parameters that halve what is computed at once and keep the step as large; None where it is one row already: rows are never cut."""
    params = job.params
    if job.kind == "sft":
        if params["packRows"] < 2:
            return None
        return {"packRows": params["packRows"] // 2, "packTokens": max(1, params["packTokens"] // 2), "accumulate": params["accumulate"] * 2}
    if job.kind == "grpo":
        return {"atOnce": half(params["atOnce"])} if params["atOnce"] > 1 else None
    least = 2 if params["loss"] == "kto" else 1  # that loss compares neighbours
    batch = half(params["batch"])
    return {"batch": batch, "accumulate": params["accumulate"] * (params["batch"] // batch)} if least <= batch < params["batch"] else None


def half(size: int) -> int:
    """The largest divisor of a size up to its half, so that the pieces make up the same whole."""
    return next((part for part in range(size // 2, 0, -1) if size % part == 0), size)


def fit(job: Job) -> None:
    """Applies the halvings that this job has needed so far."""
    for _ in range(halvings(job)):
        job.params |= smaller(job) or {}


def attempt(job: Job, work: Callable[[], int]) -> int:
    """`work`, and where memory does not suffice the job once more, smaller, in a process with nothing of the failed step in memory."""
    try:
        return work()
    except Refused:
        raise
    except Exception as error:
        own = diagnose(error)[0] == MEMORY
        # a sibling that ran out takes the exchange between them down with it, in whatever words
        if not own and processes.lost(processes.GRACE) != MEMORY:
            raise
        if halve(job, f"{type(error).__name__}: {str(error)[:200]}"):
            processes.again()
        if own:
            raise
        raise MemoryError("a process that shares the step ran out of it") from error


def halve(job: Job, why: str) -> bool:
    """Whether the job is to begin again in pieces of half the size; the first process decides, and where somebody else has started the others none does."""
    after, done = smaller(job), halvings(job)
    if after is None or done == MOST or processes.rank() > 0 or processes.launched():
        return False
    for checkpoint in job.out.glob("checkpoint-*"):  # its steps are of other pieces
        shutil.rmtree(checkpoint)
    (job.out / "memory.json").write_text(json.dumps({"halvings": done + 1}))
    job.event({"type": "memory", "before": {name: job.params[name] for name in after}, "after": after, "why": why})
    print(f"Out of memory: half as much at once, twice as often to a step ({after}).", flush=True)
    return True


def halvings(job: Job) -> int:
    file = job.out / "memory.json"
    return json.loads(file.read_text())["halvings"] if file.exists() else 0
