from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler.edit import apply_edits
from agraph.compiler.source import Span
from agraph.editing.moved import difference, moved

texts = st.text(alphabet="ab\n🦊", max_size=30)


@given(texts, texts, texts, texts)
def test_what_was_not_changed_is_found_again(start: str, old: str, new: str, end: str) -> None:
    before, after = start + old + end, start + new + end
    for left in range(len(before) + 1):
        for right in range(left, len(before) + 1):
            found = moved(Span(left, right), before, after)
            if found is not None:
                assert after[found.start : found.end] == before[left:right]


@given(texts, texts)
def test_one_edit_makes_a_text_of_another(before: str, after: str) -> None:
    edit = difference(before, after)
    assert (edit is None) == (before == after)
    if edit is not None:
        assert apply_edits(before, [edit]) == after


def test_a_place_before_and_one_behind_a_change_are_told() -> None:
    before, after = "one two three", "one too many three"
    assert moved(Span(0, 3), before, after) == Span(0, 3)
    assert moved(Span(8, 13), before, after) == Span(13, 18)
    assert moved(Span(4, 7), before, after) is None
