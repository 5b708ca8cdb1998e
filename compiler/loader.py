"""How the compiler reads files other than the one it was given: through one argument."""

from typing import Protocol

import attrs

from agraph.compiler.source import Source


@attrs.frozen
class Unreadable:
    """Why a file could not be read, for people."""

    reason: str


class Loader(Protocol):
    """Finds the text behind an import."""

    def std_modules(self) -> tuple[str, ...]:
        """The names of the std modules, such as `vote`."""

    def std(self, name: str) -> Source:
        """The text of a std module."""

    def relative(self, path: str, importer: Source) -> Source | Unreadable:
        """The text of a file named relative to the importing one; equal files have equal `Source.path`s."""
