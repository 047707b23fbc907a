"""Carries one training job out on a Ray cluster:  python ray_job.py   (the entrypoint that `executor: ray` submits)

Runs on the head, in the working directory that came with the job: all of trainers/, job.json, rows.jsonl, cluster.json and, where they
travel, adapter/ and base/. A node trains; what must not be lost is kept here, in logs/whetstone/<key>/ of the Ray session, where the dashboard hands
files out:
  events.jsonl   what the trainers have told, one after the other
  checkpoint/    the newest one; the next trainer of this job goes on from there, on whatever node
  made/adapter/ files.json result.json    what came out, result.json last
Exits as the trainer did. 75: another one is at work on this job  ·  76: the node was lost too often
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import ray
from ray_group import Group, ask
from ray_node import PIECE

NO_BASE, LOCKED, LOST, STOPPED = 2, 75, 76, 143
MOST_TRIES = 20  # actors that never came to train
LOOK = 0.25  # seconds between two looks at the trainer
GRACE = 20.0  # seconds: where one node's trainer has failed, the first one's fails too and says more
KEPT = 14 * 86_400  # seconds that the files of a job stay after their last change


class Keeper:
    """The job's folder on the head."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.events = folder / "events.jsonl"

    def lock(self):
        handle = (self.folder / "lock").open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return None
        return handle

    def tell(self, lines: bytes) -> None:
        if lines:
            with self.events.open("ab") as file:
                file.write(lines)

    def note(self, message: str) -> None:
        """A line for the person who waits."""
        print(message, flush=True)
        self.tell((json.dumps({"at": round(time.time(), 3), "type": "cluster", "message": message}) + "\n").encode())

    def bring(self, node, name: str, into: str) -> list:
        """A file or folder of the node, whole or not at all. Returns [path, bytes, sha256] of each file."""
        new, old = self.folder / f".{into}.new", self.folder / into
        shutil.rmtree(new, ignore_errors=True)
        found = []
        for path, size in ask(node.files.remote(name)):
            file, digest, offset = new / path, hashlib.sha256(), 0
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as f:
                while offset < size:
                    piece = ask(node.piece.remote(path, offset))
                    if not piece:
                        raise OSError(f"{path} has changed while it was read")
                    f.write(piece)
                    digest.update(piece)
                    offset += len(piece)
            found.append([path, size, digest.hexdigest()])
        shutil.rmtree(old, ignore_errors=True)
        new.rename(old)
        return found

    def send_checkpoint(self, nodes: list) -> None:
        root = self.folder / "checkpoint"
        for file in sorted(path for path in root.rglob("*") if path.is_file()):
            with file.open("rb") as f:
                while piece := f.read(PIECE):
                    for node in nodes:
                        ask(node.receive.remote(str(file.relative_to(root)), piece))

    def finish(self, result: dict, files: list) -> None:
        (self.folder / "files.json").write_text(json.dumps(files))
        temporary = self.folder / ".result.json"
        temporary.write_text(json.dumps(result))
        temporary.replace(self.folder / "result.json")
        shutil.rmtree(self.folder / "checkpoint", ignore_errors=True)


