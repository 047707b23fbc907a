"""Several processes for one job: the first starts its siblings, all of them train the same model on their share of every step.

`python sft.py job.json` does it by itself where `params.processes` asks for it; under torchrun or accelerate the launcher has done it.
Only the first process writes, stops and decides: the others follow, or they would wait for each other for ever.
"""

import atexit
import ctypes
import os
import signal
import socket
import subprocess
import sys
from typing import NoReturn

from job import Job, Refused


def rank() -> int:
    return int(os.environ.get("RANK", "0"))


def count() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def share(job: Job) -> int:
    """Sequences of a step that each process computes."""
    every = count()
    if job.params["accumulate"] % every:
        raise Refused(
            "job-wrong",
            f"params.accumulate is {job.params['accumulate']}: so many sequences of a step cannot be shared by {every} processes. Make it a multiple of {every}.",
        )
    return job.params["accumulate"] // every


def start_siblings(job: Job) -> None:
    """Makes this process the first of `params.processes`. They end with it."""
    wanted = int(job.params["processes"])
    if wanted == 1 or "WORLD_SIZE" in os.environ:
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    threads = {} if "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // wanted))}
    os.environ.update(threads, WORLD_SIZE=str(wanted), RANK="0", LOCAL_RANK="0", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    share(job)
    for number in range(1, wanted):
        environment = os.environ | {"RANK": str(number), "LOCAL_RANK": str(number)}
        subprocess.Popen([sys.executable, *sys.argv], env=environment, stdin=subprocess.DEVNULL, preexec_fn=end_with_parent)


def end_with_parent() -> None:
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl:
        set_parent_death_signal = 1
        prctl(set_parent_death_signal, signal.SIGKILL)


def agree(*flags: bool) -> list[bool]:
    """What the first process says, told to all."""
    if count() == 1:
        return list(flags)
    import torch

    told = torch.tensor([float(flag) for flag in flags], device="cuda" if torch.distributed.get_backend() == "nccl" else "cpu")
    torch.distributed.broadcast(told, 0)
    return [bool(flag) for flag in told.tolist()]


def wait_for_all() -> None:
    if count() > 1:
        import torch

        torch.distributed.barrier()


def leave(code: int) -> NoReturn:
    """Ends this process. One of several skips the interpreter's teardown: gloo's threads may still hold tensors of the last exchange then,
    and letting go of them without an interpreter aborts the process after its work is done (PyTorch pull request 179291)."""
    if count() > 1:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
