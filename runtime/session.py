"""A session: one graph with its tools and models open, ready to run any realization on any row."""

import asyncio
import copy
import itertools
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from functools import cached_property
from types import TracebackType
from typing import Literal, Self

import attrs

from agraph.compiler.diagnostics import nearest
from agraph.compiler.ir import Expression, Graph, Json, Model, ModelIndex, NodeIndex, ToolIndex
from agraph.runtime.answer import answer, missing
from agraph.runtime.bounds import require_price
from agraph.runtime.budget import Budget
from agraph.runtime.calls import Calls
from agraph.runtime.cut import Cut, cut
from agraph.runtime.errors import InputError, ModelError, RunError
from agraph.runtime.evaluation import settled
from agraph.runtime.events import Listener
from agraph.runtime.execute import execute
from agraph.runtime.expressions import Scope, compiled
from agraph.runtime.frame import Frame, Row
from agraph.runtime.inputs import inputs_reader
from agraph.runtime.journal import Journal, told_both
from agraph.runtime.models.protocol import Usage
from agraph.runtime.models.providers import OFFLINE, open_model
from agraph.runtime.open_model import OpenModel
from agraph.runtime.options import options_by_node
from agraph.runtime.pace import Pace
from agraph.runtime.permissions import Permissions, project_permissions, reaches_out
from agraph.runtime.plan import Plan, Realization, plan
from agraph.runtime.prices import Prices, project_prices
from agraph.runtime.project import project_root
from agraph.runtime.retry import RetryPolicy
from agraph.runtime.schedule import Schedule
from agraph.runtime.slots import Slots
from agraph.runtime.steps import Step, Workshop, known_step
from agraph.runtime.stored_calls import is_stored
from agraph.runtime.tools import OpenTool, Toolbox
from agraph.runtime.traced import Answer, outcome_of, told_run, traced
from agraph.runtime.used import called_tools, used_tools

_PROGRAMS_KEPT = 4096
_STEPS_KEPT = 65536


@attrs.frozen
class Outcome:
    """What a run gave.

    Attributes:
        value: The answer.
        values: The value of each node, null where there is none.
        ran: Whether each node ran.
        usage: What the run would have used alone: calls shared with other runs count as well.
        usage_by_node: The same by the names of the nodes that made calls.
    """

    value: Json
    values: tuple[Json, ...]
    ran: tuple[bool, ...]
    usage: Usage
    usage_by_node: Mapping[str, Usage] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class _Program:
    """A realization, ready to run."""

    plan: Plan
    steps: Mapping[NodeIndex, Step]


