"""Attention over a pack, row by row: each row's queries meet the shared header and the row itself, and nothing else is computed.

Equal to one big mask (see rows.attention), which on a CPU computes the masked pairs too.
"""

from functools import lru_cache

import torch
from torch.nn.functional import scaled_dot_product_attention
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
    repeat = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(repeat, dim=1), value.repeat_interleave(repeat, dim=1)
    (_, header), *rows = spans
    parts = [scaled_dot_product_attention(query[:, :, :header], key[:, :, :header], value[:, :, :header], is_causal=True, scale=scaling)] if header else []
    for start, end in rows:
        seen = (torch.cat([tensor[:, :, :header], tensor[:, :, start:end]], dim=2) if header else tensor[:, :, start:end] for tensor in (key, value))
        parts.append(scaled_dot_product_attention(query[:, :, start:end], *seen, attn_mask=causal_after(header, end - start), scale=scaling))
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous(), None


AttentionInterface.register(NAME, attend)
