"""What a trainer reports at each step, and when it writes a checkpoint, stops, or gives up."""

import math
import time

from transformers import TrainerCallback

import processes
from job import DIVERGED, Refused

# what preference training logs besides: rewards are beta times the log ratio to the reference
PREFERENCE = {"rewards/margins": "margin", "rewards/chosen": "rewardGood", "rewards/rejected": "rewardBad", "kl": "kl"}


class Progress(TrainerCallback):
    """One event a step. Checkpoints come by time, since a step takes a second here and a millisecond there."""

    def __init__(self, job, counts: list[int], steps: int, stop, meter):
        self.job, self.counts, self.steps, self.stop, self.meter = job, counts, steps, stop, meter
        self.tokens, self.losses = 0, []
        self.started = self.saved = time.monotonic()
        self.first = self.before = 0  # steps and tokens of the processes before this one
        self.stopped = False  # told to, at the end of a step

    def recent_loss(self) -> float:
        last = self.losses[-10:]
        return sum(last) / max(1, len(last))

    def on_train_begin(self, args, state, control, model=None, **_):
        self.meter.watch(model)
        self.started = self.saved = time.monotonic()
        self.first = state.global_step  # not 0 when resumed
        self.tokens = self.before = self.tokens_until(state.global_step)
        self.losses = [entry["loss"] for entry in state.log_history if "loss" in entry]

    def tokens_until(self, step: int) -> int:
        return sum(self.counts[: step * self.job.params["accumulate"]])

    def on_log(self, args, state, control, logs=None, **_):
        if not logs or "loss" not in logs:
            return
        step, loss = state.global_step, logs["loss"]
        self.losses.append(loss)
        self.tokens = self.tokens_until(step)
        seconds = time.monotonic() - self.started
        done = max(1, step - self.first)
        speed = (self.tokens - self.before) / seconds
        self.job.event(
            {
                "step": step,
                "of": self.steps,
                "loss": round(loss, 5) if math.isfinite(loss) else None,
                "tokens": self.tokens,
                "tokensPerSecond": round(speed, 1),
                "etaSeconds": round(seconds / done * (self.steps - step)),
                "gradNorm": round(logs.get("grad_norm", 0.0), 4),
                "learningRate": logs.get("learning_rate"),
                **{name: round(logs[key], 5) for key, name in PREFERENCE.items() if key in logs},
                **self.meter.read(speed, processes.count()),
                **self.extra(logs),
            }
        )
        if not math.isfinite(loss) or not math.isfinite(logs.get("grad_norm", 0.0)):
            raise Refused("diverged", f"The loss stopped being a number at step {step}. Lower params.learningRate.", DIVERGED)

    def extra(self, logs: dict) -> dict:
        """What a trainer adds to the event of a step."""
        return {}

    def on_step_end(self, args, state, control, **_):
        now = time.monotonic()
        self.stopped, due = processes.agree(self.stop.asked, now - self.saved > self.job.params["checkpointSeconds"])
        if self.stopped or due:
            control.should_save = True
            self.saved = now
        if self.stopped:
            control.should_training_stop = True
        return control
