"""Templates: what is text in a prompt, and what is a placeholder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler.templates import Placeholder, Unclosed, split

PATHS = st.from_regex(r"[a-z][a-z0-9_]{0,5}(\[-?[0-9]\])?(\.[a-z]{1,3}){0,3}", fullmatch=True)
TEXTS = st.text(st.sampled_from("ab{} \n\"'#")).filter(lambda text: "{{" not in text and text[-1:] != "{")


def shapes(text: str) -> list[str | tuple[str, bool]]:
    return [
        part if isinstance(part, str) else (part.path, part.valid)
        for part in split(text)
        if not isinstance(part, Unclosed)
    ]


@given(st.lists(st.tuples(TEXTS, PATHS, st.sampled_from(["", " ", "  ", "\t"]))), TEXTS)
def test_texts_and_placeholders_come_back_as_they_were_written(
    parts: list[tuple[str, str, str]], end: str
) -> None:
    text = "".join(f"{before}{{{{{blank}{path}{blank}}}}}" for before, path, blank in parts) + end
    expected: list[str | tuple[str, bool]] = []
    for before, path, _ in parts:
        expected += [before] * bool(before) + [(path, True)]
    assert shapes(text) == expected + [end] * bool(end)


@given(st.text(st.sampled_from('ab{}. "\n[]0-')))
def test_every_part_stands_where_it_says_and_nothing_is_lost(text: str) -> None:
    position = 0
    for part in split(text):
        match part:
            case str():
                if text.startswith(part, position):
                    position += len(part)
                else:
                    position = text.index("}}", text.index('"', text.index('"', position) + 1)) + 2
            case Unclosed(start):
                assert start == position
                position += 2
            case Placeholder(path, _, start, end):
                assert start == position
                assert text[start + 2 : end - 2].strip() == path
                position = end
    assert position == len(text)


@given(st.text())
def test_text_without_double_braces_is_text(text: str) -> None:
    if "{{" not in text:
        assert list(split(text)) == ([text] if text else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": {{ x }}}', ['{"a": ', ("x", True), "}"]),
        ('{"a": {"b": {{ x.y }}}}', ['{"a": {"b": ', ("x.y", True), "}}"]),
        ('{{ "{{" }} {{"}}"}}', ["{{", " ", "}}"]),
        ("{{ a[ -1 ].b }}", [("a[ -1 ].b", True)]),
        ("{{}}", [("", False)]),
        ('{{"a": 1}}', [('"a": 1', False)]),
        ("{{ a b }}", [("a b", False)]),
        ("{{ a..b }}", [("a..b", False)]),
        ("{{ 1a }}", [("1a", False)]),
        ("{{ é }}", [("é", False)]),
        ("a }} b", ["a }} b"]),
        ("{{ a }}{{ b }}", [("a", True), ("b", True)]),
    ],
)
def test_what_is_text_and_what_is_a_placeholder(text: str, expected: list[str | tuple[str, bool]]) -> None:
    assert shapes(text) == expected


@pytest.mark.parametrize("text", ["{{", "a {{ b", "{{ a\n}}", "{{ a }"])
def test_braces_that_are_not_closed_on_their_line_are_told(text: str) -> None:
    assert [part.start for part in split(text) if isinstance(part, Unclosed)] == [text.index("{{")]
