"""Proposals from all that was tried: what seems to help is put together, what seems to harm left out.

Few prompts are the sum of their sentences; but the rows soon tell.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from agraph.optimizer.gate import longest_allowed
from agraph.optimizer.phrase_edits import sentences


def merged(current: str, worths: Iterable[Mapping[str, float]], known: Collection[str]) -> list[str]:
    """Prompts of the sentences that help, as many as there are opinions of what each adds, or fewer.

    Args:
        current: The prompt; its order, its lines and what holds a placeholder stay.
        worths: What each sentence adds to the score, in one opinion or another.
        known: Texts that are not wanted again.
    """
    found = (_put_together(current, each) for each in worths)
    return [text for text in dict.fromkeys(found) if text not in (current, *known)]


def movable(text: str) -> list[str]:
    """The sentences that can be moved: they have words, and no placeholder."""
    return [part for line in sentences(text) for part in line if "{{" not in part and re.search(r"\w", part)]


def _put_together(current: str, worths: Mapping[str, float]) -> str:
    """The prompt without what harms, with as much of what helps before it as it may be long."""
    lines = [[part for part in line if worths.get(part, 1.0) > 0] for line in sentences(current)]
    text = "\n".join(" ".join(line) for line in lines if line or not movable(current)).strip("\n")
    present = set(movable(text))
    helping = [each for each in sorted(worths, key=lambda each: -worths[each]) if worths[each] > 0]
    added: list[str] = []
    for sentence in helping:
        longer = " ".join([*added, sentence, text])
        if sentence not in present and len(longer) <= longest_allowed(current):
            added.append(sentence)
    if not added:
        return text
    # Sentences in front of a placeholder stand on a line of their own, for all that it stands for follows.
    first = text.partition("\n")[0]
    return ("\n" if "{{" in first else " ").join([" ".join(added), text])
