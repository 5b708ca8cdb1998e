"""The three parts of a data set."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.optimizer.rows import DataRow
from agraph.optimizer.split import Split, split
from agraph.runtime.errors import DataError

KEYS = st.lists(st.text("0123456789abcdef", min_size=8, max_size=8), min_size=8, max_size=60, unique=True)


def rows_of(keys: list[str]) -> list[DataRow]:
    return [DataRow("rows", number, {}, True, key) for number, key in enumerate(keys, 1)]


def parts_of(parts: Split) -> list[tuple[int, ...]]:
    return [parts.train, parts.validation, parts.held_out]


@given(KEYS)
def test_every_row_is_in_one_part_and_the_sizes_are_exact(keys: list[str]) -> None:
    parts = split(rows_of(keys))
    quarter = len(keys) // 4
    assert sorted(sum(parts_of(parts), ())) == list(range(len(keys)))
    assert [len(part) for part in parts_of(parts)] == [len(keys) - 2 * quarter, quarter, quarter]


@given(KEYS, st.randoms(use_true_random=False))
def test_the_parts_do_not_depend_on_the_order_of_the_rows(keys: list[str], seed: random.Random) -> None:
    shuffled = seed.sample(keys, len(keys))
    before = [[keys[index] for index in part] for part in parts_of(split(rows_of(keys)))]
    after = [[shuffled[index] for index in part] for part in parts_of(split(rows_of(shuffled)))]
    assert before == after


def test_rows_of_one_content_stand_together() -> None:
    keys = [f"{letter}{suffix}" for letter in "abcd" for suffix in ("", "-2")]
    parts = split(rows_of(keys))
    assert [{keys[index][0] for index in part} for part in parts_of(parts)] == [{"a", "b"}, {"c"}, {"d"}]


def test_too_few_rows_are_refused_with_how_many_are_needed() -> None:
    with pytest.raises(DataError, match="7 rows are too few to learn from: at least 8"):
        split(rows_of(list("abcdefg")))
