"""What the machine can do is one line of JSON that the doctor reads."""

import json

import machine


def test_the_line_names_device_memory_and_speed(capsys, monkeypatch):
    monkeypatch.setattr(machine, "SIZE", {"cpu": 64, "cuda": 64})
    monkeypatch.setattr(machine, "SECONDS", 0.01)
    machine.main()
    told = json.loads(capsys.readouterr().out)
    assert told["device"] in ("cpu", "cuda")
    assert told["dtype"] in ("bfloat16", "float32")
    assert told["tflops"] > 0
    assert told["memoryGb"] > 0
