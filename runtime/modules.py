"""Functions of the author's, loaded from Python modules beside the file that names them."""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from agraph.runtime.errors import ToolError


@attrs.define(eq=False)
class Modules:
    """Loads functions, and each module once."""

    _loaded: dict[Path, ModuleType] = attrs.field(factory=dict)
    _siblings: dict[Path, dict[str, ModuleType]] = attrs.field(factory=dict)

    def function(self, module: str, name: str, origin: str) -> Callable[..., Any]:
        """A function of a module that lies beside the file `origin`, or else is installed.

        Raises:
            ToolError: There is no such module or function, importing it raised, or it cannot be called.
        """
        path = None if module.startswith("agraph.") else _beside(origin, module)
        found = _installed(module, origin) if path is None else self._local(path)
        function = getattr(found, name, None)
        if function is None:
            raise ToolError(f"the module `{module}` has no function `{name}`")
        if not callable(function):
            raise ToolError(f"`{module}:{name}` cannot be called")
        return function  # type: ignore[no-any-return]

    def _local(self, path: Path) -> ModuleType:
        if path in self._loaded:
            return self._loaded[path]
        # A private name keeps two files called `tools.py` apart, from each other and from what is installed.
        name = f"_agraph_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        with _importable(path.parent, self._siblings.setdefault(path.parent, {})):
            try:
                spec.loader.exec_module(module)
            except (Exception, SystemExit) as error:
                del sys.modules[name]
                raise ToolError(f"importing `{path}` raised {told(error)}") from error
        self._loaded[path] = module
        return module


def told(error: BaseException) -> str:
    """An exception of foreign code, for a message."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _beside(origin: str, module: str) -> Path | None:
    """The file of a module beside the declaring file, or `None` where there is none."""
    place = Path(origin).parent.joinpath(*module.split("."))
    for path in (place.with_name(place.name + ".py"), place / "__init__.py"):
        if path.is_file():
            return path.resolve()
    return None


def _installed(module: str, origin: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            raise ToolError(
                f"there is no module `{module}` beside `{origin}`, nor an installed one"
            ) from None
        raise ToolError(f"importing `{module}` raised {told(error)}") from error
    except (Exception, SystemExit) as error:
        raise ToolError(f"importing `{module}` raised {told(error)}") from error


@contextmanager
def _importable(folder: Path, siblings: dict[str, ModuleType]) -> Iterator[None]:
    """Let modules of a folder be imported by their plain names for as long as this lasts.

    Afterwards they are forgotten under those names, so that another folder's `shared.py` is never taken
    for this one's.

    Args:
        folder: Where the modules lie.
        siblings: Those imported so far; filled in.
    """
    before = dict(sys.modules)
    sys.modules.update(siblings)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name not in before and file and Path(file).resolve().is_relative_to(folder):
                siblings[name] = sys.modules.pop(name)
