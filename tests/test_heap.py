"""What is set apart from collections of garbage, and put back."""

import gc
from collections.abc import Iterator

import pytest

from agraph.runtime.heap import YOUNG, put_back, set_apart


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_objects_are_set_apart_until_the_last_holder_puts_them_back() -> None:
    set_apart()
    assert gc.get_freeze_count() > 0
    set_apart()
    put_back()
    assert gc.get_freeze_count() > 0
    put_back()
    assert gc.get_freeze_count() == 0


def test_what_somebody_else_set_apart_stays() -> None:
    gc.freeze()
    before = gc.get_freeze_count()
    set_apart()
    assert gc.get_freeze_count() == before
    put_back()
    assert gc.get_freeze_count() == before


def test_young_objects_are_looked_at_more_rarely_until_the_last_holder_is_gone() -> None:
    gc.set_threshold(700, 10, 7)
    set_apart()
    set_apart()
    assert gc.get_threshold() == (YOUNG, 10, 7)
    put_back()
    assert gc.get_threshold() == (YOUNG, 10, 7)
    put_back()
    assert gc.get_threshold() == (700, 10, 7)


@pytest.mark.parametrize("young", [0, YOUNG + 1], ids=["never", "even more rarely"])
def test_who_wants_fewer_collections_still_gets_them(young: int) -> None:
    gc.set_threshold(young)
    set_apart()
    assert gc.get_threshold()[0] == young
    put_back()
    assert gc.get_threshold()[0] == young


def test_a_threshold_that_somebody_sets_meanwhile_stays() -> None:
    gc.set_threshold(700)
    set_apart()
    gc.set_threshold(900)
    put_back()
    assert gc.get_threshold()[0] == 900
