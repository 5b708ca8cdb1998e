"""A graph as Python code and notebooks hold it: it runs, is scored and optimized, and draws itself."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from agraph.arguments import models_of
from agraph.blocking import blocking
from agraph.compiler import Compilation
from agraph.compiler.ir import Graph as Lowered
from agraph.compiler.ir import Json, Model
from agraph.granting import permissions_of
from agraph.graph_argument import load_graph, parse_target
from agraph.recording import KEPT, Recording, journal_of
from agraph.running import realization_of, run_graph
from agraph.runtime.events import Event, Listener
from agraph.runtime.inputs import Given, attached_inputs
from agraph.runtime.permissions import Permissions
from agraph.runtime.session import Outcome
from agraph.view import view
from agraph.view_mermaid import mermaid_text
from agraph.view_svg import svg_text
from agraph.view_text import graph_text

if TYPE_CHECKING:
    from agraph.evaluating import Evaluation, Progress
    from agraph.optimizing import Optimization


def load(
    target: str | Path,
    *,
    models: Mapping[str, str | Model] | None = None,
    allow: Iterable[str] = (),
    allow_read: Iterable[str | Path] = (),
    allow_url: Iterable[str] = (),
    recording: Recording = KEPT,
) -> "Graph":
    """The graph of `FILE` or `FILE:graph`; the file's last one unless one is named.

    Args:
        target: The file, and the name of the graph behind a colon.
        models: Others in place of those that the file names, such as `{"fast": "simulated(right = 0.7)"}`.
        allow: Installed packages whose functions the file may call.
        allow_read: Folders outside of its project whose files it may read.
        allow_url: Servers that it may ask beside the service and this machine.
        recording: What goes into the store of the file's project.

    Raises:
        FileError: The file cannot be read.
        CompileError: It has errors.
        InputError: It has no such graph, or an argument cannot be used.
    """
    permissions = permissions_of(str(target), allow, allow_read, allow_url)
    compilation, graph = load_graph(str(target), permissions)
    path, _ = parse_target(str(target))
    return Graph(path, compilation, graph, _opened(models or {}), permissions, recording)


@attrs.frozen(eq=False, repr=False)
class Graph:
    """A graph of a file, as it stood when it was loaded.

    Attributes:
        path: The file.
        compilation: All that became of the file.
        ir: The graph as the compiler gives it.
        models: Those that are used in place of the file's.
        permissions: What the file may reach.
        recording: What goes into the store of the file's project.
        seed: Of the realization that is drawn and run, or `None` for the deployed one.
    """

    path: str
    compilation: Compilation
    ir: Lowered
    models: Mapping[str, Model]
    permissions: Permissions
    recording: Recording = KEPT
    seed: int | None = None

    @property
    def name(self) -> str:
        """Its name in the file."""
        return self.ir.name

    def sample(self, seed: int) -> "Graph":
        """The graph that runs what `agraph run --sample --seed N` does."""
        return attrs.evolve(self, seed=seed)

    def run(self, inputs: Mapping[str, Given] | None = None, /, **named: Given) -> Outcome:
        """What it answers; also where an event loop runs, as in a notebook.

        Args:
            inputs: A value for each input of the graph; for a file its path.
            named: The same by name; these go before `inputs`.

        Raises:
            AgraphError: As `runtime.errors` tells them apart.
        """
        return blocking(self.arun(inputs, **named))

    async def arun(self, inputs: Mapping[str, Given] | None = None, /, **named: Given) -> Outcome:
        """What it answers; see `run`."""
        return await self._running({**(inputs or {}), **named}, None)

    async def stream(
        self, inputs: Mapping[str, Json] | None = None, /, **named: Json
    ) -> AsyncGenerator[Event | Outcome, None]:
        """What happens while it runs, event by event, and last the outcome; see `run`.

        Whoever stops listening stops the run.
        """
        told: asyncio.Queue[Event | None] = asyncio.Queue()
        task = asyncio.create_task(self._running({**(inputs or {}), **named}, told.put_nowait))
        task.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while (event := await told.get()) is not None:
                yield event
            yield await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])

    async def _running(self, given: Mapping[str, Given], listener: Listener | None) -> Outcome:
        inputs = attached_inputs(self.ir, given)
        arguments: dict[str, Json] = {"inputs": dict(inputs), "seed": self.seed}
        journal = journal_of("run", self.path, self.ir, arguments, self.models, self.recording)
        return await run_graph(
            self.ir, realization_of(self.ir, self.seed), inputs, models=self.models, listener=listener,
            permissions=self.permissions, journal=journal,
        )  # fmt: skip

    def evaluate(
        self,
        data: str | Path | None = None,
        *,
        target_column: str | None = None,
        metric: str | None = None,
        concurrency: int = 16,
        budget: str | Sequence[str] = (),
        progress: "Progress | None" = None,
    ) -> "Evaluation":
        """The mean score of the deployed graph on a data set; for the arguments see `agraph.evaluate`."""
        # Only here, for running a graph needs no numpy.
        from agraph.budgets import budget_of
        from agraph.evaluating import evaluated, evaluation_journal, material

        rows = None if data is None else str(data)
        found = material(self.compilation, self.ir, rows, target_column, metric, self.permissions)
        limits = budget_of(budget)
        journal = evaluation_journal(self.path, found, metric, self.models, self.recording)
        return blocking(
            evaluated(found, self.models, concurrency, limits, self.permissions, progress, journal=journal)
        )

    def optimize(self, **arguments: Any) -> "Optimization":
        """Learn what stands after `~` and rewrite the file, which is read again.

        The graph stays as it was loaded: load it again to have what was learned.

        Args:
            arguments: Those of `agraph.optimize`, but for the models and permissions, which are the graph's.
        """
        from agraph.optimizing import optimize

        target = f"{self.path}:{self.name}"
        given = {"recording": self.recording, **arguments}
        return optimize(target, models=self.models, permissions=self.permissions, **given)

    def __repr__(self) -> str:
        return f"<agraph.Graph {view(self.ir).signature}>"

    def __str__(self) -> str:
        return graph_text(view(self.ir))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The picture that a notebook shows, in the first of these forms that it can."""
        shown = view(self.ir)
        return {
            "image/svg+xml": svg_text(shown),
            "text/vnd.mermaid": mermaid_text(shown),
            "text/plain": graph_text(shown),
        }


def _opened(models: Mapping[str, str | Model]) -> dict[str, Model]:
    texts = [f"{name}={model}" for name, model in models.items() if isinstance(model, str)]
    given = {name: model for name, model in models.items() if not isinstance(model, str)}
    return {**given, **models_of(texts)}
