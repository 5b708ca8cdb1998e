"""Servers of other makers, by `base_url` alone: the loopback server behaves as each of them does."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agraph.compiler import ir
from agraph.compiler.types import INT, STR, Record
from agraph.runtime.errors import ModelError
from agraph.runtime.events import Asked, Event
from agraph.runtime.frame import Row
from agraph.runtime.models.anthropic import open_anthropic
from agraph.runtime.models.profiles import PROFILES, UNKNOWN
from agraph.runtime.models.protocol import Usage
from agraph.runtime.plan import deployed
from agraph.runtime.session import Outcome, Session
from agraph.testing import Behaviour, MessagesServer, ReceivedRequest, status, text
from tests.commands import in_new_process
from tests.graphs import call, graph, model, node

ANSWER = Record("Answer", (("n", INT), ("why", STR)))

VALUE = '{"n": 4, "why": "sum"}'

Server = Callable[[ReceivedRequest], Behaviour]


def ignores_schemas(request: ReceivedRequest) -> Behaviour:
    """As llama.cpp, Ollama and SGLang do: JSON comes only where the words ask for it; usage is left out."""
    asked = "JSON" in f"{request.body.get('system')}{request.prompt}"
    return text(VALUE if asked else "It is 4, I think.", usage=None)


def holds_to_schemas(request: ReceivedRequest) -> Behaviour:
    """As vLLM and LiteLLM do."""
    return text(VALUE if "output_config" in request.body else "It is 4, I think.")


def refuses_adaptive_thinking(request: ReceivedRequest) -> Behaviour:
    """As SGLang does."""
    if request.body.get("thinking") == {"type": "adaptive"}:
        return status(400, "thinking.type: adaptive is not supported")
    return ignores_schemas(request)


def run(
    behave: Server, path: str = "", system: str | None = None, **options: Any
) -> tuple[Outcome, list[ReceivedRequest], list[Event]]:
    events: list[Event] = []

    async def outcome() -> tuple[Outcome, list[ReceivedRequest], list[Event]]:
        async with MessagesServer(behave) as messages:
            local = model("local", "anthropic", "qwen3", base_url=messages.base_url + path, **options)
            work = call("2 + 2?", system=None if system is None else (system,))
            of = graph([node("end", work, type=ANSWER)], models=[local], type_=ANSWER)
            async with Session(of, listener=events.append) as session:
                return await session.run(deployed(of), Row("1", {})), messages.requests, events

    return asyncio.run(outcome())


@pytest.mark.parametrize("path", ["", "/v1"])
@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("llama.cpp", ignores_schemas),
        ("ollama", ignores_schemas),
        ("lmstudio", ignores_schemas),
        ("sglang", refuses_adaptive_thinking),
        ("vllm", holds_to_schemas),
        ("litellm", holds_to_schemas),
        (None, ignores_schemas),
    ],
)
def test_a_typed_reply_comes_at_once_from_every_server(
    monkeypatch: pytest.MonkeyPatch, name: str | None, server: Server, path: str
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    options: dict[str, Any] = {} if name is None else {"server": name}
    outcome, (request,), _ = run(server, path, **options)
    assert outcome.value == json.loads(VALUE)
    assert request.path == "/v1/messages"
    profile = UNKNOWN if name is None else PROFILES[name]
    assert ("output_config" in request.body) is profile.structured_output
    assert ("system" in request.body) is not profile.structured_output
    assert "cache_control" not in str(request.body)


def test_the_schema_stands_after_the_system_text_and_in_the_event() -> None:
    _, (request,), events = run(ignores_schemas, system="Be brief.")
    (asked,) = [event for event in events if isinstance(event, Asked)]
    assert asked.request.system == "Be brief."
    assert asked.request.addition is not None
    assert request.body["system"] == f"Be brief.\n\n{asked.request.addition}"
    assert request.prompt == "2 + 2?", "the prompt is what is written"


def test_one_that_holds_to_no_schema_though_it_is_said_to_is_mended_by_asking_again() -> None:
    outcome, requests, _ = run(ignores_schemas, server="vllm")
    assert outcome.value == json.loads(VALUE)
    assert len(requests) == 2


def test_usage_that_a_server_leaves_out_is_unknown() -> None:
    outcome, _, _ = run(ignores_schemas)
    assert outcome.usage == Usage(1, None, None, None, None, None)


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [("ollama", "tool_choice", {"type": "any"}), ("sglang", "thinking", {"type": "adaptive"})],
)
def test_an_option_that_the_server_does_not_take_is_refused_before_a_call(
    name: str, option: str, value: ir.Json
) -> None:
    options: dict[str, Any] = {"server": name, option: value}
    with pytest.raises(ModelError, match=f"`{name}`.*`{option}`"):
        open_anthropic(model("local", "anthropic", "qwen3", base_url="http://localhost:1", **options))


def test_an_unknown_kind_of_server_is_told() -> None:
    with pytest.raises(ModelError, match="there is no `server` `olama`; did you mean `ollama`"):
        open_anthropic(model("local", "anthropic", "x", base_url="http://localhost:1", server="olama"))


def test_a_server_of_the_environment_is_taken_for_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://localhost:1/v1")
    profile = open_anthropic(model("m", "anthropic", "x")).profile
    assert (profile.structured_output, profile.prompt_caching) == (True, False)


def test_what_stands_beside_the_prompt_is_shown_in_its_own_place(tmp_path: Path) -> None:
    with MessagesServer(ignores_schemas) as server:
        (tmp_path / "g.agraph").write_text(
            f"agraph 1\n\ntype Answer {{ n: int, why: str }}\n\n"
            f'model local = anthropic("qwen3", base_url = "{server.base_url}")\n\n'
            'graph g(q: str) -> Answer {\n  node a "Answers." -> Answer {\n    model = local\n'
            '    prompt = "{{ q }}"\n  }\n  output a\n}\n'
        )
        finished = in_new_process("run", tmp_path / "g.agraph", "-i", "q=2 + 2?", "--show-prompts")
    assert finished.code == 0, finished
    (request,) = server.requests
    shown = finished.err.split("--- ")
    assert f"beside the prompt, for a server without structured output\n{request.body['system']}\n" in shown
    assert "user\n2 + 2?\n" in shown
    assert "output schema" not in finished.err
