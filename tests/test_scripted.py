"""Scripted replies: which line serves, and what is wrong with a script."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agraph.runtime.errors import ModelError
from agraph.runtime.models.protocol import Reply, Request, ToolCall, Turn
from agraph.runtime.models.scripted import Scripted, open_scripted
from tests.graphs import model


def script(folder: Path, *lines: str) -> Scripted:
    (folder / "replies.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return open_scripted(model("m", "scripted", "replies.jsonl", origin=str(folder / "g.agraph")))


def ask(
    scripted: Scripted, node: str = "n", row: str = "1", prompt: str = "hi", system: str | None = None
) -> Reply:
    request = Request(system, (Turn("user", prompt),), (), None, node, row)
    return asyncio.run(scripted.ask(request))


def test_lines_are_used_in_order_afresh_for_each_node_and_row(tmp_path: Path) -> None:
    scripted = script(tmp_path, '{"reply": "one"}', "", '{"reply": "two"}')
    assert [ask(scripted).text, ask(scripted).text] == ["one", "two"]
    assert ask(scripted, node="other").text == "one"
    assert ask(scripted, row="2").text == "one"
    with pytest.raises(ModelError, match=r"`replies.jsonl` has no reply left for node `n`; 2 were used"):
        ask(scripted)


def test_a_line_serves_where_it_says(tmp_path: Path) -> None:
    scripted = script(
        tmp_path,
        '{"node": "judge", "reply": "by node"}',
        '{"node": "pro", "reply": "by family"}',
        '{"row": 7, "reply": "by row"}',
        '{"contains": "water", "reply": "by prompt"}',
    )
    assert ask(scripted, node="judge").text == "by node"
    assert ask(scripted, node="pro[2]").text == "by family"
    assert ask(scripted, row="7").text == "by row"
    assert ask(scripted, prompt="Is water wet?").text == "by prompt"
    assert ask(scripted, node="other", system="On water.").text == "by prompt"
    with pytest.raises(ModelError, match="no reply left for node `n`"):
        ask(scripted, prompt="Is fire wet?")


def test_a_family_is_named_without_its_numbers_inside_instances_too(tmp_path: Path) -> None:
    scripted = script(
        tmp_path, '{"node": "step[1].rate", "reply": "one"}', '{"node": "step.rate", "reply": "all"}'
    )
    assert ask(scripted, node="step[1].rate[2]").text == "one"
    assert ask(scripted, node="step[0].rate[2]").text == "all"
    with pytest.raises(ModelError, match="no reply left"):
        ask(scripted, node="step[1]")


def test_a_value_is_sent_as_json_and_a_text_as_it_is(tmp_path: Path) -> None:
    scripted = script(tmp_path, '{"reply": {"winner": "Zoë"}}', '{"reply": "{not json"}')
    assert ask(scripted).text == '{"winner": "Zoë"}'
    assert ask(scripted).text == "{not json"


def test_a_line_can_call_tools(tmp_path: Path) -> None:
    scripted = script(
        tmp_path, '{"tool_calls": [{"name": "a", "arguments": {"x": 1}}, {"name": "b", "arguments": {}}]}'
    )
    reply = ask(scripted)
    assert reply.calls == (ToolCall("call_1", "a", {"x": 1}), ToolCall("call_2", "b", {}))
    assert (reply.text, reply.stop_reason) == ("", "tool_use")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"reply": ', "model `m`: line 2 of `.*replies.jsonl` is not JSON"),
        ('["reply"]', "line 2 of .* is not an object"),
        ('{"node": "a"}', "line 2 of .* has neither `reply` nor `tool_calls`"),
        ('{"repyl": "a"}', r"line 2 of .* has an unknown key `repyl`; did you mean `reply`\?"),
        ('{"reply": "a", "node": 3}', "line 2 of .*: `node` should be a text"),
        ('{"tool_calls": {}}', "line 2 of .*: `tool_calls` should be a list"),
        ('{"tool_calls": [{"name": "a"}]}', "line 2 of .*: a tool call should be"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        script(tmp_path, '{"reply": "fine"}', line)


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model `m`: cannot read `.*nowhere.jsonl`: No such file"):
        open_scripted(model("m", "scripted", "nowhere.jsonl", origin=str(tmp_path / "g.agraph")))


@pytest.mark.parametrize(("arguments", "options"), [((), {}), ((3,), {}), (("a",), {"seed": 1})])
def test_a_script_takes_its_path_alone(arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="takes the path of its replies alone"):
        open_scripted(model("m", "scripted", *arguments, **options))
