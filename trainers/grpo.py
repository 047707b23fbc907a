"""Learn from rewards in the skill's own environments:  python grpo.py runs/0003/round-02/train/job.json

A row is {"id"}: an item that the other side of the connection can open. Its address and token stand in <out>/<params.server>, a file that is
no part of the job, since another server may go on with it. The model plays `generations` episodes of an item; those that are graded above
the others' mean are made likelier. Only what the model wrote is trained, never what a tool answered.

Writes, resumes and exits as sft.py does. Exits 143 with a checkpoint when the environments are gone, and 4 when the reward rises without
the criterion that it stands for.
"""

import os
import sys
from pathlib import Path

import memory
import processes
from job import DIVERGED, STOPPED, Job, Refused, Stop, run
from weights import say_error

DEFAULTS = {
    "steps": 20,
    "prompts": 2,  # items to a step
    "generations": 4,  # episodes of each item
    "temperature": 1.0,
    "beta": 0.0,  # how dear it is to leave the student that learning goes on from; above 0 costs its forward pass
    "learningRate": 2e-5,
    "rateFactor": 1.0,  # the loop's, where a round gained nothing
    "warmup": 0.1,  # share of the steps
    "schedule": "constant",  # or cosine, linear
    "weightDecay": 0.0,
    "accumulate": 1,
    "atOnce": 0,  # episodes computed at once, forward and backward; 0: all of a step. Lowered where memory does not suffice
    "fourBit": False,  # whether the base is kept in four bits a weight, as QLoRA does
    "maxTokens": 512,  # longest episode
    "maxReplyTokens": 96,  # longest turn
    "maxGradNorm": 1.0,
    "quality": "",  # the criterion that reward stands for; empty: not watched
    "watch": 10,  # steps of a window
    "timeoutSeconds": 120.0,
    "checkpointSeconds": 60.0,
    "server": "reward.json",
    "vllm": [],  # addresses of vLLM servers that write the episodes; none: the model that learns writes them itself
    "trackers": [],
}


def main() -> int:
    if len(sys.argv) != 2:
        raise Refused("usage", "Give one job file: python grpo.py job.json")
    return train(Path(sys.argv[1]))


def train(file: Path) -> int:
    job = Job.read(file, "grpo", DEFAULTS)
    if job.finished:
        return 0
    if job.adapter is None or not (job.adapter / "adapter_config.json").exists():
        raise Refused("job-wrong", "GRPO goes on from a LoRA adapter: `adapter` is missing, or is none.")
    if job.params["generations"] < 2 or job.params["prompts"] < 1 or job.params["steps"] < 1:
        raise Refused("job-wrong", "params.generations must be 2 or more, params.prompts and params.steps 1 or more.")
    if not 0 < job.params["temperature"] <= 5:
        raise Refused("job-wrong", f"params.temperature is {job.params['temperature']}; it is above 0 and at most 5.")
    if processes.count() > 1:
        raise Refused("one-process", "GRPO plays its episodes in one process. Start it without torchrun or accelerate: python grpo.py job.json")
    episodes = int(job.params["prompts"] * job.params["generations"])
    job.params["atOnce"] = int(job.params["atOnce"]) or episodes
    if episodes % job.params["atOnce"]:
        raise Refused("job-wrong", f"params.atOnce is {job.params['atOnce']}, and a step has {episodes} episodes: it is a divisor of that, or 0.")
    memory.fit(job)
    lock = job.lock()  # noqa: F841  held until this process ends
    items = [row.get("id") if isinstance(row, dict) else None for row in job.read_rows()]
    if not items or not all(isinstance(item, str) and item for item in items):
        raise Refused("rows-wrong", f"{job.rows.name} needs rows with an `id`, a text.")
    stop = Stop()  # before the slow imports: an order may come while they last

    from learning import Session
    from rollouts import ServerGone
    from transformers import AutoTokenizer
    from vllm_writer import VllmWriter

    session = Session(job, stop)
    tokenizer = AutoTokenizer.from_pretrained(job.base)
    servers = VllmWriter(job.params["vllm"], job.out, job.params, tokenizer.eos_token_id) if job.params["vllm"] else None

    def work() -> int:
        trainer, progress = build_trainer(job, items, tokenizer, session, servers)
        try:
            return session.train(trainer, progress)
        except ServerGone as gone:
            if trainer.state.global_step > 0:
                trainer._save_checkpoint(trainer.model, trial=None)
            say_error("environments-gone", f"The environments cannot be reached ({str(gone)[:200]}). Start the job again: it goes on from step {trainer.state.global_step}.")
            return STOPPED
        finally:
            if servers:
                servers.close()

    return memory.attempt(job, work)


