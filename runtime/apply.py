"""A tool applied to arguments, once or item by item. Null is no message: what gets it does not run."""

import asyncio
from collections.abc import Callable, Sequence

from agraph.compiler.ir import Json
from agraph.compiler.types import ListOf, Optional, Type
from agraph.runtime.errors import ToolCallError
from agraph.runtime.evaluation import Evaluation, Immediate, Now, Waiting, combined, plain_parts, settled
from agraph.runtime.frame import Frame
from agraph.runtime.tools import OpenTool


def apply(
    tool: OpenTool, arguments: Sequence[Evaluation], full: Sequence[bool], mapped: Sequence[int]
) -> Evaluation:
    """The tool's result; null, without a call, where a parameter that is not optional gets null.

    A parameter `list[T]` gets no nulls, one that is `list[T?]` gets them in place.

    Args:
        tool: What is called.
        arguments: One for each parameter.
        full: Whether each argument is a list that holds no nulls anyway.
        mapped: The positions of lists where the tool takes one value: it is applied item by item, and an
            item that is null where it takes none stays null.
    """
    types = [type_ for _, type_ in tool.tool.parameters]
    needs = [not isinstance(type_, Optional) for type_ in types]
    given = [
        argument if position in mapped else sifted(argument, types[position], full=full[position])
        for position, argument in enumerate(arguments)
    ]
    if mapped:
        return _apply_mapped(tool, given, needs, frozenset(mapped))
    plain = plain_parts(given)
    if plain is None:
        return _apply_waiting(tool, given, needs)
    if len(plain) == 1 and needs[0]:
        return _apply_to_one(tool, plain[0])
    return _apply_plain(tool, plain, needs)


def _apply_to_one(tool: OpenTool, argument: Now) -> Evaluation:
    call = tool.call
    if tool.waits:

        async def later(frame: Frame) -> Json:
            value = argument(frame)
            return None if value is None else await call((value,))

        return Waiting(later)

    def now(frame: Frame) -> Json:
        value = argument(frame)
        return None if value is None else call((value,))

    return Immediate(now)


def _apply_plain(tool: OpenTool, arguments: list[Now], needs: list[bool]) -> Evaluation:
    call = tool.call

    def given(frame: Frame) -> list[Json] | None:
        values = [argument(frame) for argument in arguments]
        return None if None in values and _lacks(values, needs) else values

    if tool.waits:

        async def later(frame: Frame) -> Json:
            values = given(frame)
            return None if values is None else await call(values)

        return Waiting(later)

    def now(frame: Frame) -> Json:
        values = given(frame)
        return None if values is None else call(values)

    return Immediate(now)


def _apply_waiting(tool: OpenTool, arguments: Sequence[Evaluation], needs: Sequence[bool]) -> Evaluation:
    async def later(frame: Frame) -> Json:
        values = [await settled(argument, frame) for argument in arguments]
        if _lacks(values, needs):
            return None
        result: Json = await tool.call(values) if tool.waits else tool.call(values)
        return result

    return Waiting(later)


def _lacks(values: Sequence[Json], needs: Sequence[bool]) -> bool:
    return any(need and value is None for value, need in zip(values, needs, strict=True))


def sifted(evaluation: Evaluation, type_: Type, *, full: bool) -> Evaluation:
    """The argument without the nulls that its parameter takes none of.

    Args:
        evaluation: The argument.
        type_: The parameter's.
        full: Whether the argument holds no nulls anyway.
    """
    sift = _sieve(type_)
    if sift is None or (full and isinstance(type_, ListOf) and _sieve(type_.item) is None):
        return evaluation
    return combined([evaluation], lambda values: sift(values[0]))


def _sieve(type_: Type) -> Callable[[Json], Json] | None:
    """A function that drops the nulls from lists of what is not optional; `None` where there are no such."""
    match type_:
        case Optional(item):
            return _sieve(item)
        case ListOf(item):
            inner = _sieve(item)
            keep = isinstance(item, Optional)

            def sift(value: Json) -> Json:
                if not isinstance(value, list):
                    return value
                kept: list[Json] = value if keep else [item for item in value if item is not None]
                return kept if inner is None else [inner(item) for item in kept]

            return None if keep and inner is None else sift
        case _:
            return None


def _apply_mapped(
    tool: OpenTool, arguments: Sequence[Evaluation], needs: Sequence[bool], mapped: frozenset[int]
) -> Evaluation:
    plain = plain_parts(arguments)
    if plain is not None and not tool.waits:

        def now(frame: Frame) -> Json:
            applications = _applications(tool, [argument(frame) for argument in plain], needs, mapped)
            return _each(tool, applications)

        return Immediate(now)

    async def later(frame: Frame) -> Json:
        values = [await settled(argument, frame) for argument in arguments]
        applications = _applications(tool, values, needs, mapped)
        return await _each_at_once(tool, applications) if tool.waits else _each(tool, applications)

    return Waiting(later)


Applications = list[list[Json] | None]
"""The arguments of each application, `None` where it is left out."""


def _applications(
    tool: OpenTool, values: list[Json], needs: Sequence[bool], mapped: frozenset[int]
) -> Applications | None:
    """What the tool is applied to, or `None` where it is not applied at all."""
    lists = {position: value for position in mapped if isinstance(value := values[position], list)}
    single = [need and position not in mapped for position, need in enumerate(needs)]
    if len(lists) < len(mapped) or _lacks(values, single):
        return None
    lengths = {len(items) for items in lists.values()}
    if len(lengths) > 1:
        told = " and ".join(map(str, sorted(lengths)))
        raise ToolCallError(f"tool `{tool.tool.name}` is applied item by item to lists of {told} items")
    applications: Applications = []
    for item in range(lengths.pop()):
        given = [lists[i][item] if i in lists else value for i, value in enumerate(values)]
        applications.append(None if _lacks(given, needs) else given)
    return applications


def _each(tool: OpenTool, applications: Applications | None) -> Json:
    if applications is None:
        return None
    return [None if given is None else tool.call(given) for given in applications]


async def _each_at_once(tool: OpenTool, applications: Applications | None) -> Json:
    if applications is None:
        return None
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [None if given is None else group.create_task(tool.call(given)) for given in applications]
    except ExceptionGroup as errors:
        # All of them are of this tool and the first is as good as any.
        raise errors.exceptions[0] from None
    return [None if task is None else task.result() for task in tasks]
