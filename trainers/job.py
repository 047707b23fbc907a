"""A training job: the file that asks for it, the folder it fills, and how it ends. Only the standard library, so that a wrong job is refused at once.

job.json     {kind, base, adapter?, rows, out, seed, params, device}; paths are absolute or relative to the job file
events.jsonl a line a step; the first is the preflight
result.json  written last and whole: if it exists, training has finished
lock         held for as long as the trainer lives; a second trainer leaves with 75
"""

import difflib
import errno
import fcntl
import json
import math
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from weights import say_error

WRONG, MEMORY, DIVERGED, DISK, LOCKED, STOPPED = 2, 3, 4, 5, 75, 143
KINDS = ("sft", "kto", "dpo", "grpo")
DEVICES = ("auto", "cpu", "cuda")


class Refused(Exception):
    """Ends the trainer with an exit code and one line of JSON on stderr."""

    def __init__(self, code: str, message: str, status: int = WRONG):
        super().__init__(message)
        self.code, self.status = code, status


def check_keys(given: dict, known, where: str) -> None:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.5)
            raise Refused("job-wrong", f"{where} has no `{key}`." + (f" Did you mean `{near[0]}`?" if near else f" It knows {', '.join(known)}."))


def check_params(given: dict, defaults: dict) -> dict:
    """Defaults with the job's own values over them; a value must be of its default's type, and numbers must not be negative."""
    check_keys(given, defaults, "params")
    for key, value in given.items():
        default = defaults[key]
        number = isinstance(default, (int, float)) and not isinstance(default, bool)
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) if number else isinstance(value, type(default))
        if not fits or (isinstance(default, int) and number and value != int(value)):
            raise Refused("job-wrong", f"params.{key} is {json.dumps(value)}, and something like {json.dumps(default)} is needed.")
        if number and (value < 0 or not math.isfinite(value)):
            raise Refused("job-wrong", f"params.{key} is {value}, and must be a number from 0 on.")
    return defaults | given


@dataclass
class Job:
    kind: str
    base: Path
    rows: Path
    out: Path
    params: dict
    adapter: Path | None = None
    seed: int = 1
    device: str = "auto"

    @staticmethod
    def read(file: Path, kind: str, defaults: dict) -> "Job":
        try:
            raw = json.loads(file.read_text())
        except FileNotFoundError:
            raise Refused("job-missing", f"There is no job file {file}.") from None
        except ValueError as error:
            raise Refused("job-wrong", f"{file.name} is not JSON: {error}.") from None
        if not isinstance(raw, dict):
            raise Refused("job-wrong", f"{file.name} must hold one JSON object.")
        check_keys(raw, list(Job.__dataclass_fields__), file.name)
        for key in ("kind", "base", "rows", "out"):
            if not isinstance(raw.get(key), str) or not raw[key]:
                raise Refused("job-wrong", f"{file.name} needs `{key}`, a text.")
        if raw["kind"] != kind:
            raise Refused("job-wrong", f"kind is `{raw['kind']}`, and this trainer does `{kind}`.")
        if raw.get("device", "auto") not in DEVICES:
            raise Refused("job-wrong", f"device is `{raw['device']}`; it is one of {', '.join(DEVICES)}.")
        if not isinstance(raw.get("seed", 1), int) or not 0 <= raw.get("seed", 1) < 2**32 or not isinstance(raw.get("params", {}), dict):
            raise Refused("job-wrong", "seed is a whole number from 0 to 2^32 - 1 and params an object.")
        at = lambda path: (file.parent / path).resolve()
        adapter = at(raw["adapter"]) if raw.get("adapter") else None
        job = Job(
            kind,
            at(raw["base"]),
            at(raw["rows"]),
            at(raw["out"]),
            check_params(raw.get("params") or {}, defaults),
            adapter,
            raw.get("seed", 1),
            raw.get("device", "auto"),
        )
        for path, what in ((job.base / "config.json", "base"), (job.rows, "rows"), (job.adapter, "adapter")):
            if path is not None and not path.exists():
                raise Refused("job-wrong", f"{what}: there is no {path}.")
        return job

    def read_rows(self) -> list[dict]:
        """The rows of the file; a torn last line, which a crash leaves, is dropped."""
        lines = self.rows.read_text().split("\n")
        rows = []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                rows.append(json.loads(line))
            except ValueError:
                if number == len(lines):
                    break
                raise Refused("rows-wrong", f"{self.rows.name}, line {number} is not JSON.") from None
        return rows

    def lock(self):
        """Held until the process ends, however it ends. Keep the returned file open."""
        self.out.mkdir(parents=True, exist_ok=True)
        handle = open(self.out / "lock", "a+")  # noqa: SIM115
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused("job-locked", f"Another trainer is at work in {self.out}.", LOCKED) from None
        handle.truncate(0)
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        return handle

    @property
    def finished(self) -> bool:
        return (self.out / "result.json").exists()

    def event(self, data: dict) -> None:
        if os.environ.get("RANK", "0") != "0":  # the first of several processes tells for all
            return
        with open(self.out / "events.jsonl", "a") as file:
            file.write(json.dumps({"at": round(time.time(), 3), **data}) + "\n")

    def finish(self, result: dict) -> None:
        temporary = self.out / ".result.json"
        with open(temporary, "w") as file:
            file.write(json.dumps(result, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.out / "result.json")


class Stop:
    """SIGTERM asks; the step in progress is finished and a checkpoint written before the trainer leaves."""

    def __init__(self):
        self.asked = False
        signal.signal(signal.SIGTERM, self.ask)

    def ask(self, *_):
        self.asked = True


def run(main) -> int:
    """Calls `main` and turns what goes wrong into an exit code and one line on stderr; the unexpected keeps its traceback."""
    try:
        return main()
    except Refused as error:
        say_error(error.code, str(error))
        return error.status
    except Exception as error:
        status, code, advice = diagnose(error)
        if status is None:
            raise
        say_error(code, f"{advice} ({type(error).__name__}: {str(error)[:200]})")
        return status


def diagnose(error: BaseException | None):
    """Libraries wrap the cause: look through the chain for a full disk or lack of memory."""
    while error is not None:
        text = str(error)
        if (
            getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            or "No space left" in text
            or "os error 27" in text
            or "PytorchStreamWriter failed" in text
        ):
            return DISK, "disk-full", "The disk is full. Free some space and start the job again: it goes on from its last checkpoint."
        if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in text or "out of memory" in text:
            return MEMORY, "out-of-memory", "Out of memory. Lower params.maxTokens, and params.packTokens (SFT) or params.batch (KTO, DPO)."
        error = error.__cause__ or error.__context__
    return None, None, None