def build_trainer(job: Job, items: list[str], tokenizer, session, servers):
    """`servers`: what writes the episodes; None: the model that learns."""
    from callbacks import Progress
    from datasets import Dataset
    from peft import PeftModel
    from reward_watch import RewardWatch
    from rollouts import Environments, play, writer_of
    from trl import GRPOConfig, GRPOTrainer

    params = job.params
    environments = Environments(job.out / params["server"], params["timeoutSeconds"])
    watch = RewardWatch(params["quality"], int(params["watch"]))

    class Rewarded(Progress):
        """Progress whose tokens are counted as they are written, with the reward of the step and every criterion's share of it."""

        written, seen = 0, {}

        def tokens_until(self, step: int) -> int:
            return self.written

        def extra(self, logs: dict) -> dict:
            known = {"reward": "reward", "reward_std": "rewardStd", "frac_reward_zero_std": "groupsAlike", "kl": "kl"}
            return {name: round(logs[key], 5) for key, name in known.items() if key in logs} | self.seen

        def on_step_end(self, args, state, control, **rest):
            if fault := watch.fault():
                raise Refused("reward-without-quality", f"Stopped at step {state.global_step}: {fault}.", DIVERGED)
            return super().on_step_end(args, state, control, **rest)

    def rollout(prompts, trainer) -> dict:
        if servers:
            servers.renew(trainer.model)
        write = servers.write if servers else writer_of(trainer.model, tokenizer.eos_token_id, params)
        played = play(prompts, write, tokenizer, environments, params)
        lengths = [sum(own) for own in played["env_mask"]]
        watch.add(played["grade"], lengths)
        progress.written += sum(map(len, played["prompt_ids"])) + sum(map(len, played["completion_ids"]))
        progress.seen = {"criteria": criteria_means(played["grade"]), "episodes": len(prompts), "ownTokens": sum(lengths), "endings": counts(played["grade"])}
        return played

    def reward(grade, **_):
        return [one["reward"] for one in grade]

    class EpisodeTrainer(GRPOTrainer):
        def create_model_card(self, *args, **kwargs):  # the product writes its own, with evidence
            pass

    steps = int(params["steps"])
    progress = session.progress([], steps, Rewarded)
    base = session.model(job.base, frozen=True, attention="sdpa")
    episodes, at_once = int(params["prompts"] * params["generations"]), params["atOnce"]
    arguments = session.arguments(steps)
    arguments["gradient_accumulation_steps"] *= episodes // at_once
    arguments.pop("train_sampling_strategy")  # GRPO repeats each prompt for its group
    trainer = EpisodeTrainer(
        model=PeftModel.from_pretrained(base, str(job.adapter), is_trainable=True),
        reward_funcs=reward,
        processing_class=tokenizer,
        train_dataset=Dataset.from_list([{"prompt": item} for item in items]),
        callbacks=[progress],
        rollout_func=rollout,
        args=GRPOConfig(
            **arguments,
            max_steps=steps,
            per_device_train_batch_size=at_once,
            num_generations=int(params["generations"]),
            max_completion_length=params["maxTokens"],
            temperature=params["temperature"],
            beta=params["beta"],
        ),
    )
    return trainer, progress


def criteria_means(grades: list[dict]) -> dict:
    """Each criterion's mean over the episodes that it applies to."""
    scores: dict[str, list[float]] = {}
    for grade in grades:
        for name, score in grade["criteria"].items():
            if score is not None:
                scores.setdefault(name, []).append(score)
    return {name: round(sum(values) / len(values), 4) for name, values in scores.items()}


def counts(grades: list[dict]) -> dict:
    endings = [grade["ending"] for grade in grades]
    return {ending: endings.count(ending) for ending in sorted(set(endings))}


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    sys.exit(run(main))
