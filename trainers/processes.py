"""Several processes for one job: the first starts its siblings, all of them train the same model on their share of every step.

`python sft.py job.json` does it by itself where `params.processes` asks for it, on one machine or, with WHETSTONE_NODES, on each node its
part; under torchrun or accelerate the launcher has done it. Only the first process writes, stops and decides: the others follow, or they
would wait for each other for ever.
"""

import atexit
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

from job import MEMORY, STOPPED, Job, Refused

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
GRACE = 15.0  # seconds: a process whose sibling has died fails too, as a rule, and says more
_siblings: list[subprocess.Popen] = []  # that this process has started


def rank() -> int:
    return int(os.environ.get("RANK", "0"))


def count() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def share(job: Job) -> int:
    """Sequences or batches of a step that each process computes."""
    every = count()
    if job.params["accumulate"] % every:
        raise Refused(
            "job-wrong",
            f"params.accumulate is {job.params['accumulate']}: so many sequences of a step cannot be shared by {every} processes. Make it a multiple of {every}.",
        )
    return job.params["accumulate"] // every


def begin(job: Job, ran_out: Callable[[], bool]):
    """Takes the job and makes this process the first of `params.processes`. Keep what it returns: the job is held as long.

    `ran_out`: called when a sibling ended for lack of memory; whether the job is to begin again, smaller.
    """
    if job.params["processes"] < 1:
        raise Refused("job-wrong", f"params.processes is {job.params['processes']}; it is a whole number from 1 on.")
    lock = job.lock() if rank() == 0 else None
    start_siblings(job, ran_out)
    return lock


def start_siblings(job: Job, ran_out: Callable[[], bool]) -> None:
    wanted, nodes, node = (int(value) for value in (job.params["processes"], os.environ.get("WHETSTONE_NODES", "1"), os.environ.get("WHETSTONE_NODE", "0")))
    if wanted % nodes:
        raise Refused("job-wrong", f"params.processes is {wanted}, and the job runs on {nodes} nodes: make it a multiple of {nodes}.")
    if wanted == 1 or "WORLD_SIZE" in os.environ:
        return
    here = wanted // nodes
    if nodes == 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free_port()))
    threads = {} if "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // here))}
    os.environ.update(threads, WORLD_SIZE=str(wanted), RANK=str(node * here), LOCAL_RANK="0")
    share(job)
    for number in range(1, here):
        environment = os.environ | {"RANK": str(node * here + number), "LOCAL_RANK": str(number)}
        _siblings.append(subprocess.Popen([sys.executable, *sys.argv], env=environment, stdin=subprocess.DEVNULL, preexec_fn=end_with_parent))
    if _siblings:
        threading.Thread(target=watch, args=(ran_out,), daemon=True).start()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("", 0))
        return free.getsockname()[1]


def end_with_parent() -> None:
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl:
        set_parent_death_signal = 1
        prctl(set_parent_death_signal, signal.SIGKILL)


def lost(seconds: float) -> int | None:
    """How the first sibling ended that did not end well; None where none does for so long."""
    late = time.monotonic() + seconds
    while _siblings and time.monotonic() < late:
        for sibling in _siblings:
            if sibling.poll() not in (None, 0, STOPPED):
                return sibling.returncode
        time.sleep(0.2)
    return None


def watch(ran_out: Callable[[], bool]) -> None:
    """Ends this process after a sibling that is gone: with some backends it would wait for that one for half an hour."""
    code = lost(float("inf"))
    time.sleep(GRACE)
    if code == MEMORY and ran_out():
        again()
    os._exit(code if code and code > 0 else 1)


def again() -> NoReturn:
    """The job anew in the place of this process and its siblings, with nothing of the failed step in memory."""
    for sibling in _siblings:
        sibling.kill()
        sibling.wait()
    if _siblings:
        for name in NAMES:
            os.environ.pop(name, None)
    os.execv(sys.executable, [sys.executable, *sys.argv])


def launched() -> bool:
    """Whether somebody else has started this process's siblings: it cannot start them anew then."""
    return count() > 1 and not (_siblings and len(_siblings) == count() - 1)


def agree(*flags: bool) -> list[bool]:
    """What the first process says, told to all."""
    if count() == 1:
        return list(flags)
    import torch

    told = torch.tensor([float(flag) for flag in flags], device="cuda" if torch.distributed.get_backend() == "nccl" else "cpu")
    torch.distributed.broadcast(told, 0)
    return [bool(flag) for flag in told.tolist()]


def spread_on_cpu(plugin) -> None:
    """accelerate spreads weights over GPUs alone and leaves the plugin aside elsewhere; told so, it does it on processors too, over gloo."""
    from accelerate.state import AcceleratorState, PartialState
    from accelerate.utils import DistributedType, TorchDynamoPlugin

    state = AcceleratorState(cpu=True, dynamo_plugin=TorchDynamoPlugin(), _from_accelerator=True)
    state.fsdp_plugin, state.distributed_type = plugin, DistributedType.FSDP
    PartialState._shared_state["distributed_type"] = DistributedType.FSDP


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
