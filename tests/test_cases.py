"""The language tests: every program in `cases/` is told exactly what it says of itself."""

import re
from collections import Counter
from string import Formatter

import pytest

from agraph.compiler import compile_source, kinds
from agraph.compiler.diagnostics import Diagnostic, Kind
from agraph.compiler.source import Source
from agraph.lints import findings_of
from tests.case_files import MAIN, Case, Files, cases

CASES = list(cases())
KINDS = {name: kind for name, kind in vars(kinds).items() if isinstance(kind, Kind)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_program_is_told_what_it_says_of_itself(case: Case) -> None:
    compilation = compile_source(Source(MAIN, case.text), Files({**case.files, MAIN: case.text}))
    told = findings_of(compilation) if case.name.startswith("lints: ") else compilation.diagnostics
    said = [(*_place(each), f"{each.message} {each.hint or ''}") for each in told]
    expected = Counter((mark.file, mark.line, mark.code) for mark in case.marks)
    assert Counter((file, line, code) for file, line, code, _ in said) == expected, said
    for mark in case.marks:
        place = mark.file, mark.line, mark.code
        assert any(found[:3] == place and mark.fragment in found[3] for found in said), (mark, said)


def _place(diagnostic: Diagnostic) -> tuple[str, int, str]:
    line, _ = diagnostic.source.position(diagnostic.span.start)
    return diagnostic.source.path, line, diagnostic.code


def test_every_program_has_its_own_name() -> None:
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.code.startswith("AG01")])
def test_some_program_makes_each_mistake_and_no_other(name: str) -> None:
    code = KINDS[name].code
    assert any([mark.code for mark in case.marks] == [code] for case in CASES)


def test_each_kind_has_its_own_code_in_order() -> None:
    codes = [kind.code for kind in KINDS.values()]
    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"AG(0[1-9]|1\d)\d\d", code) for code in codes)


@pytest.mark.parametrize("name", KINDS)
def test_a_hint_names_nothing_that_its_message_lacks_and_is_no_sentence_of_its_own(name: str) -> None:
    kind = KINDS[name]
    for text in filter(None, (kind.message, kind.hint)):
        fields = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
        assert all(field.isidentifier() for field in fields), fields
        assert not text.endswith(".")
        assert text.count("`") % 2 == 0
