"""Full collections of garbage that pass by what was there before: the SDK alone is several 100,000 objects.

With hundreds of calls under way a full collection is due every few hundred calls, and walking what never
changes is most of its work.
"""

import gc
import threading

_LOCK = threading.Lock()

_holders = 0

_ours = False


def set_apart() -> None:
    """Leave all objects that there are out of collections, until `put_back` is called as often as this."""
    global _holders, _ours
    with _LOCK:
        _holders += 1
        # Who set objects apart before, such as a server before it forks, wants them to stay there.
        _ours = _ours or gc.get_freeze_count() == 0
        if _ours:
            gc.freeze()


def put_back() -> None:
    """Have everything collected again, where nobody else wants it set apart."""
    global _holders, _ours
    with _LOCK:
        _holders -= 1
        if _ours and not _holders:
            _ours = False
            gc.unfreeze()
