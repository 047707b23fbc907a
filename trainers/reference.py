"""Serve weights with transformers, exactly and slowly, to hold other servers against:  python reference.py --model DIR [--adapter DIR]

Says what serve.py says and ends as it does, and answers /v1/chat/completions greedily, one request at a time, with the student's words as
they are: no call is read out of them. float32, on the CPU. --slots, --context and --threads are serve.py's; of these only threads counts.
Exits   0 ended  ·  2 the weights cannot be loaded
"""

import argparse
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from weights import say_error

ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<end_of_turn>", "</s>")  # llama.cpp ends a reply at any of them, eos or not


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--slots", type=int)
    parser.add_argument("--context", type=int)
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        student = Student(args.model, args.adapter, args.threads)
    except (OSError, ValueError, RuntimeError) as error:
        say_error("model-unusable", f"transformers could not load {args.model.name}: {error}")
        return 2
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(student))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_address[1]}", "pid": os.getpid()}), flush=True)
    while os.read(0, 4096):
        pass
    os._exit(0)


class Student:
    def __init__(self, model: Path, adapter: Path | None, threads: int | None):
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

        if threads:
            torch.set_num_threads(threads)
        self.tokenizer = AutoTokenizer.from_pretrained(model)
        lora = adapter is not None and (adapter / "adapter_config.json").exists()
        self.model = AutoModelForCausalLM.from_pretrained(model if lora or adapter is None else adapter, dtype=torch.float32)
        if lora:
            from peft import PeftModel

            self.model = PeftModel.from_pretrained(self.model, str(adapter))
        self.model.eval()
        known = self.tokenizer.get_vocab()
        ends = sorted({self.tokenizer.eos_token_id, *(known[end] for end in ENDS if end in known)})
        # nothing of a generation_config.json that came with the base: a repetition penalty would make another student of it
        self.model.generation_config = GenerationConfig(do_sample=False, eos_token_id=ends, pad_token_id=self.tokenizer.pad_token_id or ends[0])
        self.one_at_a_time = threading.Lock()

    def answer(self, body: dict) -> dict:
        import torch

        text = self.tokenizer.apply_chat_template(turns(body["messages"]), tools=body.get("tools"), tokenize=False, add_generation_prompt=True)
        prompt = self.tokenizer(text, add_special_tokens=False, return_tensors="pt")
        with self.one_at_a_time, torch.inference_mode():
            tokens = self.model.generate(**prompt, max_new_tokens=body.get("max_tokens", 256))[0, prompt["input_ids"].shape[1] :]
        message = {"role": "assistant", "content": self.tokenizer.decode(tokens, skip_special_tokens=True)}
        usage = {"prompt_tokens": prompt["input_ids"].shape[1], "completion_tokens": len(tokens)}
        return {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}


def turns(messages: list[dict]) -> list[dict]:
    """With the arguments of calls as objects, as training has them; over HTTP they are texts."""

    def call(given: dict) -> dict:
        function = given["function"]
        arguments = function["arguments"]
        return {"type": "function", "function": {**function, "arguments": json.loads(arguments) if isinstance(arguments, str) else arguments}}

    return [{**message, "tool_calls": [call(each) for each in message["tool_calls"]]} if message.get("tool_calls") else message for message in messages]


def handler(student: Student):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send(200 if self.path == "/health" else 404, {})

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                self.send(200, student.answer(json.loads(body)))
            except Exception as error:  # told to the client, which gives up after three of them
                self.send(500, {"error": {"message": f"{type(error).__name__}: {error}"}})

        def send(self, status: int, value: dict):
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    return Handler


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(main())
