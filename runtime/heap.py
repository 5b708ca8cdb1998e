"""Fewer and shorter collections of garbage while calls are under way.

With hundreds of calls under way there are always many young objects, nearly all of which go without being
collected: they are looked at only when there are more of them. And the SDK alone is several 100,000 objects
that never change: they are left out when all are looked at.
"""

import gc
import threading

YOUNG = 30_000
"""How many young objects there may be before they are looked at; a call under way is about a hundred."""

_LOCK = threading.Lock()

_holders = 0

_frozen = False

_thresholds: tuple[int, int, int] | None = None


def set_apart() -> None:
    """Leave all objects that there are out of collections, until `put_back` is called as often as this."""
    global _holders, _frozen, _thresholds
    with _LOCK:
        _holders += 1
        # Who set objects apart before, such as a server before it forks, wants them to stay there.
        if not _frozen and gc.get_freeze_count() == 0:
            _frozen = True
        if _frozen:
            gc.freeze()
        now = gc.get_threshold()
        # None, where somebody wants no collections at all.
        if _thresholds is None and 0 < now[0] < YOUNG:
            _thresholds = now
            gc.set_threshold(YOUNG, *now[1:])


def put_back() -> None:
    """Have everything collected again as before, where nobody else wants it set apart."""
    global _holders, _frozen, _thresholds
    with _LOCK:
        _holders -= 1
        if _holders:
            return
        if _frozen:
            _frozen = False
            gc.unfreeze()
        # Where somebody else set them meanwhile, they stay.
        if _thresholds is not None and gc.get_threshold()[0] == YOUNG:
            gc.set_threshold(*_thresholds)
        _thresholds = None
