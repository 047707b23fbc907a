"""Says as one line of JSON what this machine can learn with: device, memory and how fast it multiplies, measured in about a second."""

import json
import os
import time

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


def tflops(device: str, dtype: torch.dtype) -> float:
    """Products of two square matrices for half a second after a warm-up; one takes 2 n³ operations."""
    n = SIZE[device]
    a, b = (torch.randn(n, n, device=device).to(dtype) for _ in range(2))
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    for _ in range(3):
        a @ b
    wait()
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        a @ b
        wait()
        done += 1
    return done * 2 * n**3 / (time.perf_counter() - start) / 1e12


if __name__ == "__main__":
    main()
