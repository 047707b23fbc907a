"""A random BERT of a few thousand weights, served: one unit vector a text, whatever stands beside it."""

import json
import math
import subprocess
import urllib.error
import urllib.request

import pytest
from conftest import error_code, start

WORDS = ["otter", "heron", "reeds", "sleep", "in", "the"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("models") / "bert"
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 64}
    BertModel(BertConfig(vocab_size=len(SPECIAL + WORDS), **sizes)).save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(SPECIAL + WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 16}))
    return folder


@pytest.fixture(scope="module")
def server(model):
    process = start("embed.py", "--model", model, "--threads", 1, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield json.loads(process.stdout.readline())["url"]
    process.stdin.close()
    assert process.wait(10) == 0


def post(url: str, body) -> dict:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/embeddings", data, {"Content-Type": "application/json"}), timeout=60) as answer:
        return json.load(answer)


def vectors(url: str, texts) -> list[list[float]]:
    return [each["embedding"] for each in post(url, {"input": texts, "model": "any"})["data"]]


def cosine(a, b) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def test_a_text_has_one_unit_vector_whatever_stands_beside_it(server):
    texts = [" ".join(WORDS[i % 6] for i in range(n)) for n in range(1, 60)]  # more than a batch, of every length
    together = vectors(server, texts)
    for text, vector in zip(texts[::7], together[::7], strict=True):
        assert math.isclose(math.hypot(*vector), 1, abs_tol=1e-5)
        assert cosine(vector, vectors(server, text)[0]) > 0.9999


def test_a_text_that_is_too_long_is_cut_where_the_model_ends(server):
    long, longer, other = vectors(server, ["otter " * 14, "otter " * 14 + "heron " * 50, "heron " * 14])
    assert cosine(long, longer) > 0.9999
    assert cosine(long, other) < 0.9999


def test_tokens_are_counted(server):
    assert post(server, {"input": ["otter sleep", "reeds"]})["usage"]["prompt_tokens"] == 2 * 2 + 3


@pytest.mark.parametrize("body", [b"{", b'{"texts": []}', b'{"input": [1]}', b"[]"])
def test_a_request_without_texts_is_refused_and_the_server_goes_on(server, body):
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(server, body)
    assert refused.value.code == 400
    assert len(vectors(server, ["otter"])) == 1


def test_a_folder_without_a_model_is_told(tmp_path):
    process = start("embed.py", "--model", tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert error_code(errors) == "model-unusable"
