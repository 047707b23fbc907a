"""What export writes: the merged weights are PEFT's own, and what it cannot write it refuses."""

import json
import shutil

import numpy as np
import torch
from conftest import error_code, run
from gguf import GGUFReader
from peft import LoraConfig, get_peft_model
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

import merging
from merging import merged


def test_a_lora_adapter_is_merged_as_peft_merges_it(tiny, tmp_path):
    model = lora(tiny, tmp_path / "adapter")
    expected = model.merge_and_unload().state_dict()
    weights = dict(merged(tiny, tmp_path / "adapter"))
    assert set(weights) == set(expected) - {"lm_head.weight"}
    for name, weight in weights.items():
        assert np.allclose(weight, expected[name].numpy(), atol=1e-6), name


def test_the_file_carries_tokenizer_and_template(tiny, tmp_path):
    assert run("export.py", "--base", tiny, "--out", tmp_path / "tiny.gguf")[0] == 0
    fields = GGUFReader(tmp_path / "tiny.gguf").fields
    assert fields["tokenizer.ggml.pre"].contents() == "smollm"
    assert fields["tokenizer.chat_template"].contents() == (tiny / "chat_template.jinja").read_text()
    assert [file.name for file in tmp_path.iterdir()] == ["tiny.gguf"]  # no temporary file is left


def test_other_architectures_are_refused(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "other")
    config = json.loads((tiny / "config.json").read_text()) | {"architectures": ["GPT2LMHeadModel"]}
    (tmp_path / "other" / "config.json").write_text(json.dumps(config))
    status, errors = run("export.py", "--base", tmp_path / "other", "--out", tmp_path / "x.gguf")
    assert (status, error_code(errors)) == (2, "export-unusable")
    assert not (tmp_path / "x.gguf").exists()


def lora(tiny, out, **config):
    torch.manual_seed(0)
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32), LoraConfig(r=4, lora_alpha=8, init_lora_weights=False, **{"target_modules": "all-linear"} | config)
    )
    model.save_pretrained(out)
    return model


def test_the_merged_folder_loads_by_itself_and_answers_as_the_adapter_does(tiny, tmp_path):
    adapted = lora(tiny, tmp_path / "adapter")
    assert run("export.py", "--base", tiny, "--adapter", tmp_path / "adapter", "--out", tmp_path / "merged", "--type", "safetensors")[0] == 0
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    tokens = torch.arange(3, 40)[None]
    with torch.inference_mode():
        assert torch.allclose(loaded(tokens).logits, adapted(tokens).logits, atol=1e-4)
    template = (tiny / "chat_template.jinja").read_text()
    assert AutoTokenizer.from_pretrained(tmp_path / "merged").chat_template == template
    assert json.loads((tmp_path / "merged" / "tokenizer_config.json").read_text())["chat_template"] == template


def test_large_weights_are_written_in_shards(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(merging, "SHARD", 100_000)
    (tmp_path / "merged").mkdir()
    merging.write_folder(tiny, None, tmp_path / "merged")
    assert len(list((tmp_path / "merged").glob("model-*-of-*.safetensors"))) > 2
    whole, sharded = (AutoModelForCausalLM.from_pretrained(folder).state_dict() for folder in (tiny, tmp_path / "merged"))
    assert all(torch.equal(whole[name], sharded[name]) for name in whole)


def test_a_published_adapter_names_its_base_and_no_machine(tiny, tmp_path):
    lora(tiny, tmp_path / "adapter")
    assert run("export.py", "--base", tiny, "--adapter", tmp_path / "adapter", "--out", tmp_path / "out", "--type", "adapter", "--base-name", "org/base")[0] == 0
    assert json.loads((tmp_path / "out" / "adapter_config.json").read_text())["base_model_name_or_path"] == "org/base"
    assert str(tiny) not in "".join(file.read_text() for file in (tmp_path / "out").glob("*.json"))


def test_an_adapter_that_merging_does_not_reach_is_refused(tiny, tmp_path):
    lora(tiny, tmp_path / "adapter", target_modules=["embed_tokens", "q_proj"])
    status, errors = run("export.py", "--base", tiny, "--adapter", tmp_path / "adapter", "--out", tmp_path / "x.gguf")
    assert (status, error_code(errors)) == (2, "export-unusable")
    assert not (tmp_path / "x.gguf").exists()


def test_a_second_copy_of_a_tied_head_is_left_out(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "base")
    arrays = load_file(tiny / "model.safetensors")
    save_file(arrays | {"lm_head.weight": np.zeros_like(arrays["model.embed_tokens.weight"])}, tmp_path / "base" / "model.safetensors")
    assert "lm_head.weight" not in dict(merged(tmp_path / "base", None))
