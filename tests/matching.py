"""Whether a value is of a type, for tests that hold what makes and what reads values together."""

from collections.abc import Callable

from agraph.compiler.types import Type
from agraph.runtime.values import MisfitError, reader


def matches(type_: Type) -> Callable[[object], bool]:
    """A function that tells whether a value is of the type."""
    read = reader(type_)

    def is_match(value: object) -> bool:
        try:
            read(value)
        except MisfitError:
            return False
        return True

    return is_match
