"""What the parser wanted, in the words of the reference: a message for each state in which it can stop."""

import re
from functools import cache
from typing import Any

import pytest

from agraph.compiler.build import Builder
from agraph.compiler.parser import build_machine, grammar_text
from agraph.compiler.phrases import TERMINALS, expected
from tests.test_house import ROOT

REFERENCE = (ROOT / "grammar" / "README.md").read_text(encoding="utf-8").lower()


@cache
def states() -> dict[int, frozenset[str]]:
    """What each state of the parser's table takes; one that ends a text takes nothing more."""
    machine: Any = build_machine(grammar_text(), Builder())
    table = machine.parser.parser._parse_table
    ends = set(table.end_states.values())
    return {
        state: frozenset(word for word in actions if word.isupper() or word in ("$END", "_NL"))
        for state, actions in table.states.items()
        if state not in ends
    }


def test_the_table_has_many_states_and_each_takes_something() -> None:
    assert len(states()) > 300
    assert all(states().values())


def test_each_state_in_which_the_parser_can_stop_has_a_message() -> None:
    without = {state: words - TERMINALS for state, words in states().items() if words - TERMINALS}
    assert without == {}


MESSAGES = sorted({expected(words) for words in states().values()})


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_made_of_signs_and_of_words_of_the_reference(message: str) -> None:
    for phrase in re.split(", | or ", message):
        if not re.fullmatch("`[^` ]+`", phrase):
            noun = phrase.removeprefix("a ").removeprefix("the ")
            assert noun in REFERENCE or noun == "end of the line", phrase


def test_a_word_that_the_grammar_gains_needs_a_phrase() -> None:
    gained = grammar_text().replace("AGRAPH: /", 'UNTIL: "until"\nAGRAPH: /')
    machine: Any = build_machine(gained.replace("output: OUTPUT", "output: UNTIL? OUTPUT"), Builder())
    words = {word for actions in machine.parser.parser._parse_table.states.values() for word in actions}
    assert {word for word in words if word.isupper()} - TERMINALS == {"UNTIL"}
