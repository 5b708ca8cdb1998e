"""What the headers of a service's answer say of its limits."""

import math
from collections.abc import Mapping
from datetime import datetime

from agraph.runtime.models.protocol import Limits

PREFIX = "anthropic-ratelimit-"

TOKENS = ("tokens", "input-tokens", "output-tokens")


def read_limits(headers: Mapping[str, str], now: datetime) -> Limits | None:
    """The limits that the headers of an answer tell, or `None` where they tell none.

    Args:
        headers: By lower-case name.
        now: With a time zone; what is told is the time of day at which there is more.
    """
    requests = _count(headers.get(f"{PREFIX}requests-remaining"))
    every = _count(headers.get(f"{PREFIX}tokens-remaining"))
    # Most servers say nothing of limits, and looking for each header takes its time.
    if requests is None and every is None:
        return None
    kinds = [_count(headers.get(f"{PREFIX}{kind}-remaining")) for kind in TOKENS[1:]]
    tokens = [count for count in (every, *kinds) if count is not None]
    resets = [_seconds(headers.get(f"{PREFIX}{kind}-reset"), now) for kind in ("requests", *TOKENS)]
    return Limits(requests, min(tokens, default=None), max(resets))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The seconds in `retry-after`; a date, its other form, counts as nothing: the service sends none."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None


def _count(header: str | None) -> int | None:
    return int(header) if header is not None and header.isascii() and header.isdigit() else None


def _seconds(header: str | None, now: datetime) -> float:
    try:
        return max(0.0, (datetime.fromisoformat(header or "") - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0
