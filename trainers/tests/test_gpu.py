"""What a GPU changes, as far as it can be told without one: which attention, which number formats, and what is said where a part is missing."""

import importlib.util
from types import SimpleNamespace

import learning
import pytest
import torch
from conftest import error_code, train
from machine import Meter, peak
from transformers import utils


def session(device: str, half: bool, **params) -> learning.Session:
    made = learning.Session.__new__(learning.Session)
    made.device, made.half, made.job = device, half, SimpleNamespace(params=params)
    return made


@pytest.mark.parametrize(
    ("device", "half", "shares", "installed", "expected"),
    [
        ("cuda", True, False, True, "flash_attention_2"),
        ("cuda", True, True, True, "sdpa"),  # it knows no shared headers
        ("cuda", True, False, False, "sdpa"),
        ("cuda", False, False, True, "sdpa"),  # it computes in half precision alone
        ("cpu", False, False, True, "shared_header"),
    ],
)
def test_flash_attention_is_taken_where_it_is_installed_and_fits(monkeypatch, device, half, shares, installed, expected):
    monkeypatch.setattr(utils, "is_flash_attn_2_available", lambda: installed)
    assert session(device, half, shareHeaders=shares).attention == expected


def test_frozen_weights_are_bfloat16_where_the_gpu_has_it_and_those_that_learn_are_not(tiny):
    on_gpu = session("cuda", True, shareHeaders=True)
    kinds = [{weight.dtype for weight in on_gpu.model(tiny, frozen=frozen, attention="sdpa").parameters()} for frozen in (True, False)]
    assert kinds == [{torch.bfloat16}, {torch.float32}]


def test_qlora_without_its_package_says_what_to_install(write_job, monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *where: None if name == "bitsandbytes" else find(name, *where))
    assert train(write_job(params={"method": "qlora"})) == 2
    errors = capsys.readouterr().err
    assert error_code(errors) == "no-bitsandbytes" and "uv pip install" in errors


@pytest.mark.parametrize(("name", "teraflops"), [("NVIDIA H100 80GB HBM3", 989), ("NVIDIA H100 PCIe", 756), ("NVIDIA L40S", 362), ("NVIDIA L4", 121)])
def test_a_known_gpu_is_measured_against_its_data_sheet(monkeypatch, name, teraflops):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: name)
    peak.cache_clear()
    assert peak("cuda", True) == teraflops
    peak.cache_clear()


def test_utilisation_counts_forward_and_backward_of_each_token():
    model = torch.nn.ModuleDict({"embed_tokens": torch.nn.Linear(100, 100, bias=False), "frozen": torch.nn.Linear(10, 10, bias=False), "learns": torch.nn.Linear(10, 5, bias=False)})
    model["frozen"].requires_grad_(False)
    meter = Meter("cpu", False)
    meter.watch(model)
    assert meter.operations == 4 * 100 + 6 * 50
    used = meter.read(1e6, 1)["mfu"]
    assert used == pytest.approx(700 * 1e6 / (peak("cpu", False) * 1e12), rel=0.01)
    assert meter.read(1e6, 2)["mfu"] == pytest.approx(used / 2, rel=0.01)
