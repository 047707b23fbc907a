"""Rows as tokens: what is trained, and that sharing a header changes nothing but the time."""

import json

import pytest
import torch
from conftest import READ, WRITE, call_row
from transformers import AttentionInterface, AutoModelForCausalLM

from rows import IGNORED, encode, epoch, missing, pack, weigh_replies
from sft import seen_by
from shared_attention import NAME


def test_only_the_reply_is_trained(tokenizer):
    encoded = encode(call_row(0), tokenizer)
    assert tokenizer.decode(encoded.trained) == '<tool_call>\n{"name": "read_file", "arguments": {"path": "notes/a.txt", "head": 10}}\n</tool_call><|im_end|>'
    assert tokenizer.decode(encoded.tokens[: encoded.prompt_length]).endswith("<|im_start|>assistant\n")


def test_results_between_two_turns_are_not_trained(tokenizer):
    row = call_row(0)
    row["completion"] += [{"role": "tool", "toolCallId": "c1", "content": "the secret", "isError": False}, {"role": "assistant", "content": "It says so."}]
    text = tokenizer.decode(encode(row, tokenizer).trained)
    assert "the secret" not in text and text.endswith("</tool_call><|im_end|>It says so.<|im_end|>")


def test_a_template_that_drops_the_call_is_noticed(tokenizer):
    row = call_row(0)
    encoded = encode(row, tokenizer)
    assert missing(row, encoded, tokenizer) is None
    row["completion"][0]["toolCalls"][0]["arguments"]["path"] = "elsewhere"
    assert "elsewhere" in missing(row, encoded, tokenizer)


def test_rows_with_one_header_share_it(tokenizer):
    rows = [encode(call_row(i), tokenizer) for i in range(4)]
    shared, apart = pack(rows), pack(rows, share=False)
    assert len(shared["input_ids"]) < 0.6 * len(apart["input_ids"])
    assert sum(label != IGNORED for label in shared["labels"]) == sum(label != IGNORED for label in apart["labels"])


def test_an_epoch_holds_each_row_once_and_keeps_headers_apart(tokenizer):
    rows = [call_row(i) | ({"tools": [READ]} if i % 2 else {"tools": [READ, WRITE]}) for i in range(10)]
    encoded = [encode(row, tokenizer) for row in rows]
    packs = epoch(encoded, pack_tokens=10_000, pack_rows=4, share=True, seed=1)
    assert sum(max(packed["segments"]) for packed in packs) == 10
    assert len(packs) == 4  # five rows a header, at most four a pack
    assert epoch(encoded, 10_000, 4, True, 1) == packs


def varlen(module, query, key, value, attention_mask, scaling=None, cu_seq_lens_q=None, **_):
    """As flash attention treats a pack: each piece between two numbers of `cu_seq_lens_q` alone."""
    pieces = [slice(start, end) for start, end in zip(cu_seq_lens_q[:-1].tolist(), cu_seq_lens_q[1:].tolist())]
    grouped = {"is_causal": True, "scale": scaling, "enable_gqa": True}
    done = [torch.nn.functional.scaled_dot_product_attention(query[:, :, own], key[:, :, own], value[:, :, own], **grouped) for own in pieces]
    return torch.cat(done, dim=2).transpose(1, 2), None


AttentionInterface.register("varlen", varlen)


@pytest.mark.parametrize("how", [NAME, "sdpa", "varlen"])
def test_packed_rows_have_the_loss_and_gradients_of_separate_rows(tiny, tokenizer, how):
    rows = [encode(call_row(i), tokenizer) for i in range(4)]
    model = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32, attn_implementation=how)

    def loss_and_gradients(packs):
        model.zero_grad()
        total = 0.0
        for packed in packs:
            inputs = {key: torch.tensor([packed[key]]) for key in ("input_ids", "position_ids")}
            logits = model(**inputs, **seen_by(how, packed["segments"]), use_cache=False).logits[0, :-1]
            loss = torch.nn.functional.cross_entropy(logits, torch.tensor(packed["labels"][1:]), ignore_index=IGNORED, reduction="sum")
            loss.backward()
            total += loss.item()
        return total, torch.cat([weight.grad.flatten() for weight in model.parameters()])

    together, together_gradients = loss_and_gradients([pack(rows, share=how != "varlen")])
    apart, apart_gradients = loss_and_gradients([pack([row]) for row in rows])
    assert together == pytest.approx(apart, rel=1e-5)
    assert torch.allclose(together_gradients, apart_gradients, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("weigh", "power"), [("tokens", 1.0), ("root", 0.5), ("replies", 0.0)])
def test_a_reply_counts_as_a_power_of_its_length(tokenizer, weigh, power):
    short = call_row(0) | {"completion": [{"role": "assistant", "content": "Which file?"}]}
    rows = [encode(row, tokenizer) for row in (short, call_row(1))]
    weigh_replies(rows, weigh)
    sums, lengths = [sum(row.weights) for row in rows], [len(row.trained) for row in rows]
    assert sums[0] / sums[1] == pytest.approx((lengths[0] / lengths[1]) ** power)
    assert sum(sums) == pytest.approx(sum(lengths))


def test_the_replies_of_one_row_count_alike(tokenizer):
    talk = [("assistant", "Which?"), ("user", "That the lighthouse is about trust."), ("assistant", "You say that it is about trust, and so on and on and on.")]
    row = encode(call_row(0) | {"completion": [{"role": role, "content": content} for role, content in talk]}, tokenizer)
    weigh_replies([row], "replies")
    packed = pack([row])
    trained = [weight for weight, label in zip(packed["weights"], packed["labels"]) if label != IGNORED]
    question = trained.count(max(trained))
    assert question * max(trained) == pytest.approx((len(trained) - question) * min(trained))


def test_rows_from_the_product_survive_json(tokenizer):
    row = json.loads(json.dumps(call_row(1)))
    assert encode(row, tokenizer).id == "row-1"
