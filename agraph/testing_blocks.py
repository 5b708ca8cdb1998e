"""Running the `test` blocks of a file: offline, each on models and tools of its own."""

import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from agraph.blocking import blocking
from agraph.compiler.diagnostics import has_errors
from agraph.compiler.ir import Json
from agraph.compiler.test_blocks import Expectation, Part, TestBlock
from agraph.files import FileLoader, load
from agraph.running import row_key
from agraph.runtime.errors import AgraphError, CompileError
from agraph.runtime.frame import Row
from agraph.runtime.inputs import attached_inputs
from agraph.runtime.models.protocol import Truth
from agraph.runtime.permissions import Permissions, project_permissions
from agraph.runtime.plan import deployed
from agraph.runtime.session import Outcome, Session


@attrs.frozen(eq=False)
class Miss:
    """An expectation that does not hold.

    Attributes:
        sides: The values left and right of the sign.
        named: What is named in them, as written, and its value.
    """

    expectation: Expectation
    sides: tuple[Json, Json]
    named: tuple[tuple[str, Json], ...]


@attrs.frozen(eq=False)
class TestResult:
    """What became of a test.

    Attributes:
        test: The block.
        misses: The expectations that do not hold, in order.
        error: Why the graph gave no answer, or `None`.
        duration_s: Seconds that it took.
    """

    __test__ = False

    test: TestBlock
    misses: tuple[Miss, ...]
    error: AgraphError | None
    duration_s: float

    @property
    def passed(self) -> bool:
        """Whether there is an answer and all that is expected holds."""
        return self.error is None and not self.misses


def test(path: str, permissions: Permissions | None = None) -> tuple[TestResult, ...]:  # noqa: PT028
    """What became of each test of a file, in order.

    Args:
        path: The file.
        permissions: What it may reach; its project where `None`.

    Raises:
        FileError: The file cannot be read.
        CompileError: It has errors.
    """
    compilation = load(path, FileLoader(permissions))
    if has_errors(compilation.diagnostics):
        raise CompileError(compilation.diagnostics)
    return tuple(run_test(block, permissions) for block in compilation.tests)


test.__test__ = False  # type: ignore[attr-defined]  # A runner of tests that meets the name would collect it.


def run_test(block: TestBlock, permissions: Permissions | None = None) -> TestResult:
    """Run the graph that the file deploys, and hold what is expected against what it gave.

    Models are opened anew, so that scripted replies begin from the top; one that would be asked over the
    network is an error before the first call.
    """
    started = time.monotonic()
    misses: Sequence[Miss] = ()
    error = None
    try:
        misses = blocking(_misses(block, permissions))
    except AgraphError as raised:
        error = raised
    return TestResult(block, tuple(misses), error, time.monotonic() - started)


async def _misses(block: TestBlock, permissions: Permissions | None) -> list[Miss]:
    truth = Truth(block.target, ()) if block.has_target else None
    origin = block.graph.origin
    allowed = permissions or project_permissions(origin)
    inputs = attached_inputs(block.graph, block.inputs, Path(origin).parent, allowed.file_refusal)
    row = Row(row_key(inputs), inputs, truth)
    async with Session(block.graph, models=block.models, offline=True, permissions=permissions) as session:
        readers = [session.reading(expectation.compare) for expectation in block.expectations]
        outcome = await session.run(deployed(block.graph), row)
        return [
            await _miss(expectation, session, row, outcome)
            for expectation, holds in zip(block.expectations, readers, strict=True)
            if not await holds(row, outcome, {})
        ]


async def _miss(expectation: Expectation, session: Session, row: Row, outcome: Outcome) -> Miss:
    async def value(part: Part) -> Json:
        return await session.reading(part.value)(row, outcome, {})

    left, right = expectation.sides
    named = [(part.text, await value(part)) for part in expectation.named]
    return Miss(expectation, (await value(left), await value(right)), tuple(named))
