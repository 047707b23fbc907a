"""Says as one line of JSON what this machine can learn with: device, memory and how fast it multiplies, measured in about a second.
Trainers measure themselves against that."""

import json
import os
import resource
import sys
import time
from functools import lru_cache

import torch

SIZE = {"cpu": 1024, "cuda": 8192}
SECONDS = 0.5


def main() -> None:
    cuda = torch.cuda.is_available()
    device = "cuda" if cuda else "cpu"
    half = torch.cuda.is_bf16_supported() if cuda else multiplies_bf16()
    print(
        json.dumps(
            {
                "device": device,
                "name": torch.cuda.get_device_name(0) if cuda else "",
                "memoryGb": round((torch.cuda.get_device_properties(0).total_memory if cuda else memory()) / 1e9, 1),
                "dtype": "bfloat16" if half else "float32",
                "tflops": float(f"{tflops(device, torch.bfloat16 if half else torch.float32):.3g}"),
            }
        )
    )


def multiplies_bf16() -> bool:
    """Whether this processor has instructions for bfloat16; without them it is emulated, slower than float32."""
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)


def memory() -> int:
    """Bytes that this process may use: a container's limit where it is below the machine's memory."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(limit) as file:
                total = min(total, int(file.read()))
        except (OSError, ValueError):
            pass
    return total


# Dense bfloat16 TFLOP/s of the makers' data sheets; the first name that is in a GPU's own counts
PEAKS = {"GB200": 2500, "B200": 2250, "H200": 989, "H100 PCIe": 756, "H100 NVL": 835, "H100": 989, "A100": 312, "L40S": 362, "L4": 121, "A10": 125, "RTX 4090": 165, "RTX 3090": 71}


class Meter:
    """How much of this machine a training takes."""

    def __init__(self, device: str, half: bool):
        self.device, self.half, self.operations = device, half, 0

    def watch(self, model) -> None:
        """Reckons the operations of a token: forward and backward are 2 and 4 for each weight that learns, 2 and 2 for one that stays
        (Kaplan et al. 2020). Embedding and output head are left out, since few positions are projected: what is told is a lower bound."""
        for name, weight in model.named_parameters():
            if not any(part in name for part in ("embed_tokens", "lm_head", ".ref.")):  # a reference that stands beside what learns
                # four bits are kept two to a byte
                self.operations += weight.numel() * (2 if weight.dtype == torch.uint8 else 1) * (6 if weight.requires_grad else 4)
        peak(self.device, self.half)  # before the clock of the training runs

    def read(self, tokens_per_second: float, devices: int) -> dict:
        """Model FLOPs utilisation, 0 to 1, and the most memory that this process has held, GB."""
        mfu = tokens_per_second * self.operations / (peak(self.device, self.half) * 1e12 * devices)
        return {"mfu": float(f"{mfu:.3g}"), "peakMemoryGb": round(peak_memory(self.device) / 1e9, 3)}


@lru_cache
def peak(device: str, half: bool) -> float:
    """TFLOP/s of one device at its best: of the data sheet for a GPU that is known, else measured."""
    if device == "cuda" and half:
        name = torch.cuda.get_device_name()
        for known, speed in PEAKS.items():
            if known in name:
                return speed
    return tflops(device, torch.bfloat16 if half else torch.float32, 0.1)


def peak_memory(device: str) -> int:
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def tflops(device: str, dtype: torch.dtype, seconds: float | None = None) -> float:
    """Products of two square matrices for half a second after a warm-up; one takes 2 n³ operations."""
    seconds = SECONDS if seconds is None else seconds
    n = SIZE[device]
    a, b = (torch.randn(n, n, device=device).to(dtype) for _ in range(2))
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    for _ in range(3):
        a @ b
    wait()
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        a @ b
        wait()
        done += 1
    return done * 2 * n**3 / (time.perf_counter() - start) / 1e12


if __name__ == "__main__":
    main()
