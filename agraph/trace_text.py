"""A trace as text: a tree of realizations, instances, nodes, and what models were asked."""

import datetime
import json
from collections.abc import Iterable, Iterator, Sequence

from agraph.compiler.ir import Json
from agraph.render import counted
from agraph.runtime.models.protocol import Usage
from agraph.runtime.store import RunRecord
from agraph.trace import CallTrace, NodeTrace, RunTrace

LONGEST = 100
"""Characters of a text where it is not shown whole."""

MOST_RUNS = 10
"""Realizations that are shown where nobody asks for more."""

Tree = dict[str, "NodeTrace | Tree"]


def trace_text(record: RunRecord, runs: Sequence[RunTrace], *, full: bool = False) -> str:
    """A command's trace.

    Args:
        record: Of the command.
        runs: Its realizations.
        full: Show all of them, and texts whole.
    """
    lines = [*_head(record, runs)]
    shown = runs if full else runs[:MOST_RUNS]
    for run in shown:
        lines += ["", *_run(run, full)]
    if len(shown) < len(runs):
        lines += ["", f"and {len(runs) - len(shown)} more; `--full` shows all, `--only N` one of them"]
    return "\n".join(line.rstrip() for line in lines)


def _head(record: RunRecord, runs: Sequence[RunTrace]) -> Iterator[str]:
    began = datetime.datetime.fromtimestamp(record.started_s).astimezone()
    took = "" if record.finished_s is None else f", {_seconds(record.finished_s - record.started_s)}"
    yield f"run {record.number}: {record.verb} {record.file}:{record.graph}, {began:%Y-%m-%d %H:%M:%S}{took}"
    told = (
        f"{counted(len(runs), 'realization')}, {_used(_calls(runs))}"
        if runs
        else "no events are kept of what costs nothing"
    )
    yield f"{record.outcome or 'not ended'}; {told}"


def _calls(runs: Iterable[RunTrace]) -> list[CallTrace]:
    return [call for run in runs for call in run.calls]


def _run(run: RunTrace, full: bool) -> Iterator[str]:
    inputs = ", ".join(f"{name} = {_value(value, False)}" for name, value in run.inputs.items())
    calls = f", {_used(run.calls)}" if run.calls else ""
    yield f"#{run.number}  {_ended(run.duration_s)}{calls}  {inputs}".rstrip()
    tree: Tree = {}
    for node in run.nodes.values():
        place = tree
        *instances, name = node.name.split(".")
        for instance in instances:
            inner = place.setdefault(instance, {})
            # A node and an instance never have one name.
            assert isinstance(inner, dict)
            place = inner
        place[name] = node
    yield from _branches(tree, full)
    yield from _indented("= " if run.failure is None else "! ", run.failure or _value(run.value, full))


def _branches(tree: Tree, full: bool) -> Iterator[str]:
    for place, (name, branch) in enumerate(tree.items()):
        stem, below = ("└─ ", "   ") if place == len(tree) - 1 else ("├─ ", "│  ")
        if isinstance(branch, dict):
            yield stem + name
            yield from (below + line for line in _branches(branch, full))
        else:
            yield stem + _node_line(name, branch)
            yield from (below + line for line in _node_lines(branch, full))


def _node_line(name: str, node: NodeTrace) -> str:
    if node.skipped:
        return f"{name}  skipped"
    return f"{name}  {_ended(node.duration_s)}" + (f", {_used(node.calls)}" if node.calls else "")


def _node_lines(node: NodeTrace, full: bool) -> Iterator[str]:
    for remark in node.remarks:
        yield from _indented("! ", _text(remark, full))
    for call in node.calls:
        for text in call.prompt:
            yield from _indented(f"{call.model} ‹ ", _text(text, full))
        for text in call.reply:
            yield from _indented(f"{call.model} › ", _text(text, full))
    if node.failure is not None:
        yield from _indented("! ", _text(node.failure, full))
    elif not node.calls and not node.skipped:
        yield from _indented("= ", _value(node.value, full))


def _indented(mark: str, text: str) -> Iterator[str]:
    first, *others = text.split("\n")
    yield f"{mark}{first}".rstrip()
    yield from (f"{' ' * len(mark)}{line}".rstrip() for line in others)


def _used(calls: Sequence[CallTrace]) -> str:
    """What calls used, in words, and which of them cost nothing."""
    made = [call for call in calls if call.source == "model"]
    usage = sum((call.usage for call in made), Usage())
    stored = sum(call.source == "store" for call in calls)
    shared = len(calls) - len(made) - stored
    words = [counted(len(made), "call")] if made or not calls else []
    words += [f"{stored:,} from the cache"] if stored else []
    words += [f"{shared:,} shared"] if shared else []
    if made:
        known = usage.input_tokens is not None and usage.output_tokens is not None
        words.append(f"{usage.input_tokens} + {usage.output_tokens} tokens" if known else "tokens unknown")
        words.append("cost unknown" if usage.cost_usd is None else f"${usage.cost_usd:.4f}")
    return ", ".join(words)


def _ended(duration_s: float | None) -> str:
    return "not ended" if duration_s is None else _seconds(duration_s)


def _seconds(duration_s: float) -> str:
    return f"{duration_s * 1000:.1f} ms" if duration_s < 1 else f"{duration_s:.1f} s"


def _value(value: Json, full: bool) -> str:
    return _text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), full)


def _text(text: str, full: bool) -> str:
    if full:
        return text
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
