"""The types of the language: what a message, an input or a tool's argument can be."""

from collections.abc import Iterable
from functools import cached_property
from typing import Literal, assert_never

import attrs


@attrs.frozen
class Primitive:
    """`str`, `int`, `float` or `bool`."""

    name: Literal["str", "int", "float", "bool"]


@attrs.frozen
class File:
    """`image` or `file`: in data the path of a picture, or of a document."""

    name: Literal["image", "file"]


@attrs.frozen
class LiteralUnion:
    """One of the named texts: `"a" | "b"`."""

    options: tuple[str, ...]


@attrs.frozen
class ListOf:
    """`list[T]`."""

    item: "Type"


@attrs.frozen
class Optional:
    """`T?`: a value or null."""

    item: "Type"


@attrs.frozen
class Record:
    """A record; two are the same when name and fields are. One written as a literal has no name."""

    name: str
    fields: tuple[tuple[str, "Type"], ...]

    def field(self, name: str) -> "Type | None":
        """The type of a field, or `None` where the record has none of that name."""
        return dict(self.fields).get(name)

    @cached_property
    def depth(self) -> int:
        """How many records lie within one another, this one included."""
        return 1 + max((_depth(type_) for _, type_ in self.fields), default=0)

    @cached_property
    def holds_files(self) -> bool:
        """Whether one of the fields is a file, or holds one."""
        return any(holds_files(type_) for _, type_ in self.fields)


@attrs.frozen
class Variable:
    """A single capital letter in a tool's signature: any type, the same everywhere in the signature."""

    name: str


@attrs.frozen
class Null:
    """The type of `null` alone; it fits wherever an optional does."""


Type = Primitive | File | LiteralUnion | ListOf | Optional | Record | Variable | Null

STR = Primitive("str")
INT = Primitive("int")
FLOAT = Primitive("float")
BOOL = Primitive("bool")
IMAGE = File("image")
FILE = File("file")
NULL = Null()

ANY = Variable("?")
"""The type of what could not be understood: it fits everywhere, so that one mistake is reported once."""


def _depth(type_: Type) -> int:
    match type_:
        case Record():
            return type_.depth
        case ListOf(item) | Optional(item):
            return _depth(item)
        case _:
            return 0


def show(type_: Type) -> str:
    """The type as an author writes it."""
    match type_:
        case Record("", fields):
            return "{ " + ", ".join(f"{name}: {show(field)}" for name, field in fields) + " }"
        case Primitive(name) | File(name) | Variable(name) | Record(name, _):
            return name
        case LiteralUnion(options):
            return " | ".join(f'"{option}"' for option in options)
        case ListOf(item):
            return f"list[{show(item)}]"
        case Optional(LiteralUnion() as item):
            return f"({show(item)})?"
        case Optional(item):
            return f"{show(item)}?"
        case Null():
            return "null"
        case _:
            assert_never(type_)


def optional(type_: Type) -> Type:
    """`T?` of a type; an optional stays as it is."""
    return type_ if isinstance(type_, Optional | Null) else Optional(type_)


def required(type_: Type) -> Type:
    """The type without its `?`."""
    return type_.item if isinstance(type_, Optional) else type_


def fits(given: Type, wanted: Type, bound: dict[str, Type] | None = None) -> bool:
    """Whether a value of one type may stand where another is wanted.

    Literals fit `str`, `int` fits `float`, lists fit by element, `T?` and `T` fit each other (null is
    no message, so it never arrives), records fit themselves.

    Args:
        given: The type of the value.
        wanted: The type of the place, which may hold variables.
        bound: What each variable of the place stands for so far; filled in as variables are met.
    """
    if isinstance(wanted, Variable):
        if bound is None or wanted == ANY:
            return True
        joined = _join_two(bound.get(wanted.name, NULL), required(given))
        if joined is None:
            return False
        bound[wanted.name] = joined
        return True
    if isinstance(given, Null | Variable):
        return True
    if isinstance(given, Optional) or isinstance(wanted, Optional):
        return fits(required(given), required(wanted), bound)
    match given, wanted:
        case Primitive("int"), Primitive("float"):
            return True
        case LiteralUnion(), Primitive("str"):
            return True
        case LiteralUnion(given_options), LiteralUnion(options):
            return set(given_options) <= set(options)
        case ListOf(given_item), ListOf(item):
            return fits(given_item, item, bound)
        case Record("", given_fields), Record(_, fields):
            return _record_fits(dict(given_fields), dict(fields), bound)
    return given == wanted


