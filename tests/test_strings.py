"""String literals: what they mean, and that what is written means what was to be written."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agraph.compiler import syntax
from agraph.compiler.kinds import BLOCK_INDENTATION, UNKNOWN_ESCAPE
from agraph.compiler.parser import parse
from agraph.compiler.source import Source, Span
from agraph.compiler.strings import decode_block, decode_plain, encode

PIECES = st.sampled_from(
    ['"', '""', '"""', '""""', '\n"""', '\n  """"', "\\", "\\u{41}", "{{", "#", "a", "é", "🙂"]
)
BLANKS = st.sampled_from(["\t", "\r", "\n", "\r\n", " ", "    ", "\x0b", "\x0c", "\x85", "\u2028", "\ufeff"])
ODD = st.sampled_from(["\0", "\x1b", "\x7f", "\ud800", "\udc00"])
TEXTS = st.one_of(
    st.text(),
    st.lists(PIECES | BLANKS | ODD, max_size=12).map("".join),
    st.text(st.characters(codec="utf-8") | st.characters(categories=["Cs"]), max_size=20),
)


def read(literal: str, newline: str = "\n") -> str:
    """The text that a literal means, in a file."""
    lines = ["agraph 1", "graph g() {", '  node a "x" {', f"    prompt ~ {literal} # text", "  }", "}", ""]
    file, diagnostics = parse(Source("x.agraph", newline.join(lines)))
    assert diagnostics == ()
    graph = file.items[0]
    assert isinstance(graph, syntax.GraphDeclaration)
    node = graph.body[0]
    assert isinstance(node, syntax.NodeDeclaration)
    assert node.body is not None
    setting = node.body[0]
    assert isinstance(setting, syntax.Setting)
    assert isinstance(setting.value, syntax.String)
    return setting.value.value


@given(
    value=TEXTS,
    like=st.sampled_from(['""', '"old"', '"""\nold\n"""', '"""""\nold\n"""""']),
    indentation=st.text(" \t", max_size=6),
    newline=st.sampled_from(["\n", "\r\n"]),
)
@example(value="", like='"""\nx\n"""', indentation="  ", newline="\n")
@example(value="\n", like='"""\nx\n"""', indentation="  ", newline="\r\n")
@example(value="ends\n\n", like='"old"', indentation="\t", newline="\n")
@example(value='"""\n""""', like='"""\nx\n"""', indentation="", newline="\n")
@example(value="  \n\t\n x ", like='"""\nx\n"""', indentation="    ", newline="\n")
def test_a_written_text_reads_back(value: str, like: str, indentation: str, newline: str) -> None:
    assert read(encode(value, like, indentation, newline), newline) == value


@given(value=st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_one_line_in_place_of_a_plain_string_stays_plain(value: str) -> None:
    literal = encode(value, '"old"', "    ", "\n")
    assert "\n" not in literal
    assert not literal.startswith('"""')


@given(value=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1))
def test_text_in_place_of_a_block_stays_a_block_that_escapes_nothing(value: str) -> None:
    lines = encode(value, '"""\nold\n"""', "  ", "\n").split("\n")
    assert lines[1] == "  " + value


def test_several_lines_in_place_of_a_plain_string_become_a_block() -> None:
    assert encode("a\n\n b", '"old"', "  ", "\r\n") == '"""\r\n  a\r\n\r\n   b\r\n  """'


def test_a_block_keeps_its_count_of_quotes_where_it_can() -> None:
    assert encode('say ""', '""""\nold\n""""', "", "\n") == '""""\nsay ""\n""""'
    assert encode('say """"', '"""\nold\n"""', "", "\n") == '"""""\nsay """"\n"""""'


@pytest.mark.parametrize("value", ["a\rb", "a\r\nb", "nul \0", "\x7f", "\x85", "\ud800"])
def test_what_a_block_cannot_hold_is_escaped(value: str) -> None:
    assert encode(value, '"""\nold\n"""', "", "\n").isascii()
    assert encode(value, '"""\nold\n"""', "", "\n").isprintable()


def test_escapes_mean_their_characters() -> None:
    assert decode_plain(r'"\n\r\t\"\\A\u{1F600}\u{0}"') == ('\n\r\t"\\A😀\0', ())


def test_a_surrogate_pair_is_one_character() -> None:
    assert decode_plain(r'"\uD83D\uDE00"') == ("😀", ())
    assert decode_plain(r'"\u{D83D}\u{DE00}"') == ("\ud83d\ude00", ())


@pytest.mark.parametrize(
    "escape", [r"\q", r"\u{}", r"\u{110000}", r"\u{1234567}", r"\u{41", r"\u{xyz}", r"\'"]
)
def test_an_unknown_escape_is_a_flaw_at_its_place_and_stays_in_the_text(escape: str) -> None:
    value, (flaw,) = decode_plain(f'"ab{escape}"')
    assert value == f"ab{escape}"
    assert flaw.kind is UNKNOWN_ESCAPE
    assert flaw.span == Span(3, 3 + len(escape))


def test_a_short_unicode_escape_is_a_flaw() -> None:
    value, (flaw,) = decode_plain(r'"\u12"')
    assert value == r"\u12"
    assert flaw.span == Span(1, 3)


def test_a_block_is_dedented_to_its_closing_run() -> None:
    assert decode_block('"""\n    a\n      b  \n    """') == ("a\n  b  ", ())


def test_blank_lines_of_a_block_may_be_shorter_than_its_indentation() -> None:
    assert decode_block('"""\n    a\n\n  \n    """') == ("a\n\n", ())


def test_every_line_end_of_a_block_is_a_newline() -> None:
    assert decode_block('""" \r\n a\r\n b\n c\r\n """') == ("a\nb\nc", ())


def test_nothing_in_a_block_is_an_escape() -> None:
    assert decode_block('"""\n\\n \\u{41}\n"""') == ("\\n \\u{41}", ())


def test_a_block_of_no_lines_is_empty() -> None:
    assert decode_block('"""\n  """') == ("", ())


def test_a_line_with_less_indentation_is_a_flaw_at_its_blanks() -> None:
    value, (flaw,) = decode_block('"""\n    a\n  b\n    """')
    assert value == "a\nb"
    assert flaw.kind is BLOCK_INDENTATION
    assert flaw.span == Span(10, 12)


def test_a_tab_is_not_spaces() -> None:
    _, (flaw,) = decode_block('"""\n\ta\n    """')
    assert flaw.kind is BLOCK_INDENTATION
