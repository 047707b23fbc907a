"""A trainer without a model:  python scripted-trainer.py out/job.json

Keeps the contract of trainers/sft.py: flock on out/lock with its pid, a line a step in events.jsonl, adapter/, result.json last,
SIGTERM -> checkpoint -> 143, an error as one JSON line on stderr. Only the standard library.
What it does is in params.scripted, over the environment's SCRIPTED_TRAINER (JSON), over these:
"""

import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path

SCRIPT = {
    "steps": 5,
    "stepMs": 5,
    "checkpointEvery": 5,  # steps
    "startMs": 0,  # between the lock and the first step: the real one imports torch there
    "ends": [],  # one an attempt: {"at": step, "exit": code} or {"at": step, "kill": true}; null ends well
    "noResult": False,  # exits 0 without result.json
}


def main() -> int:
    file = Path(sys.argv[1])
    job = json.loads(file.read_text())
    script = SCRIPT | json.loads(os.environ.get("SCRIPTED_TRAINER", "{}")) | job["params"].get("scripted", {})
    out = Path(job["out"])
    if (out / "result.json").exists():
        return 0
    if not isinstance(script["steps"], int) or script["steps"] < 1:
        return refuse(2, "job-wrong", "params.scripted.steps must be a whole number from 1 on.")
    lock = open(out / "lock", "a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return refuse(75, "job-locked", f"Another trainer is at work in {out}.")
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    return train(job, script, out, stopped)


def train(job: dict, script: dict, out: Path, stopped: list) -> int:
    checkpoint = out / "checkpoint.json"
    first = json.loads(checkpoint.read_text())["step"] if checkpoint.exists() else 0
    attempt = append(out / "starts.log", {"pid": os.getpid(), "from": first})
    end = (script["ends"][attempt : attempt + 1] or [None])[0]
    shared = {name: os.environ[name] for name in ("WHETSTONE_NODES", "WHETSTONE_NODE", "MASTER_ADDR", "MASTER_PORT") if name in os.environ}
    append(out / "events.jsonl", {"type": "preflight", "rows": 1, **shared})
    time.sleep(script["startMs"] / 1000)
    started, steps = time.monotonic(), script["steps"]
    for step in range(first + 1, steps + 1):
        if end and step >= end["at"]:
            if end.get("kill"):
                os.kill(os.getpid(), signal.SIGKILL)
            return refuse(end["exit"], "scripted", f"The script ends attempt {attempt + 1} at step {step}.")
        time.sleep(script["stepMs"] / 1000)
        left = (steps - step) * script["stepMs"] / 1000
        append(out / "events.jsonl", {"step": step, "of": steps, "loss": round(1 / step, 5), "tokens": 100 * step, "tokensPerSecond": 100.0, "etaSeconds": round(left)})
        if stopped or step % script["checkpointEvery"] == 0:
            write(checkpoint, {"step": step})
        if stopped:
            return 143
    if script["noResult"]:
        return 0
    (out / "adapter").mkdir(exist_ok=True)
    write(out / "adapter" / "adapter_config.json", {"scripted": True, "seed": job["seed"], "from": job.get("adapter")})
    seconds = round(time.monotonic() - started, 3)
    result = {"adapter": str(out / "adapter"), "steps": steps, "tokens": 100 * steps, "seconds": seconds, "finalLoss": round(1 / steps, 5), "versions": {"scripted": "1"}}
    write(out / "result.json", result)
    return 0


def append(file: Path, row: dict) -> int:
    """Returns how many lines there were."""
    before = file.read_text().count("\n") if file.exists() else 0
    with file.open("a") as f:
        f.write(json.dumps(row) + "\n")
    return before


def write(file: Path, value: dict) -> None:
    temporary = file.with_name(f".{file.name}")
    temporary.write_text(json.dumps(value))
    temporary.replace(file)


def refuse(status: int, code: str, message: str) -> int:
    print(json.dumps({"error": {"code": code, "message": message}}), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
