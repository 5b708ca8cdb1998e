"""The parts of prompt search, one by one: the gate, edits, races, and whose turn it is."""

import asyncio
from typing import cast

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.optimizer.alternate import alternate
from agraph.optimizer.evaluate import Scored
from agraph.optimizer.gate import ALWAYS_ALLOWED, longest_allowed, open_gate, placeholders, runs_of_words
from agraph.optimizer.moves import Kind, Turn
from agraph.optimizer.phrase_edits import KNOWN_PHRASES, edited, sentences
from agraph.optimizer.phrase_merges import merged
from agraph.optimizer.prompt_history import PromptHistory, Tried
from agraph.optimizer.race import race, runs_of_race, winner
from agraph.optimizer.version import Version
from agraph.runtime.errors import BudgetError
from agraph.runtime.models.protocol import Usage

# The gate.

AUTHOR = "Solve this. {{ question }} {{ inbox }}"
ROWS = runs_of_words(["A train leaves the town at nine and comes back at noon."])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Think first. {{ inbox }} {{question}}", None),
        (" \n ", "empty"),
        ("Solve  this.\n{{ question }} {{ inbox }}", "known"),
        ("Tried. {{ question }} {{ inbox }}", "known"),
        ("{{ question }}", "placeholders"),
        ("{{ question }} {{ inbox.named }}", "placeholders"),
        ("{{ question }} {{ inbox }} {{ index }}", "placeholders"),
        ("x" * ALWAYS_ALLOWED + "{{ question }} {{ inbox }}", "too long"),
        ("A TRAIN leaves the town, at nine and comes! {{ question }} {{ inbox }}", "copied"),
        ("A train leaves the town at nine, {{ question }} {{ inbox }}", None),
    ],
)
def test_a_proposal_keeps_what_it_must(text: str, why: str | None) -> None:
    refusal = open_gate(AUTHOR, ROWS).refusal(text, AUTHOR, ["Tried. {{ question }} {{ inbox }}"])
    assert (refusal.why if refusal else None) == why


def test_what_the_author_copied_may_stay() -> None:
    author = "A train leaves the town at nine and comes back at noon. {{ question }}"
    assert open_gate(author, ROWS).refusal(f"Think. {author}", author, []) is None


def test_a_long_prompt_may_grow_by_half() -> None:
    author = "word " * 200
    gate = open_gate(author, frozenset())
    assert gate.refusal("other " * 250, author, []) is None
    refusal = gate.refusal("other " * 251, author, [])
    assert refusal is not None
    assert refusal.why == "too long"


# Edits.

PIECES = ["Solve it.", "{{ question }}", "Be brief.", "Is it 3.5?", "", "  - a point", "{{ inbox.named }}"]
PROMPTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).flatmap(
    lambda parts: st.sampled_from([" ", "\n"]).map(lambda between: between.join(parts))
)


def beside_placeholders(text: str) -> int:
    """How many sentences stand on a line with one that holds a placeholder."""
    return sum(len(line) for line in sentences(text) if any("{{" in part for part in line))


@given(PROMPTS, st.lists(PROMPTS, max_size=2), st.integers(0, 1000))
def test_edits_differ_keep_the_placeholders_and_say_only_what_is_known(
    current: str, others: list[str], seed: int
) -> None:
    found = edited(current, others, ["{{ question }}"], 4, np.random.default_rng(seed))
    assert len(found) == len(set(found)) <= 4
    known = set(" ".join([current, *others, *KNOWN_PHRASES]).split())
    for text in found:
        assert text not in (current, "{{ question }}")
        assert placeholders(text) == placeholders(current)
        assert set(text.split()) <= known
        # Nothing is put beside a placeholder.
        assert beside_placeholders(text) <= beside_placeholders(current)
    assert found == edited(current, others, ["{{ question }}"], 4, np.random.default_rng(seed))


# The history.


def test_the_best_that_were_tried_come_last() -> None:
    history = PromptHistory()
    for text, score, rows in [("a", 0.5, 50), ("b", 0.2, 50), ("c", 0.7, 10), ("d", 0.5, 60)]:
        history.tried[text] = Tried(text, score, rows)
    assert [each.text for each in history.best(10)] == ["b", "a", "d", "c"]
    assert [each.text for each in history.best(2)] == ["d", "c"]


# Races.


@attrs.define(eq=False)
class FakeEvaluator:
    """Scores rows by a list."""

    values: list[float]
    asked: list[int] = attrs.field(factory=list)
    session: object = None

    async def all(self, pairs: list[tuple[None, int]]) -> list[Scored]:
        self.asked += [row for _, row in pairs]
        return [Scored(self.values[row], "x", None, 1.0, Usage(), ("x",)) for _, row in pairs]


def fake(values: list[float]) -> tuple[Version, FakeEvaluator]:
    evaluator = FakeEvaluator(values)
    nothing = cast("Version", None)
    return Version(nothing, nothing, evaluator, nothing), evaluator  # type: ignore[arg-type]


