"""From conversations to tokens: render rows with the chat template, and pack rows that share a header.

A row is {"id", "prompt": [messages], "completion": [messages], "tools": [{name, description, parameters}]}. Only what the assistant says in
the completion is trained. Messages are the product's: an assistant turn has `toolCalls: [{id, name, arguments}]`.

A pack holds several rows in one sequence. Their longest common prefix (the tools header, nearly always) stands there once; each row's rest
follows with positions that go on from the header, and sees the header and itself only. So every row is computed exactly as if it stood
alone, for about half the tokens.
"""

import json
import random
from dataclasses import dataclass, field
from itertools import groupby
from os.path import commonprefix

IGNORED = -100  # label of a token that is not trained


@dataclass
class Encoded:
    id: str
    group: str  # rows of one group open alike: the same tools and system text
    tokens: list[int]
    labels: list[int]
    weights: list[float] = field(default_factory=list)  # of each token in the loss; alike where there are none

    @property
    def prompt_length(self) -> int:
        return next((i for i, label in enumerate(self.labels) if label != IGNORED), len(self.labels))

    @property
    def trained(self) -> list[int]:
        return [label for label in self.labels if label != IGNORED]


def to_hf(message: dict) -> dict:
    plain = {"role": message["role"], "content": message.get("content") or ""}
    if message.get("toolCalls"):
        plain["tool_calls"] = [{"type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}} for call in message["toolCalls"]]
    return plain


def tools_of(row: dict) -> list[dict] | None:
    return [{"type": "function", "function": tool} for tool in row.get("tools") or []] or None


def renderer(row: dict, tokenizer):
    tools = tools_of(row)
    return lambda turns, ask: tokenizer.apply_chat_template(turns, tools=tools, tokenize=False, add_generation_prompt=ask)


def encode(row: dict, tokenizer) -> Encoded:
    """Tokenises piece by piece, cut where the assistant begins, since a server tokenises the prompt alone."""
    messages = [to_hf(message) for message in row["prompt"]]
    render = renderer(row, tokenizer)
    tokens, labels, done = [], [], ""

    def add(text: str, train: bool):
        piece = tokenizer(text, add_special_tokens=False)["input_ids"]
        tokens.extend(piece)
        labels.extend(piece if train else [IGNORED] * len(piece))

    for message in map(to_hf, row["completion"]):
        if message["role"] == "assistant":
            before = render(messages, True)
            after = render([*messages, message], False)
            if not before.startswith(done) or not after.startswith(before):
                raise ValueError("the chat template changes earlier turns when a later one is added")
            add(before[len(done) :], False)
            add(after[len(before) :].rstrip("\n"), True)  # ends with the end-of-turn token, where the student stops
            done = after.rstrip("\n")
        messages.append(message)
    opening = [message for message in row["prompt"][:1] if message["role"] == "system"]
    return Encoded(str(row.get("id", "")), json.dumps([opening, tools_of(row)]), tokens, labels)


def missing(row: dict, encoded: Encoded, tokenizer) -> str | None:
    """What the trained text lacks of the row's truth: a template that drops tool calls would otherwise train on nothing, in silence."""
    text = tokenizer.decode(encoded.trained)
    for message in row["completion"]:
        for call in message.get("toolCalls") or []:
            for value in [call["name"], *leaves(call["arguments"])]:
                if json.dumps(value, ensure_ascii=False) not in text and json.dumps(value) not in text:
                    return f"{json.dumps(value)} of {call['name']} is not in the trained text"
        if message["role"] == "assistant" and (message.get("content") or "").strip() not in text:
            return "the reply is not in the trained text"
    return None


def difference(row: dict, encoded: Encoded, tokenizer) -> str | None:
    """How the row's tokens and its loss mask differ from those of the whole conversation, rendered and cut in one piece.

    A server sees an earlier reply as a part of one long prompt: cut otherwise there, it would be another text than the one that was learned.
    Which tokens are the assistant's is told by their place in the text, which `encode` does not look at.
    """
    text, spans = conversation(row, tokenizer)
    if not spans:
        return None
    last = spans[-1][0]  # the last reply is not part of a prompt yet
    pieces = [(0, text[:last]), (last, text[last:])]
    cut = [(start, tokenizer(piece, add_special_tokens=False, return_offsets_mapping=True)) for start, piece in pieces]
    tokens = [token for _, piece in cut for token in piece["input_ids"]]
    places = [(start + begin, start + end) for start, piece in cut for begin, end in piece["offset_mapping"]]
    if tokens != encoded.tokens:
        at = len(commonprefix([tokens, encoded.tokens]))
        word = lambda ids: repr(tokenizer.decode(ids[at : at + 1]))
        return f"token {at} is {word(encoded.tokens)} in training and {word(tokens)} in the whole conversation"
    for at, ((start, end), label) in enumerate(zip(places, encoded.labels)):
        own = any(begin <= start and end <= stop for begin, stop in spans)
        if own != (label != IGNORED):
            return f"token {at}, {tokenizer.decode(encoded.tokens[at : at + 1])!r}, is {'the assistant' if own else 'somebody else'}'s and {'not ' if own else ''}trained"
    return None


def conversation(row: dict, tokenizer) -> tuple[str, list[tuple[int, int]]]:
    """The whole text up to the last reply, and from where to where in it the completion's replies stand, in characters."""
    render = renderer(row, tokenizer)
    messages, text, spans = [to_hf(message) for message in row["prompt"]], "", []
    for message in map(to_hf, row["completion"]):
        start = len(render(messages, True)) if message["role"] == "assistant" else None
        messages.append(message)
        if start is not None:
            text = render(messages, False).rstrip("\n")
            spans.append((start, len(text)))
    return text, spans


def leaves(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


WEIGHTS = {"tokens": 0.0, "root": 0.5, "replies": 1.0}


def weigh_replies(rows: list[Encoded], weigh: str) -> None:
    """Sets the weight of each trained token to its reply's length ** -power, scaled to a mean of 1 over all trained tokens.

    By tokens, short replies count little: where they are worded in many ways they are outvoted by calls and not learned. A row of
    several turns has several replies, and a question that opens it is a short one.
    """
    power = WEIGHTS[weigh]
    for row in rows:
        row.weights = []
        for trained, tokens in groupby(row.labels, lambda label: label != IGNORED):
            length = len(list(tokens))
            row.weights += [length**-power if trained else 0.0] * length
    mean = sum(sum(row.weights) for row in rows) / sum(len(row.trained) for row in rows)
    for row in rows:
        row.weights = [weight / mean for weight in row.weights]


def pack(rows: list[Encoded], share: bool = True) -> dict:
    """One sequence: input_ids, labels, weights, position_ids, and each token's row (0: the shared header)."""
    limit = min(row.prompt_length for row in rows) - 1  # the first trained token is predicted from its own row's last prompt token
    header = commonprefix([row.tokens for row in rows])[:limit] if share and len(rows) > 1 else []
    packed = {
        "input_ids": list(header),
        "labels": [IGNORED] * len(header),
        "weights": [0.0] * len(header),
        "position_ids": list(range(len(header))),
        "segments": [0] * len(header),
    }
    for number, row in enumerate(rows, 1):
        rest = len(row.tokens) - len(header)
        packed["input_ids"] += row.tokens[len(header) :]
        packed["labels"] += row.labels[len(header) :]
        packed["weights"] += (row.weights or [1.0] * len(row.tokens))[len(header) :]
        packed["position_ids"] += range(len(header), len(row.tokens))
        packed["segments"] += [number] * rest
    return packed


def epoch(rows: list[Encoded], pack_tokens: int, pack_rows: int, share: bool, seed: int) -> list[dict]:
    """All rows once, in a new order: rows of one group meet in packs of at most so many tokens and rows."""
    order = random.Random(seed)
    groups: dict[str, list[Encoded]] = {}
    for row in rows:
        groups.setdefault(row.group if share else "", []).append(row)
    packs = []
    for group in groups.values():
        order.shuffle(group)
        header = len(commonprefix([row.tokens for row in group])) if share else 0
        current, size = [], 0
        for row in group:
            rest = len(row.tokens) - header
            if current and (size + rest > pack_tokens or len(current) == pack_rows):
                packs.append(current)
                current, size = [], 0
            size = (size or header) + rest
            current.append(row)
        packs.append(current)
    order.shuffle(packs)
    return [pack(members, share) for members in packs]


def attention(segments):
    """Who sees whom, as (1, 1, length, length) booleans: the header, and what stands before in the same row."""
    import torch

    rows = torch.as_tensor(segments)
    seen = (rows[None, :] == 0) | (rows[None, :] == rows[:, None])
    return torch.tril(seen)[None, None]