class Session:
    """A graph with its tools and models open, to be entered with `async with`.

    Tools are loaded on entering, a model when a realization first has a node that asks it. Equal model calls
    are made once in a session.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        models: Mapping[str, Model] | None = None,
        concurrency: int = 16,
        listener: Listener | None = None,
        retry: RetryPolicy | None = None,
        budget: Budget | None = None,
        permissions: Permissions | None = None,
        journal: Journal | None = None,
        offline: bool = False,
        sharing: bool = True,
    ) -> None:
        """Prepare a session; nothing is opened yet.

        Args:
            graph: What runs.
            models: Replacements by the names of the graph's models.
            concurrency: How many model calls may be under way at once.
            listener: Is told of each run, node and model call.
            retry: How calls are repeated that failed for a passing reason.
            budget: What pays for model calls, or `None` without a limit.
            permissions: What the graph's file may reach; its project where `None`.
            journal: Keeps replies and events in the store of a project, or `None`; closed with the session.
            offline: Refuse models that are asked over the network.
            sharing: Hold replies for later runs; without, each row is to be run once.

        Raises:
            InputError: A replacement names no model of the graph.
        """
        self.graph = graph
        self._models = _replaced(graph, models or {})
        self._concurrency = concurrency
        self.budget = budget
        self._given_permissions = permissions
        self._offline = offline
        self._read_inputs = inputs_reader(graph)
        self._open_models: dict[ModelIndex, OpenModel] = {}
        self._exits = AsyncExitStack()
        self._toolbox = Toolbox(lambda: self._permissions)
        self._tools: dict[ToolIndex, OpenTool] = {}
        self._journal = journal
        self._listener = listener if journal is None else told_both(listener, journal.tell)
        self._numbers = itertools.count()
        self._calls = Calls(
            slots=Slots(asyncio.Semaphore(concurrency)),
            retry=retry or RetryPolicy(),
            generator=random.Random(0),
            listener=self._listener,
            budget=budget,
            journal=journal,
            sharing=sharing,
        )
        self._workshop = Workshop(graph, self._tools, self._open_model, self._calls)
        self._steps: dict[tuple[NodeIndex, tuple[NodeIndex, ...], tuple[int, ...]], Step] = {}
        self._steps_behind: dict[tuple[NodeIndex, tuple[NodeIndex, ...]], Step] = {}
        self._programs: OrderedDict[tuple[str, Realization], _Program] = OrderedDict()

    @property
    def usage(self) -> Usage:
        """What was really used so far."""
        return self._calls.usage

    @property
    def calls_shared(self) -> int:
        """How many model calls were spared because an equal one had been made."""
        return self._calls.shared

    @property
    def calls_recalled(self) -> int:
        """How many of these had been made in an earlier session."""
        return self._calls.recalled

    async def __aenter__(self) -> Self:
        """Load the tools.

        Raises:
            ToolError: One of them cannot be used.
        """
        if self.budget is not None:
            self.budget.begin()
        self._load(used_tools(self.graph))
        return self

    def _load(self, tools: Iterable[ToolIndex]) -> None:
        for index in sorted(tools):
            if index not in self._tools:
                self._tools[index] = self._toolbox.open(self.graph.tools[index])

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the models and the journal."""
        try:
            await self._exits.aclose()
        finally:
            if self._journal is not None:
                self._journal.close(outcome_of(error))

    def variant(self, graph: Graph) -> "Session":
        """A session of the graph with other texts, which shares what is open and every call with this one.

        It needs no entering, and closes with this one.

        Raises:
            ValueError: The graph has other models or tools.
        """
        if (graph.models, graph.tools) != (self.graph.models, self.graph.tools):
            raise ValueError(f"a variant of `{self.graph.name}` has its models and tools")
        other = copy.copy(self)
        other.graph = graph
        other._workshop = Workshop(graph, self._tools, self._open_model, self._calls)
        other._steps, other._steps_behind, other._programs = {}, {}, OrderedDict()
        other.__dict__.pop("cut", None)
        return other

    @property
    def workshop(self) -> Workshop:
        """What makes the steps of its nodes, with its open models and tools and its calls."""
        return self._workshop

    def planned(self, realization: Realization) -> Plan:
        """What runs of a realization."""
        return self._program("whole", realization).plan

    def frame(self, row: Row, values: Sequence[Json]) -> Frame:
        """What steps see of a run on a row.

        Args:
            row: On what.
            values: Those of all nodes so far.

        Raises:
            InputError: The row does not fit the graph.
        """
        return Frame(row, self._read_inputs(row.inputs), values)

    async def run(self, realization: Realization, row: Row) -> Outcome:
        """What a realization gives for a row.

        Raises:
            InputError: The row does not fit the graph.
            ModelError: A model cannot be opened; nothing was called.
            BudgetError: The budget is spent.
            RunError: A node failed, or there is no answer.
        """
        if self.budget is not None:
            self.budget.require_time()
        program = self._program("whole", realization)
        frame, schedule = self._begun(row, program.plan, realization)
        with self._told(frame) as told:
            outcome = await self.run_steps(program.steps, program.plan, schedule, frame)
            told.value = outcome.value
        if self._journal is not None:
            await self._journal.room()
        return outcome

    @cached_property
    def cut(self) -> Cut:
        """The graph in two parts: up to its last model calls, and what can be run again without any."""
        return cut(self.graph)

    async def run_up_to_cut(self, realization: Realization, row: Row) -> Outcome:
        """What the nodes give that are heard behind the cut, and all before them; there is no answer.

        Raises:
            BudgetError: The budget is spent.
            RunError: A node failed.
        """
        if self.budget is not None:
            self.budget.require_time()
        source = self.cut.source(realization)
        program = self._program("first", source)
        frame, schedule = self._begun(row, program.plan, source)
        with self._told(frame):
            await execute(self.graph.name, schedule, program.steps, frame)
        if self._journal is not None:
            await self._journal.room()
        return _outcome(None, schedule, frame)

    async def run_behind_cut(self, realization: Realization, row: Row, known: Outcome) -> Outcome:
        """What a realization gives for a row, from values that are known; no model is called, nobody is told.

        Args:
            realization: As for `run`; its choices before the cut are those that led to what is known.
            row: The same row.
            known: As `run_up_to_cut` gave it.

        Raises:
            RunError: A node failed, or there is no answer.
        """
        program = self._program("second", self.cut.rest(realization))
        frame, schedule = self._begun(row, program.plan, realization, known.values)
        return await self.run_steps(program.steps, program.plan, schedule, frame)

    def _begun(
        self, row: Row, planned: Plan, variant: Realization, known: tuple[Json, ...] = ()
    ) -> tuple[Frame, Schedule]:
        schedule = Schedule(planned)
        inputs = self._read_inputs(row.inputs)
        run = 0 if known else next(self._numbers)
        return Frame(row, inputs, schedule.values, run=run, known=known, variant=variant), schedule

    def _told(self, frame: Frame) -> AbstractContextManager[Answer]:
        return nullcontext(Answer()) if self._listener is None else told_run(frame, self._listener)

    async def run_steps(
        self, steps: Mapping[NodeIndex, Step], planned: Plan, schedule: Schedule, frame: Frame
    ) -> Outcome:
        """What the steps of a plan give; no listener is told.

        Raises:
            BudgetError: The budget is spent.
            RunError: A node failed, or there is no answer.
        """
        await execute(self.graph.name, schedule, steps, frame)
        value = answer(self.graph, schedule.values)
        if value is None:
            raise RunError(self.graph.name, None, missing(self.graph, planned, schedule))
        return _outcome(value, schedule, frame)

    def reading(
        self, expression: Expression
    ) -> Callable[[Row, Outcome, Mapping[str, Json]], Awaitable[Json]]:
        """A function that gives an expression's value after a run, as metrics and expectations need it.

        It takes the row, what the run gave, and the columns of the data set's row.

        Raises:
            ToolError: A tool that the expression calls cannot be used.
        """
        self._load(called_tools(expression))
        everyone = frozenset(NodeIndex(index) for index in range(len(self.graph.nodes)))
        evaluation = compiled(expression, Scope(self._tools, everyone, ()))

        async def read(row: Row, outcome: Outcome, columns: Mapping[str, Json]) -> Json:
            return await settled(evaluation, Frame(row, row.inputs, outcome.values, outcome.value, columns))

        return read

    def _program(self, part: Literal["whole", "first", "second"], realization: Realization) -> _Program:
        program = self._programs.get((part, realization))
        if program is None:
            graph = {"whole": self.graph, "first": self.cut.first, "second": self.cut.second}[part]
            planned = plan(graph, realization)
            taken = options_by_node(self.graph, realization.options)
            if part == "second":
                steps = {node: self._step_behind(node, planned.senders[node]) for node in planned.order}
            else:
                steps = {
                    node: self._step(node, planned.senders[node], taken.get(node, ()))
                    for node in planned.order
                }
            program = self._programs[part, realization] = _Program(planned, steps)
            if len(self._programs) > _PROGRAMS_KEPT:
                self._programs.popitem(last=False)
        else:
            self._programs.move_to_end((part, realization))
        return program

    def _step_behind(self, node: NodeIndex, senders: tuple[NodeIndex, ...]) -> Step:
        """The step of a node where what lies before the cut is known; it tells nobody."""
        if not self.cut.behind[node]:
            return known_step(self.graph, node)
        step = self._steps_behind.get((node, senders))
        if step is None:
            step = self._steps_behind[node, senders] = self._workshop.step(node, senders)
        return step

    def _step(self, node: NodeIndex, senders: tuple[NodeIndex, ...], options: tuple[int, ...]) -> Step:
        step = self._steps.get((node, senders, options))
        if step is None:
            if len(self._steps) >= _STEPS_KEPT:
                self._steps.clear()
            step = self._workshop.step(node, senders, options)
            if self._listener is not None:
                step = traced(step, self._listener)
            self._steps[node, senders, options] = step
        return step

    @cached_property
    def _permissions(self) -> Permissions:
        return self._given_permissions or project_permissions(self.graph.origin)

    @cached_property
    def _prices(self) -> Prices:
        return project_prices(project_root(self.graph.origin))

    def _open_model(self, index: ModelIndex) -> OpenModel:
        opened = self._open_models.get(index)
        if opened is None:
            model = self._models[index]
            if self._offline and model.provider not in OFFLINE:
                raise ModelError(_not_offline(model))
            if model.origin and reaches_out(model):
                self._permissions.require_model(model)
            adapter = open_model(model, lambda: self._prices)
            self._exits.push_async_callback(adapter.close)
            fallback = tuple(self._open_model(self._index(name)) for name in model.fallback)
            if self.budget is not None:
                require_price(self.budget, model, adapter)
            if self._journal is not None and is_stored(model):
                self._journal.open()
            opened = OpenModel(model, adapter, Pace(self._concurrency), fallback)
            self._open_models[index] = opened
        return opened

    def _index(self, name: str) -> ModelIndex:
        return ModelIndex(next(i for i, model in enumerate(self._models) if model.name == name))


