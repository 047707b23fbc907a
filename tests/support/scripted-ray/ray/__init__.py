"""Ray's names without Ray, for trainers/ray_job.py in tests: an actor is an object of this process. A node is lost where the file that
SCRIPTED_RAY_LOSE names is there: the next answer is an error, and the file is gone."""

import os
from pathlib import Path

from . import exceptions


def init(**_):
    pass


def shutdown():
    pass


class remote:
    def __init__(self, cls):
        self.cls = cls

    def options(self, **_):
        return self

    def remote(self, *args):
        return Actor(self.cls(*args))


class Actor:
    def __init__(self, actor):
        self.actor = actor

    def __getattr__(self, name):
        return Method(self.actor, name)


class Method:
    def __init__(self, actor, name):
        self.actor, self.name = actor, name

    def remote(self, *args):
        return self.actor, self.name, args


def get(answer, timeout=None):
    actor, name, args = answer
    lose = Path(os.environ.get("SCRIPTED_RAY_LOSE", "/dev/null/none"))
    if name == "poll" and lose.exists():
        lose.unlink()
        actor.close()
        raise exceptions.RayActorError("The actor died because its node has died.")
    try:
        return getattr(actor, name)(*args)
    except Exception as error:
        raise exceptions.RayTaskError(error) from error


def kill(actor):
    actor.actor.close()
