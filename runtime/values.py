"""Values and their types at run time: checking, JSON schemas, and reading them from texts."""

import json
import math
from collections.abc import Callable
from typing import assert_never

import attrs

from agraph.compiler.ir import Json
from agraph.compiler.types import (
    File,
    ListOf,
    LiteralUnion,
    Null,
    Optional,
    Primitive,
    Record,
    Type,
    Variable,
    required,
    show,
)
from agraph.runtime.attachments import Attachment

Read = Callable[[object], Json]

_LONGEST = 200


@attrs.define(eq=False)
class MisfitError(ValueError):
    """A value is not of its type.

    Attributes:
        type: The type of the place where it does not fit.
        value: What stands there.
        path: Fields and positions that lead to the place, outermost first.
    """

    type: Type
    value: object
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return (f"{place}: " if place else "") + f"expected `{show(self.type)}` and got {shorten(self.value)}"


def shorten(value: object) -> str:
    """A value for a message, in backticks, cut where it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}…`"


def reader(type_: Type) -> Read:
    """A function that gives back a value of the type, whole numbers turned to floats where floats stand.

    The function raises `MisfitError` for anything else. A variable takes any JSON value.
    """
    match type_:
        case Primitive("str"):
            return _read_str
        case Primitive("int"):
            return _read_int
        case Primitive("float"):
            return _read_float
        case Primitive():
            return _read_bool
        case File():
            return _file_reader(type_)
        case LiteralUnion(options):
            return _literal_reader(type_, frozenset(options))
        case ListOf(item):
            return _list_reader(type_, reader(item))
        case Optional(item):
            return _optional_reader(reader(item))
        case Record(_, fields):
            return _record_reader(type_, {name: (reader(field), _may_lack(field)) for name, field in fields})
        case Variable():
            return _any_reader(type_)
        case Null():
            return _read_null
        case _:
            assert_never(type_)


def _read_str(value: object) -> Json:
    if isinstance(value, str):
        return value
    raise MisfitError(Primitive("str"), value)


def _read_int(value: object) -> Json:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise MisfitError(Primitive("int"), value)


def _read_float(value: object) -> Json:
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise MisfitError(Primitive("float"), value)


def _read_bool(value: object) -> Json:
    if isinstance(value, bool):
        return value
    raise MisfitError(Primitive("bool"), value)


def _read_null(value: object) -> Json:
    if value is None:
        return None
    raise MisfitError(Null(), value)


def _file_reader(type_: File) -> Read:
    """Files are attached where values come in, so that a mere text here is none."""

    def read(value: object) -> Json:
        if isinstance(value, Attachment) and value.content.is_image == (type_.name == "image"):
            return value
        raise MisfitError(type_, value)

    return read


def _literal_reader(type_: Type, options: frozenset[str]) -> Read:
    def read(value: object) -> Json:
        if isinstance(value, str) and value in options:
            return value
        raise MisfitError(type_, value)

    return read


def _list_reader(type_: Type, read_item: Read) -> Read:
    def read(value: object) -> Json:
        if not isinstance(value, list):
            raise MisfitError(type_, value)
        try:
            return [read_item(item) for item in value]
        except MisfitError:
            # The position is found only when something is wrong, so that what is right stays fast.
            for position, item in enumerate(value):
                _read_at(position, read_item, item)
            raise

    return read


def _read_at(step: str | int, read: Read, value: object) -> Json:
    try:
        return read(value)
    except MisfitError as misfit:
        raise MisfitError(misfit.type, misfit.value, (step, *misfit.path)) from None


def _optional_reader(read_item: Read) -> Read:
    def read(value: object) -> Json:
        return None if value is None else read_item(value)

    return read


def _may_lack(type_: Type) -> bool:
    return isinstance(type_, Optional | Null)


def _record_reader(type_: Record, fields: dict[str, tuple[Read, bool]]) -> Read:
    def read(value: object) -> Json:
        if not isinstance(value, dict) or any(name not in fields for name in value):
            raise MisfitError(type_, value)
        result: dict[str, Json] = {}
        for name, (read_field, may_lack) in fields.items():
            if name in value:
                result[name] = _read_at(name, read_field, value[name])
            elif may_lack:
                result[name] = None
            else:
                raise MisfitError(type_, value)
        return result

    return read


def _any_reader(type_: Type) -> Read:
    def read(value: object) -> Json:
        if not _is_json(value):
            raise MisfitError(type_, value)
        return value  # type: ignore[return-value]

    return read


def _is_json(value: object) -> bool:
    match value:
        case None | bool() | int() | str():
            return True
        case float():
            return math.isfinite(value)
        case list():
            return all(map(_is_json, value))
        case dict():
            return all(isinstance(name, str) and _is_json(item) for name, item in value.items())
        case _:
            return False


def json_schema(type_: Type) -> dict[str, Json]:
    """The JSON schema of the type's values; what may be null may be left out of its record."""
    match type_:
        case Primitive(name):
            return {"type": {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}[name]}
        case File(name):
            raise ValueError(f"no JSON is of the type `{name}`")
        case LiteralUnion(options):
            return {"type": "string", "enum": list(options)}
        case ListOf(item):
            return {"type": "array", "items": json_schema(item)}
        case Optional(item):
            return {"anyOf": [json_schema(item), {"type": "null"}]}
        case Record(_, fields):
            return object_schema(fields)
        case Null():
            return {"type": "null"}
        case Variable():
            return {}
        case _:
            assert_never(type_)


def object_schema(fields: tuple[tuple[str, Type], ...]) -> dict[str, Json]:
    """The JSON schema of an object with these fields and no others."""
    return {
        "type": "object",
        "properties": {name: json_schema(field) for name, field in fields},
        "required": [name for name, field in fields if not _may_lack(field)],
        "additionalProperties": False,
    }


def parse_text(type_: Type, text: str) -> Json:
    """A value as it is given on a command line: texts as they are, all else as JSON.

    Raises:
        MisfitError: The text stands for no value of the type.
    """
    if required(type_) == Primitive("str"):
        return None if text == "null" and isinstance(type_, Optional) else text
    return _parse(type_, text, text)


def parse_reply(type_: Type, text: str) -> Json:
    """A value as a model writes it: JSON, in a fence or not, or the bare word of a literal type.

    Raises:
        MisfitError: The text stands for no value of the type.
    """
    return _parse(type_, text, _unfenced(text))


def _parse(type_: Type, text: str, written: str) -> Json:
    read = reader(type_)
    if type_ == Primitive("str"):
        return text
    try:
        return read(json.loads(written, parse_constant=_refuse_constant))
    except MisfitError as misfit:
        return _word(type_, text, misfit)
    except (ValueError, RecursionError):
        return _word(type_, text, MisfitError(type_, text))


def _word(type_: Type, text: str, otherwise: MisfitError) -> Json:
    match required(type_):
        case Primitive("str"):
            return text
        case LiteralUnion(options) if text.strip() in options:
            return text.strip()
        case _:
            raise otherwise from None


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _unfenced(text: str) -> str:
    lines = text.strip().split("\n")
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return text
