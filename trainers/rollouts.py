"""Episodes played by the model that learns, through the environments of the other side of a local HTTP connection.

The other side (src/core/reward-server.ts) opens episodes, executes what the model calls, and grades. Its address and token stand in a file
that is read before every try, since a server that was started again has others.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TRIES = (0.0, 0.5, 2.0)  # seconds to wait before each


class ServerGone(Exception):
    """The environments cannot be reached: training stops with a checkpoint, and goes on when they are back."""


class Environments:
    def __init__(self, file: Path, timeout: float):
        self.file, self.timeout = file, timeout

    def post(self, name: str, body: dict) -> dict:
        problem = ""
        for wait in TRIES:
            time.sleep(wait)
            try:
                server = json.loads(self.file.read_text())
                headers = {"authorization": f"Bearer {server['token']}", "content-type": "application/json"}
                request = urllib.request.Request(f"{server['url']}/{name}", json.dumps(body).encode(), headers)
                with urllib.request.urlopen(request, timeout=self.timeout) as response:
                    return json.loads(response.read())
            except urllib.error.HTTPError as error:
                problem = f"HTTP {error.code}: {error.read(300).decode(errors='replace')}"
            except (OSError, ValueError, KeyError) as error:
                problem = f"{type(error).__name__} {error}"
        raise ServerGone(f"{name}: {problem}")


@dataclass
class Episode:
    id: str
    prompt: list[int]
    completion: list[int] = field(default_factory=list)
    own: list[int] = field(default_factory=list)  # 1: written by the model, 0: by the environment
    over: bool = False

    @property
    def tokens(self) -> list[int]:
        return self.prompt + self.completion


def play(prompts: list[str], write: Callable[[list[list[int]]], list[list[int]]], tokenizer, environments: Environments, params: dict) -> dict:
    """One episode a prompt (the id of an item), turn by turn, all together. Tokens of earlier turns are kept as they were written.

    `write`: the next turn of each, in tokens, sampled from the student.
    """
    opened = environments.post("open", {"items": prompts})["episodes"]
    episodes = [Episode(one["episode"], opening_tokens(one, tokenizer)) for one in opened]
    names = [episode.id for episode in episodes]
    try:
        while live := [episode for episode in episodes if not episode.over]:
            texts = add_turns(live, write([episode.tokens for episode in live]), tokenizer)
            turns = [{"episode": episode.id, "text": text} for episode, text in zip(live, texts)]
            for episode, result in zip(live, environments.post("call", {"turns": turns})["results"]):
                go_on(episode, result, tokenizer, params)
        grades = environments.post("grade", {"episodes": names})["grades"]
    finally:
        try:
            environments.post("close", {"episodes": names})
        except ServerGone:
            pass  # what went wrong before is what is told
    return {
        "prompt_ids": [episode.prompt for episode in episodes],
        "completion_ids": [episode.completion for episode in episodes],
        "logprobs": None,
        "env_mask": [episode.own for episode in episodes],
        "grade": grades,
    }


def opening_tokens(opened: dict, tokenizer) -> list[int]:
    from rows import to_hf

    tools = [{"type": "function", "function": tool} for tool in opened["tools"]] or None
    text = tokenizer.apply_chat_template([to_hf(message) for message in opened["messages"]], tools=tools, tokenize=False, add_generation_prompt=True)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def writer_of(model, end: int, params: dict):
    """Lets the model that learns write the next turns itself, a few of them at once."""
    import torch

    def piece(prompts: list[list[int]]) -> list[list[int]]:
        longest = max(map(len, prompts))
        padded = [[end] * (longest - len(prompt)) + prompt for prompt in prompts]
        seen = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        device = next(model.parameters()).device
        with torch.no_grad():
            return model.generate(
                input_ids=torch.tensor(padded, device=device), attention_mask=torch.tensor(seen, device=device), max_new_tokens=params["maxReplyTokens"],
                do_sample=True, temperature=params["temperature"], top_k=0, top_p=1.0, eos_token_id=end, pad_token_id=end,
            )[:, longest:].tolist()  # fmt: skip

    def write(prompts: list[list[int]]) -> list[list[int]]:
        size = params["atOnce"]
        return [tokens for start in range(0, len(prompts), size) for tokens in piece(prompts[start : start + size])]

    return write


def add_turns(live: list[Episode], written: list[list[int]], tokenizer) -> list[str]:
    """What was written, up to the token that ends a turn, goes into the episodes; returned as text."""
    end, texts = tokenizer.eos_token_id, []
    for episode, tokens in zip(live, written):
        own = tokens[: tokens.index(end) + 1] if end in tokens else tokens
        episode.completion += own
        episode.own += [1] * len(own)
        episode.over = end not in tokens  # cut off: nothing can follow
        texts.append(tokenizer.decode(own, skip_special_tokens=True))
    return texts


def go_on(episode: Episode, result: dict, tokenizer, params: dict) -> None:
    if result["over"] or episode.over:
        episode.over = True
        return
    answer = tokenizer(between(result["messages"], tokenizer), add_special_tokens=False)["input_ids"]
    if len(episode.tokens) + len(answer) + params["maxReplyTokens"] > params["maxTokens"]:
        episode.over = True  # no room for another turn
        return
    episode.completion += answer
    episode.own += [0] * len(answer)


def between(messages: list[dict], tokenizer) -> str:
    """What the chat template writes between the end of one turn of the assistant and the beginning of the next."""
    from rows import to_hf

    turn = [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]
    before = tokenizer.apply_chat_template(turn, tokenize=False).rstrip("\n")
    after = tokenizer.apply_chat_template([*turn, *map(to_hf, messages)], tokenize=False, add_generation_prompt=True)
    return after[len(before) :]
