"""When training on rewards stops because the reward is earned by something else."""

from reward_watch import RewardWatch


def watched(steps, quality="right"):
    watch = RewardWatch(quality, 3)
    for reward, right, length, ending in steps:
        watch.add([{"reward": reward, "criteria": {"right": right}, "ending": ending}, {"reward": reward, "criteria": {"right": right}, "ending": "answer"}], [length, length])
    return watch.fault()


def test_reward_and_quality_that_rise_together_are_learning():
    assert watched([(0.1, 0.0, 20, "answer")] * 3 + [(0.6, 0.5, 60, "answer")] * 3) is None


def test_reward_without_quality_stops():
    assert "did not" in watched([(0.1, 0.2, 20, "answer")] * 3 + [(0.5, 0.2, 20, "answer")] * 3)


def test_longer_and_longer_replies_stop():
    assert "as long" in watched([(0.1, 0.2, 20, "answer")] * 3 + [(0.1, 0.2, 40, "answer")] * 3)


def test_always_the_same_ending_stops():
    watch = RewardWatch("right", 2)
    grade = lambda ending: {"reward": 0.2, "criteria": {"right": 0.0}, "ending": ending}
    for _ in range(2):
        watch.add([grade("answer"), grade("not_found")], [10, 10])
    for _ in range(2):
        watch.add([grade("not_found"), grade("not_found")], [10, 10])
    assert "not_found" in watch.fault()


def test_too_early_to_tell_and_unwatched_never_stop():
    assert watched([(0.1, 0.2, 20, "answer")] * 2 + [(0.9, 0.2, 90, "answer")] * 2) is None
    assert watched([(0.1, 0.2, 20, "answer")] * 3 + [(0.9, 0.2, 90, "answer")] * 3, quality="") is None


def test_episodes_that_infrastructure_lost_do_not_count():
    watch = RewardWatch("right", 1)
    watch.add([{"reward": None, "criteria": {}, "ending": "text"}], [5])
    assert watch.steps == []
