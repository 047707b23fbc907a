"""Episodes in tokens: what the model wrote stays as it wrote it, what a tool answered is never trained."""

import json

import pytest
from conftest import READ

from rollouts import Environments, Episode, ServerGone, between, go_on, opening_tokens
from rows import to_hf

CALL = {"id": "c1", "name": "read_file", "arguments": {"path": "a.txt"}}
TOOL = {"role": "tool", "toolCallId": "c1", "content": "the secret", "isError": False}
PARAMS = {"maxTokens": 2000, "maxReplyTokens": 16}


def test_an_episode_reads_as_the_chat_template_writes_it(tokenizer):
    opened = {"messages": [{"role": "user", "content": "Read a.txt"}], "tools": [READ]}
    episode = Episode("e1", opening_tokens(opened, tokenizer))
    turn = {"role": "assistant", "content": "", "toolCalls": [CALL]}
    tools = [{"type": "function", "function": READ}]
    said = tokenizer.apply_chat_template([to_hf(message) for message in [*opened["messages"], turn]], tools=tools, tokenize=False).rstrip("\n")
    own = tokenizer(said[len(tokenizer.decode(episode.prompt)) :], add_special_tokens=False)["input_ids"]
    episode.completion, episode.own = list(own), [1] * len(own)
    go_on(episode, {"over": False, "messages": [TOOL]}, tokenizer, PARAMS)
    whole = tokenizer.apply_chat_template([to_hf(message) for message in [*opened["messages"], turn, TOOL]], tools=tools, tokenize=False, add_generation_prompt=True)
    assert tokenizer.decode(episode.tokens) == whole
    trained = [token for token, mine in zip(episode.completion, episode.own) if mine]
    assert trained == own and "the secret" not in tokenizer.decode(trained)
    assert len(episode.own) == len(episode.completion)


def test_two_results_of_one_turn_stand_in_one_answer(tokenizer):
    assert between([TOOL, TOOL], tokenizer).count("<|im_start|>user") == 1


def test_an_episode_ends_where_it_is_told_or_where_there_is_no_room(tokenizer):
    told, full = Episode("e1", [1, 2]), Episode("e2", [1] * 1990)
    go_on(told, {"over": True, "messages": [TOOL]}, tokenizer, PARAMS)
    go_on(full, {"over": False, "messages": [TOOL]}, tokenizer, PARAMS)
    assert told.over and full.over and told.completion == full.completion == []


def test_without_environments_training_stops_with_words(tmp_path, monkeypatch):
    monkeypatch.setattr("rollouts.TRIES", (0.0, 0.0))
    with pytest.raises(ServerGone, match="open"):
        Environments(tmp_path / "reward.json", 1).post("open", {"items": ["a"]})
    (tmp_path / "reward.json").write_text(json.dumps({"url": "http://127.0.0.1:9", "token": "t"}))
    with pytest.raises(ServerGone):
        Environments(tmp_path / "reward.json", 1).post("open", {"items": ["a"]})