def test_a_proposal_that_falls_behind_leaves_the_race_and_no_more_is_run_than_foretold() -> None:
    incumbent, own = fake([0.5] * 60)
    worse, few = fake([0.0] * 60)
    better, many = fake([1.0, 0.5] * 30)
    raced = asyncio.run(race(incumbent, [worse, better], range(60)))
    assert [(each.rows, each.finished) for each in raced] == [(4, False), (50, True)]
    assert (few.asked, many.asked, own.asked) == (list(range(4)), list(range(50)), list(range(50)))
    best = winner(raced)
    assert best is not None
    assert (best.version, best.gain) == (better, 0.25)
    both = asyncio.run(race(fake([0.5] * 60)[0], [fake([1.0, 0.5] * 30)[0]] * 2, range(60)))
    assert sum(each.rows for each in both) + 50 == runs_of_race(2)


def test_no_proposal_wins_that_is_only_as_good() -> None:
    incumbent, _ = fake([1.0, 0.0] * 40)
    same, _ = fake([0.0, 1.0] * 40)
    assert winner(asyncio.run(race(incumbent, [same], range(80)))) is None


def test_a_race_on_few_rows_ends_with_them() -> None:
    incumbent, _ = fake([0.0] * 5)
    better, evaluator = fake([1.0] * 5)
    [only] = asyncio.run(race(incumbent, [better], range(5)))
    assert (only.rows, only.gain, evaluator.asked) == (5, 1.0, [0, 1, 2, 3, 4])


# What is put together from all that was tried.


def test_sentences_that_help_are_put_together_without_those_that_harm() -> None:
    worths = {"Be rude.": -0.1, "Think.": 0.1, "Look.": 0.2, "Sing.": -0.2, "Wait.": 0.0}
    assert merged("Be rude. {{ q }}", [worths], []) == ["Look. Think.\n{{ q }}"]
    assert merged("Think. Be kind. {{ q }}", [{"Look.": 0.1}], []) == ["Look.\nThink. Be kind. {{ q }}"]


def test_merges_are_new_differ_and_are_no_longer_than_allowed() -> None:
    long = [f"Sentence number {number} is quite a long one, and says little." for number in range(20)]
    worths = [dict.fromkeys(long, 0.1), dict.fromkeys(long, 0.1), dict.fromkeys(long[5:], 0.1)]
    merges = merged("{{ q }}", worths, [])
    assert len(merges) == 2
    assert all(200 < len(text) <= longest_allowed("{{ q }}") and "{{ q }}" in text for text in merges)
    assert merged("{{ q }}", worths, merges[:1]) == merges[1:]
    assert merged("{{ q }}", [dict.fromkeys(long, -0.1)], []) == []


# Whose turn it is.


@attrs.define(eq=False)
class FakeSession:
    """Counts calls."""

    calls: int = 0
    calls_recalled: int = 0

    @property
    def usage(self) -> Usage:
        return Usage(calls=self.calls)


@attrs.define(eq=False)
class FakeMove:
    """Gains what a list says, for so many calls a turn."""

    kind: Kind
    gains: list[float]
    calls: int
    session: FakeSession
    turns: list[str]
    fails: bool = False
    reopened: int = 0
    runs_each: int = 1

    @property
    def done(self) -> bool:
        return not self.gains

    def reopen(self) -> None:
        self.reopened += 1

    async def advance(self, version: Version, allowance: int) -> Turn:
        if self.fails:
            raise BudgetError("spent")
        # Whether calls were made before makes no difference.
        self.session.calls += self.calls // 2
        self.session.calls_recalled += self.calls - self.calls // 2
        self.turns.append(f"{self.kind} {allowance}")
        gain = self.gains.pop(0)
        other = attrs.evolve(version) if gain else version
        return Turn(other, min(80 // self.runs_each, allowance), gain)


def started() -> tuple[Version, FakeSession, list[str]]:
    session, (version, evaluator) = FakeSession(), fake([])
    evaluator.session = session
    return version, session, []


def test_each_has_a_turn_and_then_what_gained_the_most_for_a_call() -> None:
    version, session, turns = started()
    edges = FakeMove("edges", [0.1, 0.0, 0.0], 100, session, turns)
    prompts = FakeMove("prompts", [0.1, 0.1, 0.0], 10, session, turns, runs_each=8)
    found = asyncio.run(alternate(version, [edges, prompts], 640))
    assert turns[:4] == ["edges 160", "prompts 20", "prompts 20", "prompts 20"]
    # Alone at last, it has all that is left.
    assert turns[4:] == ["edges 320", "edges 240"]
    assert (edges.reopened, prompts.reopened) == (2, 1)
    assert (found.runs, found.stopped) == (480, None)
    assert found.version is not version


def test_a_budget_that_ends_a_turn_keeps_what_was_found_before() -> None:
    version, session, turns = started()
    edges = FakeMove("edges", [0.1], 1, session, turns)
    prompts = FakeMove("prompts", [0.1], 1, session, turns, fails=True)
    found = asyncio.run(alternate(version, [edges, prompts], 80))
    assert found.stopped == "spent"
    assert found.version is not version
    nothing = asyncio.run(alternate(version, [prompts], 80))
    assert (nothing.version, nothing.runs, nothing.stopped) == (version, 0, "spent")


def test_no_more_is_tried_than_is_allowed() -> None:
    version, session, turns = started()
    prompts = FakeMove("prompts", [0.1] * 100, 1, session, turns)
    found = asyncio.run(alternate(version, [prompts], 200))
    assert found.runs == 200
    assert turns == ["prompts 200", "prompts 120", "prompts 40"]
