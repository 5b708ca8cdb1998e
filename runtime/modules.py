"""Functions of the author's, loaded from Python modules beside the file that names them, or else installed.

Only the project's own modules are imported, those of `std`, and the packages that the user allowed.
"""

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import attrs

from agraph.runtime.errors import ToolError
from agraph.runtime.permissions import Permissions, project_permissions

STD = "agraph.stdlib."


@attrs.define(eq=False)
class Modules:
    """Loads functions, and each module once.

    Attributes:
        permissions: Gives what may be imported; where `None`, what the project of the declaring file may.
    """

    permissions: Callable[[], Permissions] | None = None
    _loaded: dict[Path, ModuleType] = attrs.field(factory=dict)
    _siblings: dict[Path, dict[str, ModuleType]] = attrs.field(factory=dict)

    def function(self, module: str, name: str, origin: str) -> Callable[..., Any]:
        """A function of a module that lies beside the file `origin`, or else is installed.

        Raises:
            ToolError: There is no such module or function, importing it raised, or it cannot be called.
        """
        if module.startswith("agraph."):
            return self._standard(module, name, origin)
        permissions = project_permissions(origin) if self.permissions is None else self.permissions()
        path = _beside(origin, module)
        if path is not None:
            if not permissions.owns(path):
                raise ToolError(f"the module `{path}` lies outside of the project `{permissions.root}`")
            return self._own(_named(self._local(path), module, name), module, name, permissions)
        if module.partition(".")[0] in permissions.packages:
            return _named(_installed(module, origin), module, name)
        _require_own(module, permissions)
        return self._own(_named(_installed(module, origin), module, name), module, name, permissions)

    def _standard(self, module: str, name: str, origin: str) -> Callable[..., Any]:
        """A function of `std`: nothing else in agraph is a tool."""
        if not module.startswith(STD):
            raise ToolError(f"`{module}` holds no tools")
        function = _named(_installed(module, origin), module, name)
        if getattr(function, "__module__", None) != module:
            raise ToolError(f"`{module}:{name}` is no function of the standard library")
        return function

    def _own(
        self, function: Callable[..., Any], module: str, name: str, permissions: Permissions
    ) -> Callable[..., Any]:
        """The function, where the project defines it: what a module merely imports is not the project's.

        Else a file could call `subprocess.run` by way of any module that uses it.
        """
        home = self._home(function)
        package = home.partition(".")[0] if isinstance(home, str) else ""
        if home is None or package in permissions.packages:
            return function
        if isinstance(home, Path) and permissions.owns(home):
            return function
        raise ToolError(
            f"`{module}:{name}` is not defined in the project, but in `{home}`: "
            f"write a function of your own around it, or pass `--allow {package or 'PACKAGE'}`"
        )

    def _home(self, function: Callable[..., Any]) -> Path | str | None:
        """Where a function or class is defined: a file, or the name of a module that has none of its own.

        `None` for another object, such as an instance, which the module itself made.
        """
        function = inspect.unwrap(function)
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType):
            if Path(code.co_filename).is_file():
                return Path(code.co_filename)
        elif not inspect.isclass(function) and not inspect.isbuiltin(function):
            return None
        name = getattr(function, "__module__", None) or "builtins"
        siblings = [modules[name] for modules in self._siblings.values() if name in modules]
        for module in (sys.modules.get(name), *siblings):
            file = getattr(module, "__file__", None)
            if file and Path(file).suffix == ".py":
                return Path(file)
        return str(name)

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


def _named(module: ModuleType, spelled: str, name: str) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if function is None:
        raise ToolError(f"the module `{spelled}` has no function `{name}`")
    if not callable(function):
        raise ToolError(f"`{spelled}:{name}` cannot be called")
    return function  # type: ignore[no-any-return]


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


def _require_own(module: str, permissions: Permissions) -> None:
    """Hold that an importable module is the project's own, before anything of it is imported.

    A module that is not there at all passes: there is nothing to import.

    Raises:
        ToolError: It is installed, and not allowed.
    """
    package = module.partition(".")[0]
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        # The parent of each was found to be the project's own before: finding imports it.
        try:
            spec = importlib.util.find_spec(".".join(parts[:count]))
        except ModuleNotFoundError:
            return
        except ValueError:
            # The module that was started, and those that someone made up, have no place.
            places: list[str | None] = []
        except (Exception, SystemExit) as error:
            raise ToolError(f"importing `{module}` raised {told(error)}") from error
        else:
            if spec is None:
                return
            places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or ())
        if not places or not all(place is not None and permissions.owns(place) for place in places):
            raise ToolError(
                f"the module `{module}` is no part of the project `{permissions.root}`: pass "
                f'`--allow {package}` if it may be used, or write `allow = ["{package}"]` under '
                "`[tool.agraph]` in the project's `pyproject.toml`"
            )


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
