"""Episodes written by vLLM servers, which get the adapter that learns before each step: on a GPU most of GRPO's time is writing.

A server is `VLLM_ALLOW_RUNTIME_LORA_UPDATING=True vllm serve BASE --enable-lora`, and sees the job's folder under the same path.
"""

import json
import shutil
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from job import Refused
from rollouts import ServerGone


class VllmWriter:
    def __init__(self, urls: list[str], folder: Path, params: dict, end: int):
        self.urls = [url.rstrip("/").removesuffix("/v1") for url in urls]
        self.folder, self.params, self.end = folder, params, end
        self.number, self.name = 0, None

    def renew(self, model) -> None:
        """Puts the adapter as it is now into every server, and takes the one before out."""
        self.number += 1
        before, self.name = self.name, f"whet-{self.folder.parent.parent.name}-{self.number}"
        path = self.folder / f"rollout-adapter-{self.number % 2}"
        shutil.rmtree(path, ignore_errors=True)
        model.save_pretrained(path, selected_adapters=["default"])
        for url in self.urls:
            self.load(url, path)
            if before:
                self.post(url, "unload_lora_adapter", {"lora_name": before})

    def load(self, url: str, path: Path) -> None:
        body = {"lora_name": self.name, "lora_path": str(path)}
        code, said = self.post(url, "load_lora_adapter", body)
        if "already been loaded" in said:  # by an earlier process of this job, with other weights
            self.post(url, "unload_lora_adapter", {"lora_name": self.name})
            code, said = self.post(url, "load_lora_adapter", body)
        if code == 404 and "adapter" not in said.lower():
            raise Refused("vllm-no-adapters", f"{url} loads no adapters. Start it with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True and --enable-lora.")
        if code >= 400:
            raise Refused("vllm-adapter-refused", f"{url} does not load the adapter (HTTP {code}): {said[:300]}. It has to see {path} under this very path, and to allow its rank (--max-lora-rank).")

    def write(self, prompts: list[list[int]]) -> list[list[int]]:
        """The next turn of each, sampled, in tokens: what the model wrote, with the token that ends it where it came to one."""
        parts = [prompts[start :: len(self.urls)] for start in range(len(self.urls))]
        with ThreadPoolExecutor(len(self.urls)) as pool:
            written = list(pool.map(self.ask, self.urls, parts))
        return [written[number % len(self.urls)][number // len(self.urls)] for number in range(len(prompts))]

    def ask(self, url: str, prompts: list[list[int]]) -> list[list[int]]:
        if not prompts:
            return []
        body = {
            "model": self.name, "prompt": prompts, "max_tokens": self.params["maxReplyTokens"], "temperature": self.params["temperature"],
            "top_p": 1.0, "top_k": -1, "stop_token_ids": [self.end], "return_token_ids": True,
        }  # fmt: skip
        code, said = self.post(url, "completions", body)
        if code >= 400:
            raise Refused("vllm-refused", f"{url} refuses to write (HTTP {code}): {said[:300]}")
        choices = sorted(json.loads(said)["choices"], key=lambda choice: choice["index"])
        if any("token_ids" not in choice for choice in choices):
            raise Refused("vllm-refused", f"{url} does not return tokens (return_token_ids): it is too old, or no vLLM.")
        return [tokens if choice["finish_reason"] != "stop" or self.end in tokens else [*tokens, self.end] for choice in choices for tokens in [choice["token_ids"]]]

    def close(self) -> None:
        for url in self.urls:
            try:
                self.post(url, "unload_lora_adapter", {"lora_name": self.name})
            except ServerGone:
                pass
        for number in (0, 1):
            shutil.rmtree(self.folder / f"rollout-adapter-{number}", ignore_errors=True)

    def post(self, url: str, name: str, body: dict) -> tuple[int, str]:
        request = urllib.request.Request(f"{url}/v1/{name}", json.dumps(body).encode(), {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=self.params["timeoutSeconds"]) as response:
                return response.status, response.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            if error.code >= 500:
                raise ServerGone(f"{url} answers with HTTP {error.code}") from error
            return error.code, error.read(2000).decode(errors="replace")
        except OSError as error:
            raise ServerGone(f"{url}: {type(error).__name__} {error}") from error
