"""Score against cost of what was tried: of which nothing else was both better and cheaper.

Not all that is tried runs on the same rows. So each is put beside one that ran on most of them, the
reference, by the rows that both ran on: what it scores there more or less is added to what the reference
scores on all of its own.
"""

from collections.abc import Sequence
from math import fsum, inf, isfinite

import attrs

from agraph.optimizer.contest import DOUBT_ROWS
from agraph.optimizer.progress import Tried
from agraph.optimizer.scoreboard import Score, Scoreboard
from agraph.optimizer.written import SAME
from agraph.runtime.plan import Realization

FEWEST_ROWS = 8
"""What ran on fewer rows than this is not told of, unless there are no more."""


def beside(board: Scoreboard, reference: Realization) -> tuple[Tried, ...]:
    """All that shares rows with the reference on a board, the reference with all of its own.

    A difference that was seen on some of the reference's rows counts for less, the fewer they are: of many
    that ran on few rows, the best looks better than it is.
    """
    ours = board.of(reference)
    if not ours:
        return ()
    mean = _mean([score.value for score in ours.values()])
    found = []
    for each in board.known:
        scores = {row: score for row, score in board.of(each).items() if row in ours}
        if scores:
            doubt = 0 if len(scores) == len(ours) else DOUBT_ROWS
            gain = fsum(score.value - ours[row].value for row, score in scores.items())
            score = mean + gain / (len(scores) + doubt)
            found.append(attrs.evolve(tried_on(each, list(scores.values())), score=score))
    return tuple(found)


def tried_on(realization: Realization, scores: Sequence[Score]) -> Tried:
    """A realization by what it scored, each on a row of its own."""
    mean = _mean([score.value for score in scores])
    return Tried(realization, mean, _cost(scores), len(scores), _usd(scores))


def merged(reference: Realization, *groups: Sequence[Tried]) -> tuple[Tried, ...]:
    """Each that is in any of several groups, as it was scored on the most rows.

    Groups were scored on other rows: their scores are moved by what the reference scores in them.
    """
    places = [{each.realization: each for each in group} for group in groups]
    shared = sorted((each for each in places if reference in each), key=lambda each: -each[reference].rows)
    found: dict[Realization, Tried] = {}
    for place in shared:
        moved = shared[0][reference].score - place[reference].score
        for each in place.values():
            if each.realization not in found or each.rows > found[each.realization].rows:
                found[each.realization] = attrs.evolve(each, score=each.score + moved)
    for place in places:
        for each in place.values() if not shared else ():
            found.setdefault(each.realization, each)
    return tuple(sorted(found.values(), key=lambda each: -each.rows))


def front(tried: Sequence[Tried], always: Sequence[Realization] = ()) -> tuple[Tried, ...]:
    """Those of which no other scores as much for less, or more for as much; the cheapest first.

    Cost is money where it is known of all and not nothing, and else model calls.

    Args:
        tried: All of them.
        always: What is told of even where there is something better for less.
    """
    fewest = min(FEWEST_ROWS, max((each.rows for each in tried), default=0))
    able = [each for each in tried if each.rows >= fewest and isfinite(each.cost)]
    money = all(each.usd is not None for each in able) and any(each.usd for each in able)
    found: list[Tried] = []
    best = -inf

    def cheapest_first(one: Tried) -> tuple[float, float, float]:
        usd = one.usd if money and one.usd is not None else 0.0
        return round(usd, 12), round(one.cost, 12), -one.score

    for each in sorted(able, key=cheapest_first):
        if each.score > best + SAME:
            best = each.score
            found.append(each)
        elif each.realization in always:
            found.append(each)
    return tuple(found)


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def _cost(scores: Sequence[Score]) -> float:
    """The mean of those that gave an answer."""
    answered = [score.cost for score in scores if isfinite(score.cost)]
    return _mean(answered) if answered else inf


def _usd(scores: Sequence[Score]) -> float | None:
    known = [score.usd for score in scores if score.usd is not None]
    return _mean(known) if len(known) == len(scores) else None
