"""The search for structure as one of several: its later turns pay only for what other texts have changed."""

import asyncio
from collections import Counter
from collections.abc import Mapping

import attrs
import pytest

from agraph.compiler import ir
from agraph.compiler.source import Source
from agraph.files import FileLoader
from agraph.optimizer.evaluate import Evaluator
from agraph.optimizer.grade import Grade
from agraph.optimizer.manuscript import Manuscript
from agraph.optimizer.rewrite import current_values
from agraph.optimizer.rows import DataRow
from agraph.optimizer.settings import Estimator, Settings
from agraph.optimizer.structure import StructureSearch
from agraph.optimizer.task import Example
from agraph.optimizer.version import Version, first_version, other_version
from agraph.runtime.events import Answered, Event
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import Truth
from agraph.runtime.session import Session
from tests.compiling import compiled

TEXT = """\
agraph 1

import std.text

model deciding = simulated(right = 0.3, heard_right = 0.5, heard_wrong = -0.2, phrases = { "Think": 0.2 })
model knowing = simulated(right = 0.8)
model foolish = simulated(right = 0.05)

graph team(question: str) -> str? {
  node fool[2] "Is mostly wrong." {
    model = foolish
    prompt = "{{ question }}"
  }
  node expert "Is mostly right." {
    model = knowing
    prompt = "{{ question }}"
  }
  node chief "Decides." {
    model = deciding
    prompt ~ "{{ question }} {{ inbox }}"
  }
  node answer = text.last_line(chief)
  edge [fool, expert] -> chief ~ 0.5
  edge chief -> answer
  output answer
}
"""

ROWS = 400


def examples() -> list[Example]:
    made = []
    for number in range(ROWS):
        question, answer = f"Number {number}?", str(number % 7)
        columns: dict[str, ir.Json] = {"question": question, "answer": answer}
        row = Row(question, {"question": question}, Truth(answer, tuple("0123456")))
        made.append(Example(DataRow("rows", number, columns, True, question), row))
    return made


def scorer(output: ir.Json, row: DataRow, trace: Mapping[str, ir.Json]) -> Grade:
    return Grade(float(output == row.columns["answer"]))


@attrs.frozen
class Turns:
    """What two turns of a search paid for, by node, and what they found."""

    calls: tuple[Counter[str], Counter[str]]
    runs: tuple[int, int]
    versions: tuple[Version, Version]


def turns(estimator: Estimator, prompt: str | None) -> Turns:
    """Two turns, the second from what the first found, with another prompt if one is given."""
    graph = compiled(TEXT).graphs[0]
    manuscript = Manuscript(graph, Source("main.agraph", TEXT), FileLoader())
    paid: Counter[str] = Counter()

    def listen(event: Event) -> None:
        if isinstance(event, Answered) and not event.shared:
            paid[event.request.node.partition("[")[0]] += 1

    async def both() -> Turns:
        async with Session(graph, listener=listen) as session:
            evaluator = Evaluator(session, examples(), scorer, 8)
            search = StructureSearch(
                manuscript, range(300), range(300, ROWS), Settings(estimator), 7, alone=True
            )
            first = first_version(graph, current_values(graph), evaluator)
            found = await search.advance(first, 256)
            once = Counter(paid)
            version = found.version if prompt is None else with_prompt(found.version, prompt, manuscript)
            again = await search.advance(version, 256)
            return Turns(
                (once, Counter(paid) - once), (found.tried, again.tried), (found.version, again.version)
            )

    return asyncio.run(both())


def with_prompt(version: Version, prompt: str, manuscript: Manuscript) -> Version:
    other = other_version(version, attrs.evolve(version.values, prompts=(prompt,)), manuscript)
    assert isinstance(other, Version)
    return other


@pytest.mark.parametrize("estimator", ["replay", "reinforce-loo"])
def test_a_later_turn_pays_for_the_node_whose_prompt_changed_and_little_else(estimator: Estimator) -> None:
    found = turns(estimator, "Think. {{ question }} {{ inbox }}")
    first, second = found.calls
    assert min(found.runs) >= 100
    assert first["fool"] + first["expert"] > 100
    assert second["chief"] > 30
    # Whom the chief hears has the prompt that it had, and is asked about the rows that it was asked about.
    assert second["fool"] + second["expert"] < 0.25 * (first["fool"] + first["expert"])


@pytest.mark.parametrize("estimator", ["replay", "reinforce-loo"])
def test_a_turn_begins_where_the_last_one_ended(estimator: Estimator) -> None:
    found = turns(estimator, None)
    one, other = found.versions
    assert one.realization == other.realization
    assert one.realization.edges[:3] == (False, False, True)
    # All rows are those of the first turn, so that only runs that it did not make are paid for.
    assert sum(found.calls[1].values()) < 0.5 * sum(found.calls[0].values())
