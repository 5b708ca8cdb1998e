"""Events as JSON objects, for the store and for other tools.

Each has `event`, its name in the manner of Python; `at_s`, the moment of its telling in seconds since 1970;
and what the event holds. Of a request stands what is sent, and never what an evaluator knows about the row.
"""

import json
import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any, cast

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.attachments import Content
from agraph.runtime.events import Event, NodeEnded
from agraph.runtime.models.protocol import Request

UNSENT = ("heard", "truth")
"""What a request holds for simulated models only."""


def event_json(event: Event, at_s: float) -> dict[str, Json]:
    """The event as a JSON object."""
    shape = _SHAPES[type(event)]
    written = {"event": shape.name, "at_s": round(at_s, 6), **_fields(shape, event)}
    for field in shape.durations:
        written[field] = round(cast("float", written[field]), 6)
    return written


def event_text(event: Event, at_s: float) -> str:
    """The event as JSON in ASCII, without a line's end."""
    if type(event) is not NodeEnded:
        return _JSON.encode(event_json(event, at_s))
    # One for each node of each run: spelled out, it takes a third of the time.
    value = _JSON.encode(event.value)
    failure = "null" if event.failure is None else _JSON.encode(event.failure)
    return (
        f'{{"event":"node_ended","at_s":{at_s:.6f},"run":{event.run},"node":{_JSON.encode(event.node)},'
        f'"duration_s":{event.duration_s:.6f},"value":{value},"failure":{failure},'
        f'"skipped":{"true" if event.skipped else "false"}}}'
    )


_JSON = json.JSONEncoder(separators=(",", ":"))


@attrs.frozen
class _Shape:
    """What is written of a class.

    Attributes:
        name: `run_began` of `RunBegan`.
        values: Gives the values of the fields, in their order.
        durations: The fields that hold seconds.
        composed: The fields that hold more than values of JSON.
    """

    name: str
    fields: tuple[str, ...]
    values: Callable[[object], tuple[Any, ...]]
    durations: tuple[str, ...]
    composed: tuple[str, ...]


def _shape(kind: type) -> _Shape:
    fields = [field for field in attrs.fields(kind) if kind is not Request or field.name not in UNSENT]
    names = tuple(field.name for field in fields)
    getter = attrgetter(*names)
    return _Shape(
        name=re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(),
        fields=names,
        values=getter if len(names) > 1 else lambda value: (getter(value),),
        durations=tuple(name for name in names if name.endswith("duration_s")),
        composed=tuple(field.name for field in fields if not _is_plain(field.type)),
    )


def _is_plain(type_: Any) -> bool:
    """Whether values of a type are JSON as they are: no class of ours, and no tuple, which may hold some."""
    return not attrs.has(type_) and getattr(type_, "__origin__", type_) is not tuple


class _Shapes(dict[type, _Shape]):
    """The shape of each class: there are many events of few kinds."""

    def __missing__(self, kind: type) -> _Shape:
        shape = self[kind] = _shape(kind)
        return shape


_SHAPES = _Shapes()


def _plain(value: Any) -> Json:
    kind = type(value)
    if kind is tuple:
        return [_plain(item) for item in value]
    if kind in _SHAPES:
        return _fields(_SHAPES[kind], value)
    if kind is Content:
        # A file as its name and hash: what it holds, and where it lies, is nobody else's.
        return cast("Json", value.told())
    return _fields(_SHAPES[kind], value) if attrs.has(kind) else cast("Json", value)


def _fields(shape: _Shape, value: object) -> dict[str, Json]:
    written: dict[str, Json] = dict(zip(shape.fields, shape.values(value), strict=True))
    for field in shape.composed:
        written[field] = _plain(written[field])
    return written