def _record_fits(given: dict[str, Type], wanted: dict[str, Type], bound: dict[str, Type] | None) -> bool:
    """Whether a written record has every field that is wanted, and no other."""
    return given.keys() <= wanted.keys() and all(
        fits(given[name], type_, bound) if name in given else isinstance(type_, Optional)
        for name, type_ in wanted.items()
    )


def join(types: Iterable[Type]) -> Type | None:
    """The narrowest of the types that all of them fit, or `None` where there is none."""
    joined: Type = NULL
    for type_ in types:
        wider = _join_two(joined, type_)
        if wider is None:
            return None
        joined = wider
    return joined


def _join_two(left: Type, right: Type) -> Type | None:
    # What could not be understood says nothing, and null is no message.
    if isinstance(right, Null | Variable) and not isinstance(left, Null):
        return left
    if isinstance(left, Null | Variable):
        return right
    match left, right:
        case (Optional(), _) | (_, Optional()):
            item = _join_two(required(left), required(right))
            return None if item is None else optional(item)
        case LiteralUnion(left_options), LiteralUnion(right_options):
            return LiteralUnion(tuple(dict.fromkeys((*left_options, *right_options))))
        case ListOf(left_item), ListOf(right_item):
            item = _join_two(left_item, right_item)
            return None if item is None else ListOf(item)
        case Record("", left_fields), Record("", right_fields):
            return _join_records(dict(left_fields), dict(right_fields))
    return right if fits(left, right) else left if fits(right, left) else None


def _join_records(left: dict[str, Type], right: dict[str, Type]) -> Type | None:
    """The written record that two written records fit; a field that one of them lacks may be null."""
    joined: list[tuple[str, Type]] = []
    for name in dict.fromkeys((*left, *right)):
        if name in left and name in right:
            type_ = _join_two(left[name], right[name])
        else:
            type_ = optional(left[name] if name in left else right[name])
        if type_ is None:
            return None
        joined.append((name, type_))
    return Record("", tuple(joined))


def holds_files(type_: Type) -> bool:
    """Whether a value of the type is a file, or holds one."""
    match type_:
        case File():
            return True
        case ListOf(item) | Optional(item):
            return holds_files(item)
        case Record():
            return type_.holds_files
        case _:
            return False


def as_data(type_: Type) -> Type:
    """The type as data spells it: a text, the path, where a file is meant."""
    match type_:
        case File():
            return STR
        case ListOf(item):
            return ListOf(as_data(item))
        case Optional(item):
            return Optional(as_data(item))
        case Record(name, fields) if type_.holds_files:
            return Record(name, tuple((field, as_data(field_type)) for field, field_type in fields))
        case _:
            return type_


def letters(type_: Type) -> frozenset[str]:
    """The variables in a type."""
    match type_:
        case Variable(name):
            return frozenset({name})
        case ListOf(item) | Optional(item):
            return letters(item)
        case Record(_, fields):
            return frozenset[str]().union(*(letters(field) for _, field in fields))
        case _:
            return frozenset()


def substitute(type_: Type, bound: dict[str, Type]) -> Type:
    """The type with its variables replaced by what they stand for."""
    match type_:
        case Variable(name):
            return bound.get(name, type_)
        case ListOf(item):
            return ListOf(substitute(item, bound))
        case Optional(item):
            return optional(substitute(item, bound))
        case _:
            return type_
