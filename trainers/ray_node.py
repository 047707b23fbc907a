"""The part of a Ray job that runs on a node: one trainer, its progress, and its files piece by piece. ray_group.py makes an actor of it.

The node may be lost at any moment, so nothing that matters stays here: ray_job.py asks for what is new several times a second and
keeps it on the head.
"""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

PIECE = 16 << 20  # bytes of a file at a time
HERE = Path(__file__).parent  # the working directory that came with the job: the trainers' scripts and the job's own files


class Node:
    def __init__(self, settings: dict):
        self.settings = settings
        self.folder = Path(tempfile.mkdtemp(prefix="whetstone-"))
        self.out = self.folder / "out"
        self.out.mkdir()
        self.told = 0  # bytes of events.jsonl
        self.trainer = None

    def ready(self) -> str:
        """What this node is called, once there is room on one."""
        import socket

        return socket.gethostname()

    def address(self) -> tuple[str, int]:
        """Where this node is reached from the others, and a port that is free."""
        import socket

        from ray.util import get_node_ip_address

        with socket.socket() as free:
            free.bind(("", 0))
            return get_node_ip_address(), free.getsockname()[1]

    def receive(self, name: str, piece: bytes) -> None:
        """A file of the checkpoint to go on from."""
        file = self.out / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as f:
            f.write(piece)

    def start(self, environment: dict[str, str]) -> None:
        """`environment`: where the trainers of several nodes meet, and which this one is."""
        job = json.loads((HERE / "job.json").read_text())
        here = {"out": str(self.out), "rows": str(HERE / "rows.jsonl"), "base": str(self.base())}
        if job.get("adapter"):
            here["adapter"] = str(HERE / "adapter")
        (self.folder / "job.json").write_text(json.dumps(job | here))
        with (self.folder / "trainer.log").open("ab") as log:
            self.trainer = subprocess.Popen(
                [self.python, *self.settings.get("launch", []), str(HERE / f"{job['kind']}.py"), str(self.folder / "job.json")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=die_with_parent, env=os.environ | environment,
            )  # fmt: skip

    @property
    def python(self) -> str:
        return self.settings.get("trainerPython") or sys.executable

    def base(self) -> Path:
        """The base model: it came along where it is small, else this node prepares the one of the same name, once."""
        if (HERE / "base").exists():
            return HERE / "base"
        wanted = self.settings["base"]
        folder = Path.home() / ".cache" / "whetstone" / "models" / wanted["sha256"][:16]
        if not (folder / "prepared.json").exists():
            done = subprocess.run([self.python, str(HERE / "prepare.py"), "--base", wanted["name"], "--out", str(folder)], capture_output=True, text=True)
            if done.returncode != 0:
                raise LookupError(f"This node has no base model {wanted['name']}: {done.stderr.strip()[-500:]}")
        found = json.loads((folder / "prepared.json").read_text())["sha256"]
        if found != wanted["sha256"]:
            shutil.rmtree(folder)
            raise LookupError(f"{wanted['name']} has other weights on this node ({found[:12]}) than where the run began ({wanted['sha256'][:12]}).")
        return folder

    def poll(self) -> dict:
        """What is new: whole lines of events.jsonl, the newest whole checkpoint, and the exit code once it has ended."""
        code = self.trainer.poll()  # before the events: what is told at the end is not missed
        events = b""
        file = self.out / "events.jsonl"
        if file.exists():
            with file.open("rb") as f:
                f.seek(self.told)
                new = f.read()
            events = new[: new.rfind(b"\n") + 1]
            self.told += len(events)
        return {"events": events, "checkpoint": self.checkpoint(), "exit": code}

    def checkpoint(self) -> str | None:
        """A trainer writes the state file of a checkpoint last."""
        whole = [path for path in self.out.glob("checkpoint*") if path.is_file() or (path / "trainer_state.json").exists()]
        newest = max(whole, key=lambda path: path.stat().st_mtime, default=None)
        return newest and f"{newest.name}@{newest.stat().st_mtime_ns}"

    def files(self, name: str) -> list:
        """[path below out, bytes] of a file or of a folder's files."""
        path = self.out / name
        found = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
        return [[str(each.relative_to(self.out)), each.stat().st_size] for each in found]

    def piece(self, name: str, offset: int) -> bytes:
        with (self.out / name).open("rb") as f:
            f.seek(offset)
            return f.read(PIECE)

    def log(self) -> str:
        return (self.folder / "trainer.log").read_text(errors="replace")[-16_384:]

    def stop(self) -> None:
        """The trainer finishes its step, writes a checkpoint and leaves."""
        if self.trainer is not None and self.trainer.poll() is None:
            self.trainer.send_signal(signal.SIGTERM)

    def close(self) -> None:
        if self.trainer is not None and self.trainer.poll() is None:
            self.trainer.kill()
            self.trainer.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def die_with_parent() -> None:
    """A trainer whose actor is gone would go on with nobody to tell, beside its successor."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl:
        set_parent_death_signal = 1
        prctl(set_parent_death_signal, signal.SIGKILL)
