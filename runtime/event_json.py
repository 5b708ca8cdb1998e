"""Events as JSON objects, for the store and for other tools.

Each has `event`, its name in the manner of Python; `at_s`, the moment of its telling in seconds since 1970;
and what the event holds. Of a request stands what is sent, and never what an evaluator knows about the row.
"""

import re
from typing import Any, cast

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.attachments import Content
from agraph.runtime.events import Event
from agraph.runtime.models.protocol import Request

UNSENT = ("heard", "truth")
"""What a request holds for simulated models only."""


def event_json(event: Event, at_s: float) -> dict[str, Json]:
    """The event as a JSON object."""
    name, fields = _SHAPES[type(event)]
    written: dict[str, Json] = {"event": name, "at_s": round(at_s, 6)}
    for field in fields:
        value = getattr(event, field)
        written[field] = value if type(value) in _PLAIN else _value(value)
    return written


_PLAIN = {str, int, bool, type(None), dict, list}


def _value(value: object) -> Json:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, Request):
        return cast("Json", attrs.asdict(value, filter=_is_sent, value_serializer=_told))
    if attrs.has(type(value)):
        return cast("Json", attrs.asdict(cast("attrs.AttrsInstance", value)))
    return cast("Json", value)


def _is_sent(field: "attrs.Attribute[Any]", _: object) -> bool:
    return field.name not in UNSENT


def _told(_: object, __: object, value: object) -> object:
    """A file as its name and hash: what it holds, and where it lies, is nobody else's."""
    return value.told() if isinstance(value, Content) else value


class _Shapes(dict[type, tuple[str, tuple[str, ...]]]):
    """Each event's name, `run_began` of `RunBegan`, and its fields: there are many of few kinds."""

    def __missing__(self, kind: type) -> tuple[str, tuple[str, ...]]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
        shape = self[kind] = (name, tuple(field.name for field in attrs.fields(kind)))
        return shape


_SHAPES = _Shapes()
