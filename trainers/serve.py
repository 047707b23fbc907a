"""Serve one GGUF model on a free loopback port:  python serve.py --model student.gguf --slots 4 --context 8192 --threads 2

OpenAI-compatible (embedded llama.cpp). Prints one JSON line {"url", "pid"} on stdout when it is ready, and nothing else there.
Ends when stdin reaches its end, so that it dies with its parent, and on SIGTERM.
Context is shared by the slots: 8192 with four slots leaves 2048 tokens for a request and its reply.
Exits   0 ended  ·  2 the model cannot be loaded
"""

import argparse
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from weights import say_error


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--context", type=int, default=8192)
    parser.add_argument("--threads", type=int, default=cores())
    args = parser.parse_args()
    # Ending at once is safe: nothing is written. Closing the server in order hangs while a request is in flight.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if not args.model.is_file():
        say_error("model-missing", f"There is no model {args.model}.")
        return 2
    answers = os.dup(1)  # llama.cpp logs to stdout: it gets stderr instead
    os.dup2(2, 1)
    server = start(args)
    if server is None:
        return 2
    os.write(answers, (json.dumps({"url": server.listening_address, "pid": os.getpid()}) + "\n").encode())
    while os.read(0, 4096):
        pass
    os._exit(0)


def cores() -> int:
    """The cores that this process may use: more threads than that wait for each other."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2


def start(args):
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(args.model)
    params.model_alias = {"student"}  # else /v1/models shows where the file lies
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = args.slots
    params.n_ctx = args.context
    params.cpuparams.n_threads = args.threads
    params.cpuparams_batch.n_threads = args.threads
    params.use_jinja = True
    params.cache_prompt = True
    params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE  # read, not memory-mapped: a busy machine takes mapped pages back
    params.n_gpu_layers = 99  # where the build has a GPU; none on the CPU wheels
    try:
        server = xllamacpp.Server(params)
        wait_until_healthy(server.listening_address)
        return server
    except (RuntimeError, TimeoutError) as error:
        say_error("model-unusable", f"llama.cpp could not load {args.model.name}: {error}")
        return None


def wait_until_healthy(url: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise TimeoutError(f"not healthy after {seconds} s")


if __name__ == "__main__":
    sys.exit(main())
