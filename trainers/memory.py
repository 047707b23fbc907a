"""A step that does not fit into memory is computed in smaller sequences: half the rows and tokens in each, twice as many to a step.

What fitted stands in out/memory.json, so that a trainer that takes the job up later does not try the same again.
"""

import json
import shutil

import processes
from job import MEMORY, Job, diagnose

MOST = 4  # halvings


def fit(job: Job) -> None:
    """Applies the halvings that this job has needed so far."""
    for _ in range(halvings(job)):
        job.params["packRows"] = max(1, job.params["packRows"] // 2)
        job.params["packTokens"] = max(1, job.params["packTokens"] // 2)
        job.params["accumulate"] *= 2


def halve(job: Job, error: BaseException) -> bool:
    """Whether the job is to begin again with sequences of half the size. Not where a sequence is one row already: rows are never cut."""
    done = halvings(job)
    if diagnose(error)[0] != MEMORY or job.params["packRows"] < 2 or done == MOST or processes.count() > 1:
        return False
    for checkpoint in job.out.glob("checkpoint-*"):  # its steps are of other sequences
        shutil.rmtree(checkpoint)
    (job.out / "memory.json").write_text(json.dumps({"halvings": done + 1}))
    fields = ("packRows", "packTokens", "accumulate")
    before = {name: job.params[name] for name in fields}
    after = before | {"packRows": before["packRows"] // 2, "packTokens": before["packTokens"] // 2, "accumulate": before["accumulate"] * 2}
    job.event({"type": "memory", "before": before, "after": after, "why": f"{type(error).__name__}: {str(error)[:200]}"})
    print(f"Out of memory: half the rows in a sequence and twice the sequences to a step ({after}).", flush=True)
    return True


def halvings(job: Job) -> int:
    file = job.out / "memory.json"
    return json.loads(file.read_text())["halvings"] if file.exists() else 0
