"""All highlighters of `editors/`, and the one of Pygments, mark what the grammar says."""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agraph import pygments_lexer
from agraph.compiler.parser import parse
from agraph.compiler.source import Source
from tests.case_files import cases
from tests.highlighters import ENGINES, marks
from tests.marks import CORPUS, KINDS, Marks, lark_marks, listing, words
from tests.sources import composed_files, files

ROOT = Path(__file__).parent.parent

DIFFERENT = [engine for engine in ENGINES if engine != "nvim"]
"""The engines with a grammar each: Neovim reads the syntax file of Vim."""


@cache
def corpus() -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8") for path in CORPUS)


@cache
def written() -> tuple[str, ...]:
    """Every file of the language in the project, and the programs of tests that the grammar accepts."""
    folders = ("examples", "stdlib", "benchmarks")
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.agraph"))]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    assert [path for path, text in zip(paths, texts, strict=True) if not _is_readable(text)] == []
    programs = [text for case in cases() for text in (case.text, *case.files.values())]
    return (*texts, *filter(_is_readable, programs))


def _is_readable(text: str) -> bool:
    return parse(Source("file.agraph", text))[1] == ()


def assert_equal(engine: str, texts: tuple[str, ...] | list[str], expected: list[Marks]) -> None:
    for text, found, wanted in zip(texts, marks(engine, texts), expected, strict=True):
        # Listings differ in lines, which pytest shows better than sets of places.
        assert listing(text, found) == listing(text, wanted)
        assert found == wanted


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_grammar_marks_what_was_reviewed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert listing(text, lark_marks(text)) == path.with_suffix(".marks").read_text(encoding="utf-8")


def test_the_corpus_has_every_word_of_the_grammar_and_every_kind() -> None:
    found = set()
    for text, marked in zip(corpus(), map(lark_marks, corpus()), strict=True):
        lines = listing(text, marked).splitlines()
        found |= {(line.split(" ", 2)[1], line.split(" ", 2)[2]) for line in lines}
    keywords = {word for kind, stretch in found if kind == "keyword" for word in stretch.split()}
    assert keywords == words()
    assert {kind for kind, _ in found} == set(KINDS)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_editor_marks_the_corpus_as_the_grammar_does(engine: str) -> None:
    assert_equal(engine, corpus(), [lark_marks(text) for text in corpus()])


@pytest.mark.parametrize("engine", DIFFERENT)
def test_an_editor_marks_the_files_of_the_project_as_the_grammar_does(engine: str) -> None:
    assert len(written()) > 200
    assert_equal(engine, written(), [lark_marks(text) for text in written()])


@pytest.mark.parametrize("engine", DIFFERENT)
@settings(max_examples=3)
@given(st.lists(files() | composed_files(), min_size=4, max_size=4))
def test_an_editor_marks_any_file_as_the_grammar_does(engine: str, texts: list[str]) -> None:
    assert_equal(engine, texts, [lark_marks(text) for text in texts])


def test_the_lexer_of_pygments_has_the_words_of_the_grammar() -> None:
    lexer = pygments_lexer.ITEMS | pygments_lexer.STATEMENTS | pygments_lexer.CONSTANTS | {"as"}
    assert lexer == words()
