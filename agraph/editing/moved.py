"""Where a place in one version of a text stands in another."""

from agraph.compiler.edit import Edit
from agraph.compiler.source import Span


def moved(span: Span, before: str, after: str) -> Span | None:
    """The span in the text after a change, or `None` where it touches what was changed.

    Args:
        span: The place in the text before.
        before: The text.
        after: The same with a stretch of it replaced.
    """
    start = _shared_start(before, after)
    if span.end < start or before == after:
        return span
    shared = min(len(before), len(after)) - start
    end = _shared_end(before, after, shared)
    if span.start > len(before) - end:
        by = len(after) - len(before)
        return Span(span.start + by, span.end + by)
    return None


def difference(before: str, after: str) -> Edit | None:
    """The one edit that makes a text of another, as short as it can be; `None` where they are the same."""
    if before == after:
        return None
    start = _shared_start(before, after)
    end = _shared_end(before, after, min(len(before), len(after)) - start)
    return Edit(Span(start, len(before) - end), after[start : len(after) - end])


def _shared_start(left: str, right: str) -> int:
    """How long the longest beginning is that two texts share: comparing slices is faster than characters."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _shared_end(left: str, right: str, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if left[len(left) - middle : len(left) - low] == right[len(right) - middle : len(right) - low]:
            low = middle
        else:
            high = middle - 1
    return low
