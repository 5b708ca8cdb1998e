"""The intermediate representation: one flat graph of nodes, edges and learnables, ready to run.

Families are laid out member by member (`pro[0]`, `pro[1]`, …), names are resolved to what they read, types
are those of values, and edges are index arrays. What a legal graph is stands in `verify.py`; text and JSON
forms are made by `dump.py`. Everything here is a plain immutable value.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Literal, NewType

import attrs

from agraph.compiler.ir_expressions import (
    Apply,
    Column,
    Compare,
    Constant,
    Enter,
    Expression,
    FieldOf,
    Inbox,
    Input,
    Json,
    MakeList,
    MakeRecord,
    Message,
    Messages,
    NodeIndex,
    Output,
    Slot,
    Template,
    ToolIndex,
)
from agraph.compiler.source import Span
from agraph.compiler.types import Type

# What an expression is made of is named here, too: `ir.Message`.
__all__ = [
    "Apply", "Column", "Compare", "Constant", "Enter", "Expression", "FieldOf", "Inbox", "Input",
    "Json", "MakeList", "MakeRecord", "Message", "Messages", "NodeIndex", "Output", "Slot",
    "Template", "ToolIndex",
]  # fmt: skip

VERSION = 1

ParameterIndex = NewType("ParameterIndex", int)
ModelIndex = NewType("ModelIndex", int)

FIXED = ParameterIndex(-1)
"""The parameter of an edge that is always there."""

# Declarations that nodes point to.


@attrs.frozen
class Model:
    """A model by its declared name: a provider and what is passed to it.

    Attributes:
        arguments: The values by position, such as the provider's model id.
        options: The values by name; those the language does not know pass through to the provider.
        origin: The path of the file that declares it; paths in options are relative to its folder. Empty
            where a command line or a caller gives it: it may then name any file and server.
        fallback: The names of the models that are asked in its place, in order, where it fails for good.
    """

    name: str
    provider: str
    arguments: tuple[Json, ...]
    options: tuple[tuple[str, Json], ...]
    origin: str
    fallback: tuple[str, ...] = ()

    def qualified(self, prefix: str) -> "Model":
        """The model as another file names it, such as with `agents.` before each name."""
        fallback = tuple(f"{prefix}{name}" for name in self.fallback)
        return attrs.evolve(self, name=f"{prefix}{self.name}", fallback=fallback)

    @property
    def declared(self) -> tuple[str, str]:
        """What tells its declaration apart: the file, and its name there."""
        return self.origin, self.name.rpartition(".")[2]


@attrs.frozen
class PythonBinding:
    """A Python function; its module is looked for beside the file that declares the tool."""

    module: str
    function: str


@attrs.frozen
class RecordedBinding:
    """A recorded answer: the value of `field` in the row of a JSONL file whose `key` is the argument."""

    path: str
    key: str
    field: str


@attrs.frozen
class Tool:
    """A typed function that graphs call.

    Attributes:
        parameters: Name and type of each; types may hold variables.
        origin: The path of the file that declares it (`std/vote.agraph` for the standard library).
    """

    name: str
    parameters: tuple[tuple[str, Type], ...]
    returns: Type
    binding: PythonBinding | RecordedBinding
    origin: str


# Nodes and edges.


@attrs.frozen
class Choice:
    """One of several options, learnable.

    Attributes:
        kind: What is chosen.
        names: The options as the author names them.
        models: The options of a choice of model.
        tools: The options of a choice of tools.
        prompts: The options of a choice of prompt.
        parameters: The weight of each option; weights are relative.
    """

    kind: Literal["model", "tools", "prompt"]
    names: tuple[str, ...]
    parameters: tuple[ParameterIndex, ...]
    models: tuple[ModelIndex, ...] = ()
    tools: tuple[tuple[ToolIndex, ...], ...] = ()
    prompts: tuple[Template, ...] = ()


@attrs.frozen
class Example:
    """A demonstration: what the prompt's names stood for, and what was answered.

    Attributes:
        values: By the names that the prompt reads.
    """

    values: tuple[tuple[str, Json], ...]
    output: Json


@attrs.frozen
class ModelCall:
    """A call of a model with a rendered prompt.

    Attributes:
        learnable: The index of the prompt's text among the graph's `prompts`, or `None` where it is fixed.
        max_turns: How many replies a node with tools may ask for before it fails.
        examples: Sent as turns before the prompt.
        choices: What is chosen in place of model, prompt or tools; those then hold the first option.
    """

    model: ModelIndex
    prompt: Template
    learnable: int | None
    system: Template | None
    tools: tuple[ToolIndex, ...]
    max_turns: int
    examples: tuple[Example, ...] = ()
    choices: tuple[Choice, ...] = ()


@attrs.frozen
class Node:
    """One step: it reads messages and produces one typed value.

    Attributes:
        name: Unique in the graph; `pro[0]` for a member of a family.
        family: The name as declared, `pro`.
        member: The member's number, or `None` outside a family.
        type: Of its message; a value may also be null, which is no message.
        on: `False` where the author switched it off by hand.
        gate: The parameter that says with which probability the node is there, or `None` without a gate.
        instance: The node that holds the arguments of the instance around, or `None`. Where that node
            gives null, this one does not run. It is joined to it by a fixed edge that is no message.
        when: Where it does not hold, the node is skipped.
        requires: The fewest messages it can work with.
        retries: How often a failed attempt is repeated.
        timeout_s: Seconds for one attempt, or `None` without a limit.
        on_error: What a failure means: fail the run, skip the node, or this value instead.
        cache: Whether its calls may be shared with those of other realizations and runs.
    """

    name: str
    family: str
    member: int | None
    description: str | None
    type: Type
    work: "ModelCall | Expression"
    on: bool = True
    gate: ParameterIndex | None = None
    instance: NodeIndex | None = None
    when: Compare | None = None
    requires: int = 0
    retries: int = 0
    timeout_s: float | None = None
    on_error: "Literal['fail', 'skip'] | Constant" = "fail"
    cache: bool = True


@attrs.frozen
class Edges:
    """All edges as arrays of one length, in order of declaration, then sender, then receiver.

    Attributes:
        senders: Node indices.
        receivers: Node indices.
        parameters: The parameter that holds the edge's probability, or `FIXED`.
        by_name: Whether the receiver reads the sender by its name, so that it is not in the inbox.
    """

    senders: tuple[NodeIndex, ...] = ()
    receivers: tuple[NodeIndex, ...] = ()
    parameters: tuple[ParameterIndex, ...] = ()
    by_name: tuple[bool, ...] = ()

    def __len__(self) -> int:
        return len(self.senders)


# Learnables: the only things that carry a span which may be rewritten.


@attrs.frozen
class Missing:
    """A line of an instance's block that is not written yet.

    Attributes:
        at: Where it belongs: before the brace that closes the block, or after the instance that has none.
        begins: Where the statement begins that the block belongs to.
        braces: Whether the block itself is to be written.
        blocks: The blocks of inner instances to be opened around the line, from the outside in.
        statement: The line up to its sign: `propose.on`, `edge a -> b`.
        option: Which entry of the line's record it is, for the weights of a choice; else `None`.
        order: Where it stands among all missing lines: nodes in the graph's order, then edges.
    """

    at: int
    begins: int
    braces: bool
    blocks: tuple[str, ...]
    statement: str
    option: str | None = None
    order: tuple[int, ...] = ()


@attrs.frozen
class Probabilities:
    """The literal after one `~` that holds probabilities: one number or lists of numbers.

    Attributes:
        kind: Whether they are of edges, of gates, or the weights of one option of choices.
        name: For people: `edge [pro, con] -> judge`, `con.on`.
        span: The whole literal in the author's file, or where it is missing.
        element_spans: Where each number is its own literal, the place of each; empty where one number
            stands for all.
        shape: Of the full list of values; `()` for one value.
        values: Row by row, as many as the shape holds, each in 0 to 1; weights may be more. Pairs that
            cannot be hold 0.
        offset: The parameter of the first value; the others follow.
    """

    kind: Literal["edge", "gate", "weight"]
    name: str
    span: Span | Missing
    element_spans: tuple[Span, ...]
    shape: tuple[int, ...]
    values: tuple[float, ...]
    offset: ParameterIndex


@attrs.frozen
class Prompt:
    """The text after `prompt ~`, shared by the members of a family.

    Attributes:
        name: For people: `judge.prompt`.
        span: The whole string literal in the author's file, or where it is missing.
        text: What the literal means.
        nodes: The nodes that use it.
    """

    name: str
    span: Span | Missing
    text: str
    nodes: tuple[NodeIndex, ...]


@attrs.frozen
class Demonstrations:
    """The list after `examples ~`, shared by the members of a family.

    Attributes:
        name: For people: `judge.examples`.
        span: The whole list in the author's file, or where it is missing.
        examples: What the list means.
        nodes: The nodes that use it.
    """

    name: str
    span: Span | Missing
    examples: tuple[Example, ...]
    nodes: tuple[NodeIndex, ...]


# The optimize block.


@attrs.frozen
class DataSet:
    """Where rows come from.

    Attributes:
        format: `jsonl`, `json` or `csv`.
        path: As written, relative to the file's folder.
        target: The column of the expected answer, or `None`.
    """

    format: Literal["jsonl", "json", "csv"]
    path: str
    target: str | None


@attrs.frozen
class Metric:
    """How an answer is scored.

    Attributes:
        name: `exact`, `number`, `contains`, `one_of`, or `python`.
        arguments: What it compares: the answer alone means against the target.
        options: By name, such as a tolerance.
        function: `module:function` where the name is `python`.
        origin: The path of the file that declares it; a Python module is looked for beside it.
    """

    name: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Json], ...]
    function: str | None
    origin: str


@attrs.frozen
class Task:
    """What an `optimize` block says.

    Attributes:
        columns: The data set's column for an input of another name.
        budget: Limits by unit: `usd`, `calls`, `tokens`, `time_s`.
        proposer: The model that proposes prompts, or `None` where they are made of earlier ones.
    """

    data: DataSet | None
    metric: Metric | None
    columns: tuple[tuple[str, str], ...]
    budget: tuple[tuple[str, float], ...]
    proposer: ModelIndex | None = None


# The graph.


@attrs.frozen(eq=True)
class Graph:
    """A whole graph.

    Attributes:
        origin: The path of the author's file, where the learnables' spans lie.
        output: The nodes whose values are the answer: one, or a family's members.
        output_many: Whether the answer is a list of those values.
        output_nulls: Whether that list keeps nulls in place.
    """

    version: int
    name: str
    origin: str
    inputs: tuple[tuple[str, Type], ...]
    type: Type
    models: tuple[Model, ...]
    tools: tuple[Tool, ...]
    nodes: tuple[Node, ...]
    edges: Edges
    output: tuple[NodeIndex, ...]
    output_many: bool
    output_nulls: bool
    probabilities: tuple[Probabilities, ...]
    prompts: tuple[Prompt, ...]
    task: Task | None
    demonstrations: tuple[Demonstrations, ...] = ()

    @cached_property
    def priors(self) -> tuple[float, ...]:
        """The value of every parameter: the values of all `probabilities` one after another."""
        return tuple(value for learnable in self.probabilities for value in learnable.values)

    @cached_property
    def choices(self) -> "tuple[tuple[NodeIndex, Choice], ...]":
        """Every choice with its node, in the order of the nodes."""
        return tuple(
            (NodeIndex(index), choice)
            for index, node in enumerate(self.nodes)
            if isinstance(node.work, ModelCall)
            for choice in node.work.choices
        )

    @cached_property
    def rivals(self) -> Mapping[int, tuple[ParameterIndex, ...]]:
        """For the weight of each option the weights of its choice, its own among them."""
        return {weight: choice.parameters for _, choice in self.choices for weight in choice.parameters}

    @cached_property
    def node_index(self) -> Mapping[str, NodeIndex]:
        """The index of each node by its name."""
        return {node.name: NodeIndex(index) for index, node in enumerate(self.nodes)}
