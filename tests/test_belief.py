"""What is believed of versions by what they scored."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.optimizer.belief import Belief, Seen, belief

SENTENCES = ("One.", "Two.", "Three.", "Four.")
WORTHS = {"One.": 0.15, "Two.": -0.15, "Three.": 0.0, "Four.": 0.05}


def seen(text: str, worths: dict[int, float], rest: str = "") -> Seen:
    return Seen(frozenset((0, f"{sentence}.") for sentence in text.split(".") if sentence), rest, worths)


def coins(wins: int, rows: int, first: int = 0) -> dict[int, float]:
    """Wins spread over rows."""
    won = np.diff(np.floor(np.linspace(0, wins + 1e-9, rows + 1)))
    return {first + row: float(win) for row, win in enumerate(won)}


def test_luck_on_few_rows_is_believed_less_than_as_much_on_many() -> None:
    found = belief([seen("A.", coins(20, 50)), seen("B.", coins(4, 4, 50)), seen("C.", coins(40, 50, 60))])
    start, lucky, good = found.mean.tolist()
    assert 0.4 <= start < lucky < good < 0.8
    assert found.chance(2, 0) > 0.95
    assert found.chance(0, 2) == pytest.approx(1 - found.chance(2, 0))
    assert found.chance(0, 0) == 0.5
    assert 0.5 < belief([seen("A.", coins(20, 50)), seen("B.", coins(4, 4, 50))]).chance(1, 0) < 0.9


def test_what_one_prompt_shows_of_a_sentence_tells_of_the_others_that_have_it() -> None:
    few = coins(2, 4)
    found = belief([
        seen("A.", coins(10, 30)), seen("A.Good.", coins(25, 30)), seen("B.", few), seen("B.Good.", few),
    ])  # fmt: skip
    assert found.mean[3] > found.mean[2] + 0.02


def test_effects_are_those_that_the_scores_were_made_of() -> None:
    generator = np.random.default_rng(0)
    sets = [[name for place, name in enumerate(SENTENCES) if number >> place & 1] for number in range(16)]
    found = belief([
        seen("".join(names), {
            row: float(generator.random() < 0.5 + sum(WORTHS[name] for name in names)) for row in range(2000)
        })
        for names in sets
    ])  # fmt: skip
    told = {sentence: effect for (_, sentence), effect in zip(found.parts, found.effects, strict=True)}
    assert told == pytest.approx(WORTHS, abs=0.03)
    first, *others = found.supposed(200, generator)
    assert list(first.values()) == found.effects.tolist()
    spread = np.std([list(each.values()) for each in others], axis=0)
    assert spread == pytest.approx(np.sqrt(np.diag(found.effects_covariance)), rel=0.3)


def test_who_was_run_on_easy_rows_only_is_not_taken_for_better() -> None:
    worths = {row: float((row < 20) != (row % 10 == 0)) for row in range(40)}
    easy, hard = ({row: worths[row] for row in rows} for rows in (range(20), range(20, 40)))
    found = belief([*(seen(f"{name}.", worths) for name in "ABCD"), seen("E.", easy), seen("F.", hard)])
    assert abs(found.mean[4] - found.mean[5]) < 0.15, "their means differ by 0.8"


def test_the_same_gain_on_the_same_rows_tells_more() -> None:
    before = {row: float(row % 3 == 0) for row in range(60)}
    after = before | dict.fromkeys((1, 2, 4, 5, 7), 1.0)
    same = belief([seen("A.", before), seen("B.", after)])
    other = belief([seen("A.", before), seen("B.", {row + 100: worth for row, worth in after.items()})])
    assert same.chance(1, 0) > other.chance(1, 0) + 0.05 > 0.6


def test_sentences_count_for_little_where_the_scores_do_not_follow_them() -> None:
    generator = np.random.default_rng(1)

    def effects(own: float, of_sentences: float) -> Belief:
        versions = []
        for _ in range(40):
            names = [name for name in "ABCDEF" if generator.random() < 0.5]
            chance = 0.5 + own * generator.normal() + of_sentences * (("A" in names) - ("B" in names))
            text = "".join(f"{name}." for name in names)
            versions.append(seen(text, {row: float(generator.random() < chance) for row in range(60)}))
        return belief(versions)

    follow, differ = effects(0.0, 0.15), effects(0.15, 0.0)
    told = {sentence: effect for (_, sentence), effect in zip(follow.parts, follow.effects, strict=True)}
    assert told["A."] > 0.08 > -0.08 > told["B."]
    assert float(np.abs(differ.effects).max()) < 0.06
    assert float(np.ptp(differ.mean)) > 0.4, "each is believed by what it scored itself"


def test_another_rest_may_be_much_better_and_its_prompts_still_tell_of_sentences() -> None:
    found = belief([
        seen("A.", coins(5, 50), "poor"), seen("A.Good.", coins(20, 50), "poor"),
        seen("A.", coins(35, 50), "rich"),
        seen("B.", coins(3, 4), "rich"), seen("B.Good.", coins(3, 4), "rich"),
    ])  # fmt: skip
    assert found.mean[2] > 0.6
    assert found.mean[0] < 0.2
    assert found.mean[4] > found.mean[3]


SCORES = st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=6)
TEXTS = st.sets(st.sampled_from(SENTENCES)).map("".join)


@given(st.lists(st.tuples(TEXTS, SCORES), min_size=1, max_size=6), st.randoms())
def test_neither_the_order_of_versions_nor_the_scale_of_scores_matters(
    scored: list[tuple[str, list[float]]], shuffler: random.Random
) -> None:
    versions = [seen(text, dict(enumerate(scores))) for text, scores in scored]
    found = belief(versions)
    assert np.isfinite(found.mean).all()
    assert (np.linalg.eigvalsh(found.covariance) > -1e-9).all()
    order = list(range(len(versions)))
    shuffler.shuffle(order)
    shuffled = belief([versions[place] for place in order])
    assert shuffled.mean == pytest.approx(found.mean[order], abs=1e-9)
    larger = belief(
        [seen(text, {row: 3 + 10 * each for row, each in enumerate(scores)}) for text, scores in scored]
    )
    if len({each for _, scores in scored for each in scores}) > 1 and any(
        len(set(scores)) > 1 for _, scores in scored
    ):
        assert larger.mean == pytest.approx(3 + 10 * found.mean, abs=1e-6)


def test_equal_scores_are_believed() -> None:
    found = belief([seen("A.", coins(0, 4)), seen("B.", coins(0, 4)), seen("", coins(0, 13))])
    assert found.mean == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)
    assert found.chance(0, 1) == pytest.approx(0.5)
