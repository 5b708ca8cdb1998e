"""Open tools: a declared tool and the function behind it.

Nothing here runs before a graph does: `agraph check` never imports a user's code.
"""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, assert_never

import attrs

from agraph.compiler.ir import Json, PythonBinding, RecordedBinding, Tool
from agraph.compiler.types import holds_files, show
from agraph.runtime.attachments import Attach, AttachmentError, attaching
from agraph.runtime.errors import ToolCallError, ToolError
from agraph.runtime.modules import Modules, told
from agraph.runtime.permissions import Permissions, project_permissions
from agraph.runtime.recorded import Recordings
from agraph.runtime.threads import in_thread
from agraph.runtime.values import MisfitError, reader, shorten


@attrs.frozen(eq=False)
class OpenTool:
    """A tool that can be called.

    Attributes:
        waits: Whether `call` gives back a coroutine of the value instead of the value.
        call: Takes one value for each parameter and gives back a value of the declared type.
            Raises `ToolCallError` for whatever goes wrong in the tool.
        apart: Whether it is a plain function of the author's, which may take long: a model's calls of it run
            in threads, and so do those of a node that has a time limit.
    """

    tool: Tool
    waits: bool
    call: Callable[[Sequence[Json]], Any]
    apart: bool = False


def interruptible(tool: OpenTool) -> OpenTool:
    """The tool as one that waits, where it may take long; it then runs in a thread of its own."""
    if not tool.apart:
        return tool

    async def call(given: Sequence[Json]) -> Any:
        return await in_thread(lambda: tool.call(given))

    return OpenTool(tool.tool, True, call)


@attrs.define(eq=False)
class Toolbox:
    """Opens tools, and reads each module and each file of recorded answers once.

    Attributes:
        permissions: Gives what tools may reach; where `None`, what the project of the declaring file may.
    """

    permissions: Callable[[], Permissions] | None = None
    _modules: Modules = attrs.field(init=False)
    _recordings: Recordings = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._modules = Modules(self.permissions)
        self._recordings = Recordings(self.permissions)

    def open(self, tool: Tool) -> OpenTool:
        """The tool, ready to be called.

        Raises:
            ToolError: Its module, function or file cannot be used; the message says which and why.
        """
        try:
            return checked(tool, self._function(tool), self._attach(tool))
        except ToolError as error:
            raise ToolError(f"tool `{tool.name}`: {error}") from error.__cause__

    def _attach(self, tool: Tool) -> Attach | None:
        """What makes files of the paths that a tool gives, which may be those that its file may read.

        A function's are relative to the working folder, as all that it opens is; recorded ones to the record.
        """
        if not holds_files(tool.returns):
            return None
        permissions = project_permissions(tool.origin) if self.permissions is None else self.permissions()
        folder = Path()
        if isinstance(tool.binding, RecordedBinding):
            folder = (Path(tool.origin).parent / tool.binding.path).parent
        return attaching(tool.returns, folder, permissions.file_refusal)

    def _function(self, tool: Tool) -> Callable[..., Any]:
        match tool.binding:
            case PythonBinding(module, function):
                return self._modules.function(module, function, tool.origin)
            case RecordedBinding():
                return self._recordings.function(tool.binding, tool.origin)
            case _:
                assert_never(tool.binding)


def load_function(
    module: str, function: str, origin: str, permissions: Callable[[], Permissions] | None = None
) -> Callable[..., Any]:
    """A Python function from a module beside the file `origin`, or else an installed one; see `Modules`.

    Raises:
        ToolError: It cannot be loaded, or not be allowed.
    """
    return Modules(permissions).function(module, function, origin)


def checked(tool: Tool, function: Callable[..., Any], attach: Attach | None = None) -> OpenTool:
    """A function as the tool's: its results are held to the declared type, its exceptions named.

    Args:
        tool: What is declared.
        function: What is called.
        attach: Makes files of the paths in its results, where the declared type holds some.
    """
    read = reader(tool.returns)

    def value(result: object) -> Json:
        try:
            return read(result if attach is None else attach(result))
        except MisfitError as error:
            raise misfit(result, error) from None
        except AttachmentError as error:
            raise ToolCallError(f"tool `{tool.name}`: {error}") from None

    def failure(error: BaseException) -> ToolCallError:
        said = str(error) if isinstance(error, ToolCallError) else f"it raised {told(error)}"
        return ToolCallError(f"tool `{tool.name}`: {said}")

    def misfit(result: object, error: MisfitError) -> ToolCallError:
        place = f": at {error}" if error.path else ""
        declared = f"tool `{tool.name}` is declared to return `{show(tool.returns)}`"
        return ToolCallError(f"{declared} and returned {shorten(result)}{place}")

    def call(given: Sequence[Json]) -> Json:
        try:
            result = function(*given)
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            raise failure(error) from error
        return value(result)

    async def call_and_wait(given: Sequence[Json]) -> Json:
        try:
            result = await function(*given)
        except asyncio.CancelledError as error:
            # Where nobody asked this task to end, it is something of the tool's own that ended.
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            raise failure(error) from error
        except (Exception, SystemExit) as error:
            raise failure(error) from error
        return value(result)

    waits = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 -- an object whose call is a coroutine function
    )
    if waits:
        return OpenTool(tool, True, call_and_wait)
    quick = isinstance(tool.binding, RecordedBinding) or tool.binding.module.startswith("agraph.")
    return OpenTool(tool, False, call, apart=not quick)
