"""What a proposed prompt must keep, looked at before a run is spent on it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import attrs

from agraph.compiler.ir import Json
from agraph.compiler.templates import Placeholder, split

LONGER = 1.5
"""How many times as long as the current prompt a proposal may be."""

ALWAYS_ALLOWED = 400
"""Characters that any prompt may have, however short the current one is."""

COPIED_WORDS = 8
"""As many words in a row that also stand in a training row are a copy of it."""

Why = Literal["empty", "known", "placeholders", "too long", "copied", "not compiled", "no reply"]


@attrs.frozen
class Refusal:
    """Why a proposal is not tried.

    Attributes:
        why: In one word, for counting.
        reason: In a sentence, for the proposer.
    """

    why: Why
    reason: str


@attrs.frozen(eq=False)
class Gate:
    """Holds proposals for one prompt against the rules.

    Attributes:
        rows: The runs of words in the training rows.
        own: Those in the author's prompt, which are allowed.
        reads: The placeholders of the author's prompt.
    """

    rows: frozenset[int]
    own: frozenset[int]
    reads: frozenset[str]

    def refusal(self, text: str, current: str, known: Iterable[str]) -> Refusal | None:
        """Why a text may not take the place of the current prompt, or `None`.

        Args:
            text: The proposal.
            current: The prompt now.
            known: The texts that were tried before.
        """
        if not text.strip():
            return Refusal("empty", "it is empty")
        if _bare(text) in {_bare(each) for each in (current, *known)}:
            return Refusal("known", "it was tried before")
        reads = placeholders(text)
        if reads != self.reads:
            lost, new = sorted(self.reads - reads), sorted(reads - self.reads)
            told = [f"it lacks {_shown(lost)}"] * bool(lost) + [f"it has {_shown(new)}"] * bool(new)
            return Refusal("placeholders", f"{' and '.join(told)}: the placeholders must stay the same")
        longest = longest_allowed(current)
        if len(text) > longest:
            return Refusal("too long", f"it has {len(text)} characters; {longest} are the most")
        if runs_of_words([text]) & self.rows - self.own:
            return Refusal("copied", f"it copies {COPIED_WORDS} words in a row from the examples")
        return None


def longest_allowed(current: str) -> int:
    """How many characters a proposal may have."""
    return max(ALWAYS_ALLOWED, int(LONGER * len(current)))


def open_gate(text: str, rows: frozenset[int]) -> Gate:
    """The gate for proposals that would replace an author's prompt.

    Args:
        text: The author's prompt.
        rows: The runs of words in the training rows.
    """
    return Gate(rows, runs_of_words([text]), placeholders(text))


def placeholders(text: str) -> frozenset[str]:
    """What a prompt reads, each as it is written between the braces."""
    return frozenset(part.path for part in split(text) if isinstance(part, Placeholder))


def runs_of_words(texts: Iterable[str]) -> frozenset[int]:
    """Every run of words as long as a copy, hashed; case and what stands between words do not count."""
    runs: set[int] = set()
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        runs.update(hash(tuple(words[at : at + COPIED_WORDS])) for at in range(len(words) - COPIED_WORDS + 1))
    return frozenset(runs)


def texts_in(value: Json) -> Iterator[str]:
    """Every text in a value."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from texts_in(item)
        case dict():
            for item in value.values():
                yield from texts_in(item)


def _bare(text: str) -> str:
    return " ".join(text.split())


def _shown(paths: Sequence[str]) -> str:
    return ", ".join(f"`{{{{ {path} }}}}`" for path in paths)
