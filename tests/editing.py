"""Files of an editing session in memory, and a mark for the place in a text where the cursor stands."""

from agraph.compiler.loader import Unreadable
from agraph.editing.analysis import Analysis
from agraph.editing.workspace import Workspace, real_path

CURSOR = "¦"


def session(**texts: str) -> Workspace:
    """A session with some files open, named `name.agraph`, and none on disk."""
    return Workspace(open_texts={real_path(f"{name}.agraph"): text for name, text in texts.items()})


def analysis_of(workspace: Workspace, name: str = "main") -> Analysis:
    found = workspace.analysis(f"{name}.agraph")
    assert not isinstance(found, Unreadable), found
    return found


def at_cursor(text: str) -> tuple[str, int]:
    """A text without its mark, and where that stood."""
    assert text.count(CURSOR) == 1, text
    return text.replace(CURSOR, ""), text.index(CURSOR)
