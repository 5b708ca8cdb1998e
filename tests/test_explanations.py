"""The explanations of the codes: their examples say what they are there to say."""

import pytest

from agraph.compiler import compile_source
from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.source import Source
from agraph.explanations import Example, codes, explanation, index
from agraph.lints import findings_of
from tests.case_files import MAIN, Files
from tests.test_house import ROOT

CODES = list(codes())
ACCOMPANIED = {"AG0118"}
"""Codes that never stand alone: they count the others."""


def findings(example: Example) -> tuple[Diagnostic, ...]:
    files = Files({**dict(example.files), MAIN: example.text})
    return findings_of(compile_source(Source(MAIN, example.text), files))


def errors_of(code: str, found: tuple[Diagnostic, ...]) -> list[str]:
    """The codes of the findings; lints count only where one of them is explained."""
    told = [each.code for each in found if each.severity == "error" or codes()[code].severity == "warning"]
    return [each for each in told if code not in ACCOMPANIED or each == code]


@pytest.mark.parametrize("code", CODES)
def test_the_failing_example_has_the_mistake_once_and_no_other(code: str) -> None:
    found = findings(explanation(code).failing)
    assert errors_of(code, found) == [code], [(each.code, each.message) for each in found]


@pytest.mark.parametrize("code", CODES)
def test_the_mended_example_has_no_mistake(code: str) -> None:
    found = findings(explanation(code).mended)
    assert errors_of(code, found) == [], [(each.code, each.message) for each in found]


@pytest.mark.parametrize("code", CODES)
def test_an_explanation_has_a_title_and_a_cause_in_sentences(code: str) -> None:
    explained = explanation(code)
    assert explained.text.startswith(f"# {code}: ")
    assert not explained.title.endswith(".")
    assert explained.cause.endswith(".")


def test_there_is_an_explanation_of_each_code_and_of_no_other() -> None:
    assert sorted(path.stem for path in (ROOT / "grammar" / "errors").iterdir()) == CODES


def test_the_page_of_codes_is_the_one_that_the_command_writes() -> None:
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == index()
