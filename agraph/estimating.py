"""What an evaluation or an optimization will use, told before the first call."""

import json
from collections.abc import Collection, Mapping

import attrs

from agraph.compiler import ir
from agraph.graph_argument import load_graph, load_optimized_graph
from agraph.optimizer.foreseen import foreseen_runs
from agraph.optimizer.moves import KINDS, TEXT_RUNS, Kind
from agraph.optimizer.settings import Estimator, Settings
from agraph.optimizer.split import split
from agraph.optimizer.task import Examples, data_set, open_examples
from agraph.optimizer.tune import learnable_kinds, text_runs
from agraph.runtime.attachments import contents
from agraph.runtime.errors import DataError
from agraph.runtime.estimate import Estimate, Heard, estimate_run, price_of, service_name
from agraph.runtime.options import with_options
from agraph.runtime.permissions import Permissions, project_permissions
from agraph.runtime.plan import deployed, plan
from agraph.runtime.prices import project_prices
from agraph.runtime.project import project_root
from agraph.runtime.used import used_models


@attrs.frozen
class Forecast:
    """What an evaluation or an optimization will use.

    Attributes:
        rows: How many there are.
        model_nodes: How many nodes of a run ask a model, at most.
        runs: About how many runs there will be that ask models, and at most.
        used: What they use.
        held_out_rows: How many judge, of an optimization; 0 of an evaluation.
    """

    graph: str
    rows: int
    model_nodes: int
    runs: tuple[int, int]
    used: Estimate
    held_out_rows: int = 0


def estimate_evaluation(
    target: str,
    data: str | None = None,
    *,
    target_column: str | None = None,
    models: Mapping[str, ir.Model] | None = None,
    permissions: Permissions | None = None,
) -> Forecast:
    """What `evaluate` with these arguments uses; see there."""
    _, graph = load_graph(target, permissions)
    examples = _examples(graph, data, target_column, permissions)
    realization = deployed(graph)
    planned = plan(graph, realization)
    heard = {node: planned.senders[node] for node in planned.order}
    runs = len(examples), len(examples)
    return _forecast(with_options(graph, realization.options), examples, heard, models, runs)


def estimate_optimization(
    target: str,
    data: str | None = None,
    *,
    target_column: str | None = None,
    models: Mapping[str, ir.Model] | None = None,
    permissions: Permissions | None = None,
    runs: int = Settings().runs,
    estimator: Estimator | None = None,
    only: Collection[Kind] = KINDS,
) -> Forecast:
    """What `optimize` with these arguments uses, but for the few calls of a proposer; see there."""
    _, graph = load_optimized_graph(target, permissions)
    examples = _examples(graph, data, target_column, permissions)
    settings = Settings(estimator=estimator, runs=runs)
    parts = split([example.source for example in examples])
    kinds = learnable_kinds(graph) & set(only)
    about, most = 0, 0
    if "edges" in kinds:
        about, most = foreseen_runs(graph, settings, len(parts.train), len(parts.validation))
    if texts := kinds - {"edges"}:
        fewest, many = text_runs(graph, texts, runs // TEXT_RUNS)
        about, most = about + fewest, most + many
    judging = 2 * len(parts.held_out)
    heard: dict[ir.NodeIndex, list[ir.NodeIndex]] = {
        ir.NodeIndex(index): [] for index, node in enumerate(graph.nodes) if node.on
    }
    for sender, receiver in zip(graph.edges.senders, graph.edges.receivers, strict=True):
        if sender in heard and receiver in heard:
            heard[receiver].append(sender)
    forecast = _forecast(graph, examples, heard, models, (about + judging, most + judging))
    return attrs.evolve(forecast, held_out_rows=len(parts.held_out))


def unpriced_models(graph: ir.Graph, models: Mapping[str, ir.Model] | None) -> tuple[str, ...]:
    """The models that a run of a graph may ask and whose price is unknown, by the provider's name.

    Args:
        graph: What runs, with any option of its choices.
        models: Replacements by the names of its models.
    """
    prices = project_prices(project_root(graph.origin))
    used = used_models(graph, [(models or {}).get(model.name, model) for model in graph.models])
    served = [model for model in used if model.provider == "anthropic"]
    return tuple(service_name(model) for model in served if price_of(model, prices) is None)


def _examples(
    graph: ir.Graph, data: str | None, target_column: str | None, permissions: Permissions | None
) -> Examples:
    rows = data_set(graph, data, target_column)
    allowed = permissions or project_permissions(graph.origin)
    if data is None and (refusal := allowed.file_refusal(rows.path)) is not None:
        raise DataError(refusal)
    return open_examples(graph, rows, allowed)


def _forecast(
    graph: ir.Graph,
    examples: Examples,
    heard: Heard,
    models: Mapping[str, ir.Model] | None,
    runs: tuple[int, int],
) -> Forecast:
    used = [(models or {}).get(model.name, model) for model in graph.models]
    inputs = {name: _mean_bytes(examples, name) for name, _ in graph.inputs}
    one = estimate_run(graph, heard, used, inputs, project_prices(project_root(graph.origin)))
    return Forecast(graph.name, len(examples), int(one.about), runs, one.times(*runs))


def _mean_bytes(examples: Examples, name: str) -> float:
    return sum(_bytes(example.row.inputs.get(name)) for example in examples) / len(examples)


def _bytes(value: ir.Json) -> int:
    """The bytes of a value as a prompt shows it; of a file the most tokens, each of which counts as one."""
    files = sum(content.most_tokens for content in contents(value))
    text = value if isinstance(value, str) else json.dumps(value)
    return files or len(text.encode("utf-8", "surrogatepass"))
