"""Episodes in tokens: what the model wrote stays as it wrote it, what a tool answered is never trained."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from conftest import READ

from job import Refused
from rollouts import Environments, Episode, ServerGone, between, go_on, opening_tokens, play
from rows import to_hf
from vllm_writer import VllmWriter

CALL = {"id": "c1", "name": "read_file", "arguments": {"path": "a.txt"}}
TOOL = {"role": "tool", "toolCallId": "c1", "content": "the secret", "isError": False}
PARAMS = {"maxTokens": 2000, "maxReplyTokens": 16}


def test_an_episode_reads_as_the_chat_template_writes_it(tokenizer):
    opened = {"messages": [{"role": "user", "content": "Read a.txt"}], "tools": [READ]}
    episode = Episode("e1", opening_tokens(opened, tokenizer))
    turn = {"role": "assistant", "content": "", "toolCalls": [CALL]}
    tools = [{"type": "function", "function": READ}]
    said = tokenizer.apply_chat_template([to_hf(message) for message in [*opened["messages"], turn]], tools=tools, tokenize=False).rstrip("\n")
    own = tokenizer(said[len(tokenizer.decode(episode.prompt)) :], add_special_tokens=False)["input_ids"]
    episode.completion, episode.own = list(own), [1] * len(own)
    go_on(episode, {"over": False, "messages": [TOOL]}, tokenizer, PARAMS)
    whole = tokenizer.apply_chat_template([to_hf(message) for message in [*opened["messages"], turn, TOOL]], tools=tools, tokenize=False, add_generation_prompt=True)
    assert tokenizer.decode(episode.tokens) == whole
    trained = [token for token, mine in zip(episode.completion, episode.own) if mine]
    assert trained == own and "the secret" not in tokenizer.decode(trained)
    assert len(episode.own) == len(episode.completion)


def test_two_results_of_one_turn_stand_in_one_answer(tokenizer):
    assert between([TOOL, TOOL], tokenizer).count("<|im_start|>user") == 1


def test_an_episode_ends_where_it_is_told_or_where_there_is_no_room(tokenizer):
    told, full = Episode("e1", [1, 2]), Episode("e2", [1] * 1990)
    go_on(told, {"over": True, "messages": [TOOL]}, tokenizer, PARAMS)
    go_on(full, {"over": False, "messages": [TOOL]}, tokenizer, PARAMS)
    assert told.over and full.over and told.completion == full.completion == []


def test_without_environments_training_stops_with_words(tmp_path, monkeypatch):
    monkeypatch.setattr("rollouts.TRIES", (0.0, 0.0))
    with pytest.raises(ServerGone, match="open"):
        Environments(tmp_path / "reward.json", 1).post("open", {"items": ["a"]})
    (tmp_path / "reward.json").write_text(json.dumps({"url": "http://127.0.0.1:9", "token": "t"}))
    with pytest.raises(ServerGone):
        Environments(tmp_path / "reward.json", 1).post("open", {"items": ["a"]})


class Vllm(BaseHTTPRequestHandler):
    """As vLLM answers. Each prompt is continued by its own last token and the end."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = self.path.removeprefix("/v1/")
        self.server.asked.append((name, body))
        status, said = getattr(self, name)(body)
        data = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def load_lora_adapter(self, body):
        if self.server.blind:
            return 404, {"error": {"message": f"No adapter found for {body['lora_path']}"}}
        if body["lora_name"] in self.server.adapters:
            return 400, {"error": {"message": f"The lora adapter '{body['lora_name']}' has already been loaded."}}
        self.server.adapters[body["lora_name"]] = open(f"{body['lora_path']}/weights").read()
        return 200, "Success"

    def unload_lora_adapter(self, body):
        self.server.adapters.pop(body["lora_name"], None)
        return 200, "Success"

    def completions(self, body):
        if body["model"] not in self.server.adapters:
            return 404, {"error": {"message": "no such model"}}
        return 200, {"choices": [{"index": i, "finish_reason": "stop", "token_ids": [prompt[-1]]} for i, prompt in enumerate(body["prompt"])][::-1]}

    def log_message(self, *_):
        pass


@pytest.fixture
def vllms():
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Vllm) for _ in range(2)]
    for server in servers:
        server.asked, server.adapters, server.blind = [], {}, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()


def writer(vllms, folder) -> VllmWriter:
    urls = [f"http://127.0.0.1:{server.server_address[1]}/v1" for server in vllms]
    return VllmWriter(urls, folder, PARAMS | {"temperature": 1.0, "timeoutSeconds": 5}, end=2)


def model_of(weights: str):
    def save_pretrained(folder, selected_adapters):
        folder.mkdir(parents=True)
        (folder / "weights").write_text(weights)

    return SimpleNamespace(save_pretrained=save_pretrained)


def test_vllm_servers_write_with_the_newest_adapter_and_keep_no_older_one(vllms, tmp_path):
    student = writer(vllms, tmp_path)
    for weights in ("one", "two", "three"):
        student.renew(model_of(weights))
        assert student.write([[5], [6], [7]]) == [[5, 2], [6, 2], [7, 2]]  # in their order, the end that vLLM leaves out put back
        assert [list(server.adapters.values()) for server in vllms] == [[weights], [weights]]
    shares = [len(body["prompt"]) for server in vllms for name, body in server.asked if name == "completions"]
    assert shares == [2, 2, 2, 1, 1, 1]
    student.close()
    assert [server.adapters for server in vllms] == [{}, {}] and not list(tmp_path.iterdir())


def test_a_job_that_begins_again_puts_its_own_weights_under_a_name_that_is_taken(vllms, tmp_path):
    writer(vllms, tmp_path).renew(model_of("before the crash"))
    writer(vllms, tmp_path).renew(model_of("after it"))
    assert [list(server.adapters.values()) for server in vllms] == [["after it"], ["after it"]]


def test_a_vllm_server_that_does_not_see_the_adapter_is_told_as_such_and_one_that_is_gone_too(vllms, tmp_path):
    vllms[1].blind = True
    with pytest.raises(Refused, match="under this very path"):
        writer(vllms, tmp_path).renew(model_of("one"))
    gone = VllmWriter(["http://127.0.0.1:9"], tmp_path, PARAMS | {"timeoutSeconds": 1}, end=2)
    with pytest.raises(ServerGone):
        gone.renew(model_of("one"))


def test_what_vllm_wrote_is_what_is_trained(vllms, tmp_path, tokenizer):
    """Each turn of the episode is asked with all tokens so far, as they were written."""
    student = writer(vllms[:1], tmp_path)
    student.end = tokenizer.eos_token_id
    student.renew(model_of("one"))
    answers = iter([{"over": False, "messages": [TOOL]}, {"over": True, "messages": []}])
    said = {
        "open": lambda body: {"episodes": [{"episode": "e1", "messages": [{"role": "user", "content": "Read a.txt"}], "tools": [READ]}]},
        "call": lambda body: {"results": [next(answers)]},
        "grade": lambda body: {"grades": [{"reward": 1.0}]},
        "close": lambda body: {},
    }
    environments = SimpleNamespace(post=lambda name, body: said[name](body))
    played = play(["a"], student.write, tokenizer, environments, PARAMS)
    (prompt,), (completion,), (own,) = played["prompt_ids"], played["completion_ids"], played["env_mask"]
    asked = [body["prompt"][0] for name, body in vllms[0].asked if name == "completions"]
    assert asked[0] == prompt and len(asked) == 2 and asked[1] == (prompt + completion)[: len(asked[1])]
    assert [token for token, mine in zip(completion, own) if mine] == [prompt[-1], student.end, asked[1][-1], student.end]
