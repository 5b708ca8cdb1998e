"""What is set apart from collections of garbage, and put back."""

import gc
from collections.abc import Iterator

import pytest

from agraph.runtime.heap import put_back, set_apart


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


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