def _outcome(value: Json, schedule: Schedule, frame: Frame) -> Outcome:
    return Outcome(value, tuple(schedule.values), tuple(schedule.ran), frame.usage, frame.usage_by_node)


def _not_offline(model: Model) -> str:
    return (
        f"model `{model.name}` is asked over the network, and nothing here is: "
        f'replace it, as in `model {model.name} = scripted("replies.jsonl")`'
    )


def _replaced(graph: Graph, replacements: Mapping[str, Model]) -> tuple[Model, ...]:
    names = [model.name for model in graph.models]
    for name in replacements:
        if name not in names:
            hint = nearest(name, names) or f"its models: {', '.join(f'`{each}`' for each in names) or 'none'}"
            raise InputError(f"graph `{graph.name}` has no model `{name}`; {hint}")
        for other in replacements[name].fallback:
            if other not in names:
                hint = nearest(other, names) or f"its models: {', '.join(f'`{each}`' for each in names)}"
                raise InputError(f"graph `{graph.name}` has no model `{other}` to fall back on; {hint}")
    # A model that comes in by several imports has several names.
    by_declaration = {
        model.declared: replacements[model.name] for model in graph.models if model.name in replacements
    }
    replaced = {model.name: by_declaration.get(model.declared, model) for model in graph.models}
    replaced.update(replacements)
    # The name stays that of the graph, whatever the replacement was called.
    models_of = tuple(attrs.evolve(replaced[model.name], name=model.name) for model in graph.models)
    _refuse_cycles({model.name: model.fallback for model in models_of})
    return models_of


def _refuse_cycles(fallbacks: Mapping[str, tuple[str, ...]]) -> None:
    """The compiler refuses cycles in a file; a replacement can still close one."""

    def follow(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            shown = " → ".join(f"`{each}`" for each in (*way, name))
            raise InputError(f"the model `{name}` falls back on itself: {shown}")
        for other in fallbacks[name]:
            follow(other, (*way, name))

    for name in fallbacks:
        follow(name, ())
