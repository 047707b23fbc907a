"""Attention over a pack, row by row: each row's queries meet the shared header and the row itself, and nothing else is computed.

Equal to one big mask (see rows.attention), which on a CPU computes the masked pairs too.
"""

from functools import lru_cache

import torch
from transformers import AttentionInterface

NAME = "shared_header"


def spans(segments: list[int]) -> list[tuple[int, int]]:
    """Where the header and then each row stand: [(0, 90), (90, 140), ...]; the header may be empty."""
    header = segments.count(0)
    found, start = [(0, header)], header
    for number in range(1, max(segments) + 1):
        length = segments.count(number)
        found.append((start, start + length))
        start += length
    return found


@lru_cache(maxsize=512)
def causal_after(header: int, length: int) -> torch.Tensor:
    return torch.ones(length, header + length, dtype=torch.bool).tril(header)


def attend(module, query, key, value, attention_mask, scaling=None, spans=None, **_):
    """Queries (1, heads, tokens, size) over keys and values (1, fewer heads, tokens, size). Written out: on a CPU torch's fused
    attention, with a mask of its own for each short row, takes about twice as long."""
    keys, values = key[0], value[0]
    shared = query.shape[1] // len(keys)
    queries = query[0].unflatten(0, (len(keys), shared))
    (_, header), *rows = spans

    def part(start: int, end: int, before: int):
        own = slice(start, end)
        own_keys, own_values = ((torch.cat([tensor[:, :before], tensor[:, own]], dim=1) if before else tensor[:, own]) for tensor in (keys, values))
        asked = queries[:, :, own].flatten(1, 2)
        scores = torch.bmm(asked, own_keys.transpose(1, 2)).unflatten(1, (shared, end - start)).float() * scaling
        weights = scores.masked_fill(~causal_after(before, end - start), -torch.inf).softmax(-1).to(value.dtype)
        return torch.bmm(weights.flatten(1, 2), own_values).unflatten(1, (shared, end - start)).flatten(0, 1)

    parts = [part(0, header, 0)] if header else []
    parts += [part(start, end, header) for start, end in rows]
    return torch.cat(parts, dim=1).transpose(0, 1)[None], None


AttentionInterface.register(NAME, attend)
