"""Reward that rises without what it stands for: noticed over a window of steps, so that a student is not trained to please its grader."""

from statistics import mean


class RewardWatch:
    """Fed once a step with the episodes of that step. `quality` is the criterion that decides whether a student is better."""

    def __init__(self, quality: str, window: int):
        self.quality, self.window = quality, window
        self.steps: list[dict] = []

    def add(self, grades: list[dict], lengths: list[int]) -> None:
        rewards = [grade["reward"] for grade in grades if grade["reward"] is not None]
        right = [grade["criteria"][self.quality] for grade in grades if grade["criteria"].get(self.quality) is not None]
        if not rewards:
            return
        endings = [grade["ending"] for grade in grades]
        self.steps.append(
            {
                "reward": mean(rewards),
                "quality": mean(right) if right else 0.0,
                "length": mean(lengths),
                "alike": max(endings.count(ending) for ending in endings) / len(endings),
                "ending": max(endings, key=endings.count),
            }
        )

    def fault(self) -> str | None:
        """Why training has to stop: the last window against the first. None while all is well, or too early to tell."""
        if not self.quality or len(self.steps) < 2 * self.window:
            return None
        first, last = self.steps[: self.window], self.steps[-self.window :]
        change = lambda name: mean(step[name] for step in last) - mean(step[name] for step in first)
        better = change("quality") > 0.01
        if better:
            return None
        if change("reward") > 0.1:
            return f"the reward rose by {change('reward'):.2f} and `{self.quality}` did not: it is earned by something else"
        longer = mean(step["length"] for step in last) / max(1.0, mean(step["length"] for step in first))
        if longer > 1.6:
            return f"replies are {longer:.1f} times as long as at the start and `{self.quality}` is no better"
        if mean(step["alike"] for step in last) > 0.95 and mean(step["alike"] for step in first) < 0.8:
            return f"nearly every episode ends with `{last[-1]['ending']}` and `{self.quality}` is no better"
        return None
