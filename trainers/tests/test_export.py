"""What export writes: the merged weights are PEFT's own, and what it cannot write it refuses."""

import json
import shutil

import numpy as np
import torch
from conftest import error_code, run
from gguf import GGUFReader
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from export import merged


def test_a_lora_adapter_is_merged_as_peft_merges_it(tiny, tmp_path):
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32), LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", init_lora_weights=False)
    )
    model.save_pretrained(tmp_path / "adapter")
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
