"""The page that keeps what was measured: tables stand between marks that name the command that makes them."""

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "optimizer-benchmarks.md"


def replaced(page: str, command: str, text: str) -> str:
    """The page with another text between the marks of a command.

    Raises:
        ValueError: The page has no such marks.
    """
    start, end = f"<!-- {command} -->", f"<!-- end of {command} -->"
    if start not in page or end not in page:
        raise ValueError(f"the page has no place for `{command}`")
    return f"{page.partition(start)[0]}{start}\n\n{text}\n\n{end}{page.partition(end)[2]}"