class Driver:
    def __init__(self, keeper: Keeper, settings: dict):
        self.keeper, self.settings = keeper, settings
        self.stopped = self.training = False

    def stop(self, *_) -> None:
        self.stopped = True

    def run(self) -> int:
        """Trains on a node, or a group of them, and where that is lost on the next, from the last checkpoint."""
        lost = (ray.exceptions.RayActorError, ray.exceptions.RaySystemError, ray.exceptions.GetTimeoutError, ray.exceptions.ObjectLostError)
        losses, tries = 0, 0
        while True:
            group = Group(self.settings)
            self.training = False
            try:
                return self.follow(group)
            except lost as error:
                group.kill()
                if self.stopped:
                    return STOPPED
                tries += 1
                if not self.training and tries < MOST_TRIES:  # Ray may still send an actor to a node that has just gone
                    time.sleep(1)
                    continue
                losses += 1
                last = losses > self.settings["retries"]
                self.keeper.note(f"the node was lost ({type(error).__name__}): " + ("for the last time" if last else "the job goes on from its last checkpoint"))
                if last:
                    return LOST

    def follow(self, group: Group) -> int:
        if not self.placed(group):
            return STOPPED
        self.keeper.send_checkpoint(group.nodes)
        try:
            group.start(1800)  # a base model may have to be prepared first
        except ray.exceptions.RayTaskError as error:
            if not isinstance(error.cause, LookupError):
                raise
            print(json.dumps({"error": {"code": "base-missing", "message": str(error.cause)}}), flush=True)
            return NO_BASE
        self.training = True
        kept, asked, failed = None, False, None
        while True:
            if self.stopped and not asked:
                asked = True
                group.stop()
            new = ask(group.first.poll.remote())
            self.keeper.tell(new["events"])
            if new["checkpoint"] and new["checkpoint"] != kept and self.keep(group.first, new["checkpoint"]):
                kept = new["checkpoint"]
            if failed is None and (bad := [code for code in group.exits() if code not in (None, 0, STOPPED)]):
                failed = (bad[0], time.monotonic() + GRACE)
            if new["exit"] is not None or (failed and time.monotonic() > failed[1]):
                return self.ended(group, failed[0] if failed and new["exit"] != 0 else new["exit"])
            time.sleep(LOOK)

    def placed(self, group: Group) -> bool:
        """Waits until its nodes have room; says so every ten seconds."""
        answers = group.ready()
        for waits in range(1_000_000):
            try:
                self.keeper.note("training on " + ", ".join([ask(answer, 1 if waits else 3) for answer in answers]))
                return True
            except ray.exceptions.GetTimeoutError:
                if self.stopped:
                    return False
                if waits % 10 == 0:
                    wanted = ", ".join(f"{self.settings[key]} {what}" for key, what in (("cpus", "CPU"), ("gpus", "GPU")) if self.settings[key])
                    self.keeper.note(f"waiting for {'a node' if len(answers) == 1 else f'{len(answers)} nodes'} with {wanted}")
        return False

    def keep(self, node, checkpoint: str) -> bool:
        """The trainer may put a newer one in its place meanwhile: the next look finds that."""
        try:
            self.keeper.bring(node, checkpoint.rsplit("@", 1)[0], "checkpoint")
            return True
        except (OSError, ray.exceptions.RayTaskError):
            return False

    def ended(self, group: Group, code: int) -> int:
        node = group.first
        for each in group.nodes if code else [node]:
            print(ask(each.log.remote()), flush=True)
        if code == 0:
            (name,) = [path for path, _ in ask(node.files.remote("result.json"))] or [None]
            if name is None:
                return 0
            result = json.loads(ask(node.piece.remote("result.json", 0)))
            self.keeper.finish(result, self.keeper.bring(node, "adapter", "made"))
        group.close()
        return code if code >= 0 else 128 - code


def log_folder() -> Path:
    """Where Ray keeps this session's logs: this script's own output goes to a file right there."""
    return Path(os.readlink("/proc/self/fd/1")).parent


def sweep(root: Path) -> None:
    """Files of jobs that nobody has asked for in a long time."""
    for folder in root.iterdir() if root.exists() else []:
        if time.time() - folder.stat().st_mtime > KEPT:
            shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    settings = json.loads(Path("cluster.json").read_text())
    root = log_folder() / "whetstone"
    sweep(root)
    keeper = Keeper(root / settings["key"])
    lock = keeper.lock()
    if lock is None:
        return LOCKED
    driver = Driver(keeper, settings)
    ray.init(logging_level="ERROR")
    signal.signal(signal.SIGTERM, driver.stop)  # after Ray has set its own
    try:
        return driver.run()
    finally:
        ray.shutdown()


if __name__ == "__main__":
    sys.exit(main())
