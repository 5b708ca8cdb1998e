"""A value put into whatever shape a JSON schema asks for."""

import math
from collections.abc import Mapping
from typing import Any

from agraph.compiler.ir import Json

Schema = Mapping[str, Any]


def carried(value: Json, schema: Schema) -> Json:
    """A value of the schema that says `value` in every place that takes it, and fills the others."""
    found, carrier = _carry(value, schema)
    return carrier if found else _filler(schema)


def _carry(value: Json, schema: Schema) -> tuple[bool, Json]:
    """Whether the schema can say the value, and how."""
    if "anyOf" in schema:
        options = (_carry(value, option) for option in schema["anyOf"])
        return next((option for option in options if option[0]), (False, None))
    if "enum" in schema:
        return value in schema["enum"], value
    match schema.get("type"):
        case "object":
            return _carry_in_fields(value, schema)
        case "array":
            return _carry_in_items(value, schema)
        case "string":
            return (True, value) if isinstance(value, str) else _carry_as_text(value)
        case "integer":
            number = _number(value)
            whole = number is not None and number.is_integer()
            return whole, int(number) if number is not None and whole else None
        case "number":
            number = _number(value)
            return number is not None, number
        case "boolean":
            return isinstance(value, bool), value
        case "null":
            return value is None, None
        case _:
            return True, value


def _carry_as_text(value: Json) -> tuple[bool, Json]:
    return isinstance(value, int | float), f"{value}"


def _carry_in_fields(value: Json, schema: Schema) -> tuple[bool, Json]:
    fields = schema["properties"]
    if isinstance(value, dict):
        # A record is said field by field, not squeezed into one of its fields.
        parts = {name: _carry(value.get(name), field) for name, field in fields.items()}
        if value.keys() <= fields.keys() and all(parts[name][0] for name in schema["required"]):
            return True, {name: part for name, (found, part) in parts.items() if found}
    parts = {name: _carry(value, field) for name, field in fields.items()}
    filled = {name: part if found else _filler(fields[name]) for name, (found, part) in parts.items()}
    return any(found for found, _ in parts.values()), filled


def _carry_in_items(value: Json, schema: Schema) -> tuple[bool, Json]:
    if isinstance(value, list):
        items = [_carry(item, schema["items"]) for item in value]
        if all(found for found, _ in items):
            return True, [item for _, item in items]
    found, item = _carry(value, schema["items"])
    return found, [item]


def _number(value: Json) -> float | None:
    match value:
        case bool():
            return None
        case int() | float():
            return float(value)
        case str():
            try:
                number = float(value)
            except ValueError:
                return None
            return number if math.isfinite(number) else None
        case _:
            return None


def _filler(schema: Schema) -> Json:
    """Any value of the schema."""
    if "anyOf" in schema:
        return _filler(schema["anyOf"][0])
    if "enum" in schema:
        first: Json = schema["enum"][0]
        return first
    match schema.get("type"):
        case "object":
            return {name: _filler(field) for name, field in schema["properties"].items()}
        case "array":
            return []
        case "string":
            return "simulated"
        case "integer":
            return 0
        case "number":
            return 0.0
        case "boolean":
            return False
        case _:
            return None
