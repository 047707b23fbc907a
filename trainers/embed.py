"""Serve one embedding model on a free loopback port:  python embed.py --model FOLDER --threads 2

OpenAI-compatible: POST /v1/embeddings {"input": [texts]} gives unit vectors, the mean over a text's tokens. A text longer than the
model was trained for is cut. Prints one JSON line {"url", "pid"} on stdout when it is ready, and nothing else there.
Ends when stdin reaches its end, so that it dies with its parent, and on SIGTERM.
Exits   0 ended  ·  2 the model cannot be loaded
"""

import argparse
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from serve import cores
from weights import say_error

BATCH = 32  # texts of about the same length
LONGEST_BODY = 32 << 20  # bytes


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--threads", type=int, default=cores())
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    answers = os.dup(1)  # libraries may print: they get stderr
    os.dup2(2, 1)
    try:
        model = Model(args.model, args.threads)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        say_error("model-unusable", f"{args.model.name} could not be loaded: {error}")
        return 2
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(model))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.write(answers, (json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "pid": os.getpid()}) + "\n").encode())
    while os.read(0, 4096):
        pass
    os._exit(0)


class Model:
    """A folder with config.json, model.safetensors and tokenizer.json, as sentence-transformers writes it."""

    def __init__(self, folder: Path, threads: int):
        os.environ["HF_HUB_OFFLINE"] = "1"
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoModel

        torch.set_num_threads(threads)
        if not (folder / "config.json").is_file():
            raise OSError("there is no config.json in it")
        self.torch = torch
        self.model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        own = folder / "sentence_bert_config.json"
        longest = json.loads(own.read_text())["max_seq_length"] if own.is_file() else self.model.config.max_position_embeddings
        self.tokenizer.enable_truncation(longest)
        self.tokenizer.no_padding()
        self.lock = threading.Lock()

    def embed(self, texts: list[str]) -> tuple[list[list[float]], int]:
        """One unit vector a text, and the tokens of all. A text's vector hangs a little on its batch (rounding), never on its order."""
        encoded = self.tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i].ids))  # texts of one length share a batch: little padding
        vectors: list[list[float]] = [[]] * len(texts)
        with self.lock, self.torch.inference_mode():
            for at in range(0, len(order), BATCH):
                chosen = order[at : at + BATCH]
                for i, vector in zip(chosen, self.mean([encoded[i].ids for i in chosen]).tolist(), strict=True):
                    vectors[i] = vector
        return vectors, sum(len(each.ids) for each in encoded)

    def mean(self, ids: list[list[int]]):
        longest = max(map(len, ids))
        tokens = self.torch.tensor([each + [0] * (longest - len(each)) for each in ids])
        mask = self.torch.tensor([[1] * len(each) + [0] * (longest - len(each)) for each in ids])
        states = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state  # texts x tokens x width
        summed = (states * mask.unsqueeze(-1)).sum(1)
        return self.torch.nn.functional.normalize(summed, dim=1)  # the mean's length does not matter


def handler(model: Model) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.answer(200, {"status": "ok"}) if self.path == "/health" else self.answer(404, fault("no such page"))

        def do_POST(self):
            size = int(self.headers.get("content-length") or 0)
            if size > LONGEST_BODY:
                self.close_connection = True
                return self.answer(413, fault("the request is too long"))
            body = self.rfile.read(size)
            if self.path != "/v1/embeddings":
                return self.answer(404, fault("no such page"))
            try:
                texts = json.loads(body)["input"]
            except (ValueError, KeyError, TypeError):
                return self.answer(400, fault("`input` is missing"))
            texts = [texts] if isinstance(texts, str) else texts
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                return self.answer(400, fault("`input` is a text or a list of texts"))
            vectors, tokens = model.embed(texts)
            data = [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)]
            self.answer(200, {"object": "list", "data": data, "model": "embedder", "usage": {"prompt_tokens": tokens, "total_tokens": tokens}})

        def answer(self, status: int, value: dict):
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


def fault(message: str) -> dict:
    return {"error": {"message": message}}


if __name__ == "__main__":
    sys.exit(main())
