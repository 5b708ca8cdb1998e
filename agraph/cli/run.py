"""`agraph run`: what a graph answers to one set of inputs."""

import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agraph.cli.estimates import budget_option
from agraph.cli.granting import granted, permission_options
from agraph.cli.help import Command
from agraph.cli.options import model_option, usage_json
from agraph.cli.recording import listening, recorded, recording_options

if TYPE_CHECKING:
    from agraph.compiler.ir import Graph, Json
    from agraph.compiler.types import Type
    from agraph.runtime.events import Event
    from agraph.runtime.permissions import Permissions


@click.command("run", cls=Command)
@click.argument("target", metavar="FILE[:GRAPH]")
@click.option(
    "-i",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="The value of an input; text as it is, a file by its path, other types as JSON.",
)
@click.option(
    "--input", "row", metavar="FILE", help="A JSON object with the inputs; `-` reads standard input."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print answer, nodes run, calls, tokens, cost and time as JSON."
)
@click.option(
    "--sample",
    is_flag=True,
    help="Draw a realization from the file's probabilities instead of running the deployed graph.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    help="Of the draw; a random one, told on standard error, where it is left out.",
)
@click.option("--show-prompts", is_flag=True, help="Write what each model is sent to standard error.")
@model_option
@budget_option
@permission_options
@recording_options
def run(
    target: str,
    pairs: tuple[str, ...],
    row: str | None,
    as_json: bool,
    sample: bool,
    seed: int | None,
    show_prompts: bool,
    models: tuple[str, ...],
    budget: tuple[str, ...],
    allow: tuple[str, ...],
    allow_read: tuple[str, ...],
    allow_url: tuple[str, ...],
    no_cache: bool,
    events: str | None,
) -> None:
    """Run a graph and print its answer.

    The last graph of the file runs unless one is named. The answer goes to standard output, and nothing
    else does.
    """
    import asyncio
    import secrets
    import time

    from agraph.arguments import models_of
    from agraph.budgets import budget_of
    from agraph.graph_argument import load_graph
    from agraph.recording import journal_of
    from agraph.running import realization_of, run_graph

    if seed is not None and not sample:
        raise click.UsageError("`--seed` goes with `--sample`")
    replacements = models_of(models)
    limits = budget_of(budget)
    permissions = granted(target, replacements, allow, allow_read, allow_url)
    _, graph = load_graph(target, permissions)
    inputs = _inputs(graph, pairs, row, permissions)
    if sample and seed is None:
        seed = secrets.randbelow(2**32)
        click.echo(f"drawn with --seed {seed}", err=True)
    realization = realization_of(graph, seed)
    started = time.monotonic()
    said: dict[str, Json] = {"inputs": inputs, "seed": seed}
    journal = journal_of("run", target, graph, said, replacements, recorded(no_cache))
    # What tools print is not the answer.
    with listening(events, _show if show_prompts else None) as listener, redirect_stdout(sys.stderr):
        outcome = asyncio.run(
            run_graph(
                graph, realization, inputs, models=replacements, listener=listener,
                budget=limits, permissions=permissions, journal=journal,
            )
        )  # fmt: skip
    if not as_json:
        click.echo(outcome.value if isinstance(outcome.value, str) else _as_json(outcome.value))
        return
    ran = [node.name for node, there in zip(graph.nodes, outcome.ran, strict=True) if there]
    report = {"answer": outcome.value, "graph": graph.name, "nodes": ran, **usage_json(outcome.usage),
              "time_s": round(time.monotonic() - started, 6)}  # fmt: skip
    click.echo(json.dumps(report, ensure_ascii=False, indent=2))


def _inputs(
    graph: "Graph", pairs: Sequence[str], row: str | None, permissions: "Permissions"
) -> "dict[str, Json]":
    """The inputs of the command line: those of `-i` go before those of `--input`.

    The files that `-i` names may lie anywhere, for the user names them. Those that a row names may be read
    as those of a data set.
    """
    from agraph.runtime.errors import InputError
    from agraph.runtime.inputs import attached_inputs
    from agraph.runtime.values import MisfitError

    read = {} if row is None else _read_row(row)
    named = {pair.partition("=")[0] for pair in pairs}
    left = {name: value for name, value in read.items() if name not in named}
    folder = Path() if row in (None, "-") else Path(str(row)).parent
    inputs = attached_inputs(graph, left, folder, permissions.file_refusal)
    declared = dict(graph.inputs)
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise click.UsageError(f"`-i {pair}` has no value: write `-i NAME=VALUE`")
        try:
            inputs[name] = _value(declared[name], text) if name in declared else text
        except MisfitError as error:
            raise InputError(f"input `{name}`: {error}") from None
    return attached_inputs(graph, inputs)


def _value(type_: "Type", text: str) -> "Json":
    """The value that a text of `-i` stands for; a file by its path, with or without an `@` before it."""
    from agraph.compiler.types import File, Optional, as_data, holds_files, required
    from agraph.runtime.values import MisfitError, parse_text

    if isinstance(required(type_), File):
        return None if text == "null" and isinstance(type_, Optional) else text.removeprefix("@")
    if not holds_files(type_):
        return parse_text(type_, text)
    try:
        return parse_text(as_data(type_), text)
    except MisfitError:
        raise MisfitError(type_, text) from None


def _read_row(path: str) -> "dict[str, Json]":
    from agraph.optimizer.rows import parse_json
    from agraph.runtime.errors import InputError

    name = "standard input" if path == "-" else f"`{path}`"
    try:
        with click.open_file(path, encoding="utf-8") as file:
            row = parse_json(file.read())
    except OSError as error:
        raise InputError(f"{name} cannot be read: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise InputError(f"{name} is not JSON in UTF-8: {error}") from None
    if not isinstance(row, dict):
        raise InputError(f"{name} holds no JSON object with the inputs")
    return row


def _show(event: "Event") -> None:
    """Write a request as it is sent: its text as it is, and what goes beside it in its own place."""
    from agraph.runtime.attachments import mark, with_marks
    from agraph.runtime.events import Asked

    if not isinstance(event, Asked):
        return
    request = event.request
    lines = [f"--- {request.node} asks {event.model}"]
    if request.system is not None:
        lines += ["--- system", request.system]
    if request.addition is not None:
        lines += ["--- beside the prompt, for a server without structured output", request.addition]
    for turn in request.turns:
        text = with_marks(turn.text, ((file.at, mark(file.content.told())) for file in turn.files))
        lines += [f"--- {turn.role}", text] if text else [f"--- {turn.role}"]
        lines += [f"call {call.name} {_as_json(call.arguments)}" for call in turn.calls]
        lines += [f"{'error' if result.is_error else 'result'} {result.content}" for result in turn.results]
    lines += [f"--- tool {tool.name}: {tool.description} {_as_json(tool.schema)}" for tool in request.tools]
    if request.schema is not None and request.addition is None:
        lines += ["--- output schema", _as_json(request.schema)]
    if request.cached:
        lines.append(f"--- the service keeps the prefix up to: {', '.join(request.cached)}")
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201


def _as_json(value: "Json") -> str:
    return json.dumps(value, ensure_ascii=False)
