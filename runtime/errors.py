"""Every exception that a caller of the library can meet, as one tree.

AgraphError
├── FileError          a file of the author's could not be read or written
│   └── UnwrittenError      carries what would have been written
├── CompileError       a file has errors; carries the diagnostics
├── InputError         an input, row or option does not fit the graph
├── DataError          a data set cannot be used
├── ToolError          a tool could not be loaded
│   └── ToolCallError       a tool raised, or returned another type than declared
├── ModelError         a model could not be asked
│   ├── MissingKeyError     no key, and no server that needs none
│   ├── UnavailableError    not there, not for this key, or a spend limit is reached
│   ├── TransientError      worth another attempt: rate limits, overload, dropped connections, timeouts
│   └── ReplyError          a reply that cannot be used, such as one of another type
│       ├── RefusedError        the model refused to answer
│       └── CutOffError         the reply ended before it was done
├── StoreError         the project's store cannot be used
│   ├── StoreVersionError   it is newer than this agraph, or no store at all; it is left alone
│   └── DamagedStoreError   it is damaged
├── RunError           a realization failed; names graph, node and cause
└── BudgetError        a limit was reached
"""

import attrs

from agraph.compiler.diagnostics import Diagnostic


class AgraphError(Exception):
    """Anything that agraph tells its caller."""


class FileError(AgraphError):
    """A file could not be read or written."""


@attrs.define(eq=False)
class UnwrittenError(FileError):
    """What was learned could not be written; the file is as it was.

    Attributes:
        reason: Why.
        diff: What would have been written.
    """

    reason: str
    diff: str

    def __str__(self) -> str:
        return self.reason


@attrs.define(eq=False)
class CompileError(AgraphError):
    """A file has errors."""

    diagnostics: tuple[Diagnostic, ...]

    def __str__(self) -> str:
        errors = [diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error"]
        first = errors[0]
        line, column = first.source.position(first.span.start)
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return f"{first.source.path}:{line}:{column}: {first.code}: {first.message}{more}"


class InputError(AgraphError):
    """An input, a row or an option does not fit the graph."""


class DataError(AgraphError):
    """A data set cannot be used."""


class ToolError(AgraphError):
    """A tool could not be loaded."""


class ToolCallError(ToolError):
    """A tool was called and gave no value of its type."""


class ModelError(AgraphError):
    """A model could not be asked, or its answer not used."""


class MissingKeyError(ModelError):
    """The service needs a key and there is none."""


class UnavailableError(ModelError):
    """The model cannot be had here, and waiting does not help."""


@attrs.define(eq=False)
class TransientError(ModelError):
    """A failure that another attempt may not meet.

    Attributes:
        reason: What happened, for people.
        retry_after_s: Seconds after which the service asked to be tried again, or `None`.
        overloaded: Whether the service had too much to do, so that fewer calls at once are better.
    """

    reason: str
    retry_after_s: float | None = None
    overloaded: bool = False

    def __str__(self) -> str:
        return self.reason


class ReplyError(ModelError):
    """A reply came and cannot be used."""


class RefusedError(ReplyError):
    """The model refused to answer."""


class CutOffError(ReplyError):
    """The reply ended before it was done: at `max_tokens`, or where the model can read no more."""


class StoreError(AgraphError):
    """The project's store cannot be used."""


class StoreVersionError(StoreError):
    """A store of a newer agraph, or no store at all."""


class DamagedStoreError(StoreError):
    """The project's store is damaged."""


@attrs.define(eq=False)
class RunError(AgraphError):
    """A realization failed.

    Attributes:
        graph: Its name.
        node: The node that failed, or `None` where the graph gave no answer.
        cause: What happened.
    """

    graph: str
    node: str | None
    cause: str

    def __str__(self) -> str:
        place = f"graph `{self.graph}`" + (f", node `{self.node}`" if self.node else "")
        return f"{place}: {self.cause}"


class BudgetError(AgraphError):
    """A limit was reached, or cannot be kept."""
