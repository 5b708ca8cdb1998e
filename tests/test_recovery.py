"""All mistakes in one run: what is planted into a file is told, and hardly anything else."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compiling import compiled
from tests.faults import KINDS, planted, statements, told

EACH = 12
"""How many files are written for each kind of fault."""


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_the_files_that_faults_are_planted_into_have_no_mistake(seed: int) -> None:
    compilation = compiled("\n".join(each.text for each in statements(Random(seed))) + "\n")
    assert compilation.diagnostics == ()


@pytest.mark.parametrize("kind", KINDS)
def test_one_fault_is_told_and_nothing_else(kind: str) -> None:
    for number in range(EACH):
        faulty = planted(Random(f"{kind} {number}"), [kind])
        what = told(faulty)
        assert what.missed == (), faulty.text
        assert what.spurious == (), faulty.text


@given(st.integers(0, 2**32), st.lists(st.sampled_from(KINDS), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_of_several_faults_each_is_told_and_at_most_one_thing_more(seed: int, kinds: list[str]) -> None:
    faulty = planted(Random(seed), kinds)
    what = told(faulty)
    assert what.missed == (), faulty.text
    assert len(what.spurious) <= 1, faulty.text
