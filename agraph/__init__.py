"""The front door of agraph: load, check, run, evaluate and optimize graphs of agents.

The names here are imported when they are first used, so that `import agraph` costs nothing.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agraph.evaluating import Evaluation, evaluate
    from agraph.files import check
    from agraph.freezing import Freezing, freeze
    from agraph.graph import Graph, load
    from agraph.graph_argument import load_graph
    from agraph.optimizing import Optimization, optimize
    from agraph.running import run
    from agraph.runtime.errors import AgraphError
    from agraph.testing_blocks import TestResult, test

__version__ = "0.1.0"
__all__ = [
    "AgraphError", "Evaluation", "Freezing", "Graph", "Optimization", "TestResult", "__version__", "check",
    "evaluate", "freeze", "load", "load_graph", "optimize", "run", "test",
]  # fmt: skip

_HOMES = {
    "Evaluation": "agraph.evaluating", "evaluate": "agraph.evaluating",
    "check": "agraph.files",
    "Freezing": "agraph.freezing", "freeze": "agraph.freezing",
    "Graph": "agraph.graph", "load": "agraph.graph",
    "load_graph": "agraph.graph_argument",
    "Optimization": "agraph.optimizing", "optimize": "agraph.optimizing",
    "run": "agraph.running",
    "AgraphError": "agraph.runtime.errors",
    "TestResult": "agraph.testing_blocks", "test": "agraph.testing_blocks",
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module `agraph` has no `{name}`")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
