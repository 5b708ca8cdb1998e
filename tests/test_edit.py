"""Edits of a text: everything outside their spans stays."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler.edit import Edit, apply_edits
from agraph.compiler.source import Span


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text and edits of it that do not overlap, in any order."""
    text = draw(st.text())
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    spans = [Span(start, end) for start, end in list(pairwise(cuts))[::2]]
    edits = [Edit(span, draw(st.text(max_size=5))) for span in dict.fromkeys(spans)]
    return text, draw(st.permutations(edits))


@given(edited())
def test_text_outside_the_spans_is_untouched_and_inside_is_what_was_given(
    example: tuple[str, list[Edit]],
) -> None:
    text, edits = example
    ordered = sorted(edits, key=lambda edit: edit.span)
    rest = apply_edits(text, edits)
    position = 0
    for edit in ordered:
        between = text[position : edit.span.start]
        assert rest.startswith(between + edit.text)
        rest = rest[len(between) + len(edit.text) :]
        position = edit.span.end
    assert rest == text[position:]


@given(edited())
def test_edits_that_write_what_is_there_change_nothing(example: tuple[str, list[Edit]]) -> None:
    text, edits = example
    same = [Edit(edit.span, text[edit.span.start : edit.span.end]) for edit in edits]
    assert apply_edits(text, same) == text


@given(edited())
def test_edits_can_be_taken_back(example: tuple[str, list[Edit]]) -> None:
    text, edits = example
    back, shift = [], 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        start = edit.span.start + shift
        back.append(Edit(Span(start, start + len(edit.text)), text[edit.span.start : edit.span.end]))
        shift += len(edit.text) - (edit.span.end - edit.span.start)
    assert apply_edits(apply_edits(text, edits), back) == text


@pytest.mark.parametrize(
    "spans",
    [
        [Span(0, 2), Span(1, 3)],
        [Span(0, 3), Span(1, 2)],
        [Span(2, 1)],
        [Span(-1, 1)],
        [Span(3, 5)],
    ],
)
def test_edits_that_overlap_or_lie_outside_are_refused(spans: list[Span]) -> None:
    with pytest.raises(ValueError, match="overlaps another or lies outside"):
        apply_edits("four", [Edit(span, "x") for span in spans])
