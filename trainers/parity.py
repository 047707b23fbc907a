"""Compare the tokens of conversations in training, in servers and in an export:
python parity.py --base DIR --rows rows.jsonl --out parity.json [--export DIR] [--gguf f16=student-f16.gguf]...

A row is one of rows.py. Training is what `rows.encode` makes of it with the base's tokenizer, its loss mask included; the export is a folder
that export.py wrote; a GGUF file is served by serve.py with nothing else than itself, and asked to render and to cut.
Each file is also asked for the first reply of up to ten conversations that begin with a call, the call read by llama.cpp itself.
Writes  <out> {rows, tokens, trained, differences: [{where, row, what}], calls: {f16: {asked, called}}}, at most 20 differences
Exits   0 compared, whatever came out  ·  2 there is nothing to compare, or a file that llama.cpp does not load
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from rows import conversation, difference, encode, to_hf, tools_of
from weights import say_error

MOST = 20
MOST_CALLS, PATIENCE = 10, 120  # replies asked for, and seconds for each


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True, type=Path)
    parser.add_argument("--rows", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--export", type=Path)
    parser.add_argument("--gguf", action="append", default=[])
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.rows.read_text().splitlines() if line.strip()]
    if not rows:
        say_error("parity-no-rows", f"{args.rows.name} has no conversation to compare.")
        return 2
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(args.base)
    calls = {}
    result = compare(rows, tokenizer, AutoTokenizer.from_pretrained(args.export) if args.export else None, {})
    try:
        for name, file in (each.split("=", 1) for each in args.gguf):  # one after the other: two servers at once wait for each other
            print(f"comparing the tokens of {len(rows)} conversations with {name}", flush=True)
            with served(Path(file)) as url:
                result["differences"] += compare(rows, tokenizer, None, {name: url}, training=False)["differences"]
                calls[name] = called(rows, url)
    except NotServed as error:
        say_error("gguf-unusable", str(error))
        return 2
    args.out.write_text(json.dumps(result | {"differences": result["differences"][:MOST], "calls": calls}, indent=2) + "\n")
    return 0


class NotServed(Exception):
    pass


@contextmanager
def served(file: Path):
    """The address of a server of this one file, as long as the block lasts."""
    argv = [sys.executable, str(Path(__file__).with_name("serve.py")), "--model", str(file), "--slots", "1"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace") as server:
        log = Tail(server.stderr)
        line = server.stdout.readline()
        if not line:
            raise NotServed(f"llama.cpp does not load {file.name}: {log.last()}")
        try:
            yield json.loads(line)["url"]
        finally:
            server.stdin.close()


class Tail:
    """Reads a log to its end, so that a full pipe stops nobody, and remembers what it said last. Pieces of characters are in it too."""

    def __init__(self, stream):
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def _read(self, stream) -> None:
        for line in stream:
            self._lines = [*self._lines[-20:], line]

    def last(self) -> str:
        self._reader.join(10)
        return " ".join("".join(self._lines[-3:]).split())


def compare(rows: list[dict], tokenizer, exported, servers: dict[str, str], training: bool = True) -> dict:
    """`exported`: the tokenizer of an export; `servers`: addresses by name."""
    differences, tokens, trained = [], 0, 0
    for row in rows:
        encoded = encode(row, tokenizer)
        tokens += len(encoded.tokens)
        trained += len(encoded.trained)
        found = {"training": difference(row, encoded, tokenizer) if training else None}
        if exported:
            found["export"] = None if encode(row, exported) == encoded else "the exported tokenizer makes other tokens of it"
        for name, url in servers.items():
            found[name] = in_server(row, encoded.tokens, tokenizer, url)
        differences += [{"where": where, "row": encoded.id, "what": what} for where, what in found.items() if what]
    return {"rows": len(rows), "tokens": tokens, "trained": trained, "differences": differences}


def in_server(row: dict, tokens: list[int], tokenizer, url: str) -> str | None:
    """Each prompt that the server would see in this conversation must be a beginning of the trained tokens, and the last reply their end."""
    messages = [to_hf(message) for message in row["prompt"]]
    tools = tools_of(row)
    for message in map(to_hf, row["completion"]):
        if message["role"] == "assistant":
            body = {"messages": list(map(over_http, numbered(messages)))} | ({"tools": tools, "tool_choice": "none"} if tools else {})  # as students are asked
            prompt = cut(url, post(f"{url}/apply-template", body)["prompt"])
            if prompt != tokens[: len(prompt)]:
                return f"the prompt of {len(messages)} messages is {len(prompt)} other tokens there"
        messages.append(message)
    text, spans = conversation(row, tokenizer)
    return None if prompt + cut(url, text[spans[-1][0] :]) == tokens else "the last reply is cut into other tokens there"


def called(rows: list[dict], url: str) -> dict:
    """In how many replies to requests for a call llama.cpp's own reader finds one: what any client of the file gets, right or wrong.

    Its grammar makes a student that rambles slow: after one reply that does not come the others are not asked for, and not counted.
    """
    asked, found = 0, 0
    for row in [row for row in rows if row["completion"][0].get("toolCalls")][:MOST_CALLS]:
        messages = list(map(over_http, numbered([to_hf(message) for message in row["prompt"]])))
        body = {"messages": messages, "tools": tools_of(row), "temperature": 0, "max_tokens": 128}
        try:
            reply = post(f"{url}/v1/chat/completions", body, timeout=PATIENCE)
            found += bool(reply["choices"][0]["message"].get("tool_calls"))
        except urllib.error.HTTPError:  # words that its reader gives up on
            pass
        except TimeoutError:
            break
        asked += 1
    return {"asked": asked, "called": found}


def cut(url: str, text: str) -> list[int]:
    return post(f"{url}/tokenize", {"content": text, "parse_special": True})["tokens"]


def numbered(messages: list[dict]):
    """Calls and their results with ids, which a server asks for and no template shows."""
    waiting = []
    for at, message in enumerate(messages):
        if message.get("tool_calls"):
            waiting = [f"call_{at}_{number}" for number in range(len(message["tool_calls"]))]
            yield {**message, "tool_calls": [{**call, "id": name} for call, name in zip(message["tool_calls"], waiting)]}
        elif message["role"] == "tool":
            yield {**message, "tool_call_id": waiting.pop(0) if waiting else f"call_{at}"}
        else:
            yield message


def over_http(message: dict) -> dict:
    as_text = lambda call: {**call, "function": {**call["function"], "arguments": json.dumps(call["function"]["arguments"], ensure_ascii=False)}}
    return {**message, "tool_calls": [as_text(call) for call in message["tool_calls"]]} if message.get("tool_calls") else message


def post(url: str, body: dict, timeout: float = 600) -> dict:
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}), timeout=timeout) as answer:
        return json.load(answer)


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(main())
