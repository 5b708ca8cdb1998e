"""What changed between two texts, as a patch that people read and `patch` applies."""

import difflib


def unified(old: str, new: str, old_path: str, new_path: str) -> str:
    """The unified diff of two texts, without a last line end; empty where they are the same."""
    changes = difflib.unified_diff(_lines(old), _lines(new), old_path, new_path, lineterm="")
    return "\n".join(changes)


def _lines(text: str) -> list[str]:
    """The lines; a last one that does not end says so, as patches do."""
    *lines, last = text.split("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines
