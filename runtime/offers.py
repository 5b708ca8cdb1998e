"""Tools as they are offered to a model, and the calls that it makes of them."""

import asyncio
from collections.abc import Mapping, Sequence

import attrs

from agraph.compiler.ir import Json, Tool
from agraph.compiler.types import Optional, Type, show
from agraph.runtime.errors import ToolCallError
from agraph.runtime.models.protocol import ToolCall, ToolDefinition, ToolResult
from agraph.runtime.templates import render
from agraph.runtime.tools import OpenTool, interruptible
from agraph.runtime.values import MisfitError, Read, object_schema, reader


@attrs.frozen(eq=False)
class Offer:
    """One offered tool.

    Attributes:
        readers: What each argument must be, by the parameter's name.
    """

    definition: ToolDefinition
    tool: OpenTool
    readers: Mapping[str, tuple[Type, Read]]


def offers(tools: Sequence[OpenTool]) -> dict[str, Offer]:
    """The tools by the names under which they are offered.

    Services take no dots in names, so `math.calculate` is offered as `math_calculate`.
    """
    made: dict[str, Offer] = {}
    for tool in tools:
        name = tool.tool.name.replace(".", "_")
        while name in made:
            name += "_"
        readers = {parameter: (type_, reader(type_)) for parameter, type_ in tool.tool.parameters}
        definition = ToolDefinition(name, signature(tool.tool), object_schema(tool.tool.parameters))
        made[name] = Offer(definition, interruptible(tool), readers)
    return made


def signature(tool: Tool) -> str:
    """The tool's declaration as an author writes it, which is all that a model is told about it."""
    parameters = ", ".join(f"{name}: {show(type_)}" for name, type_ in tool.parameters)
    return f"{tool.name}({parameters}) -> {show(tool.returns)}"


async def answer_all(calls: Sequence[ToolCall], offered: Mapping[str, Offer]) -> tuple[ToolResult, ...]:
    """The results of one turn's calls, made at once; what goes wrong is told to the model."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_answer(call, offered)) for call in calls]
    return tuple(task.result() for task in tasks)


async def _answer(call: ToolCall, offered: Mapping[str, Offer]) -> ToolResult:
    offer = offered.get(call.name)
    if offer is None:
        known = ", ".join(f"`{name}`" for name in offered) or "none"
        return ToolResult(call.id, f"There is no tool `{call.name}`. The tools are: {known}.", is_error=True)
    try:
        given = _arguments(call.arguments, offer)
        result = offer.tool.call(given)
        return ToolResult(call.id, render(await result if offer.tool.waits else result))
    except (ToolCallError, MisfitError) as error:
        return ToolResult(call.id, str(error), is_error=True)


def _arguments(given: Mapping[str, Json], offer: Offer) -> list[Json]:
    unknown = [name for name in given if name not in offer.readers]
    if unknown:
        raise ToolCallError(f"`{offer.definition.name}` has no parameter `{unknown[0]}`")
    arguments: list[Json] = []
    for name, (type_, read) in offer.readers.items():
        if name not in given and not isinstance(type_, Optional):
            raise ToolCallError(f"`{offer.definition.name}` needs the argument `{name}`")
        try:
            arguments.append(read(given.get(name)))
        except MisfitError as error:
            raise MisfitError(error.type, error.value, (name, *error.path)) from None
    return arguments
