"""Diagnostics as people and programs read them: with their lines and carets, one a line, or as JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from agraph.compiler.diagnostics import Diagnostic, Label
from agraph.compiler.edit import apply_edits
from agraph.compiler.source import Source, Span

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from agraph.compiler.ir import Json

_TAB = "    "
WIDEST = 180
"""How many cells of a long line are shown at most: a third of them before the start of a span."""

_STYLES = {"error": "bold red", "warning": "bold yellow"}


def write_full(diagnostics: Sequence[Diagnostic], file: TextIO) -> None:
    """Write each diagnostic with the lines it speaks of and carets below them, and what to do.

    Colours are for terminals, and not where `NO_COLOR` is set.
    """
    console = _console(file)
    # Carets stand below what they mean where no line is broken by the terminal.
    width = console.width if file.isatty() else WIDEST
    for diagnostic in diagnostics:
        console.print(_picture(diagnostic, width), end="\n\n")


def _console(file: TextIO, *, soft_wrap: bool = True) -> "Console":
    from rich.console import Console

    return Console(file=file, highlight=False, markup=False, emoji=False, soft_wrap=soft_wrap)


def finding(title: str, source: Source, span: Span, notes: Sequence[tuple[str, str]]) -> "Text":
    """What was found at a place after the file was compiled: drawn as diagnostics are, with notes below.

    Args:
        title: What was found.
        source: The file.
        span: The place.
        notes: Each a name and a value, lined up.
    """
    from rich.text import Text

    text = Text().append("error", _STYLES["error"]).append(f": {visible(title)}", "bold")
    margin = len(str(source.position(span.start)[0]))
    _draw(text, Label(source, span, ""), margin, "-->", "^", _STYLES["error"], WIDEST)
    width = max((_cells(visible(name)) for name, _ in notes), default=0)
    for name, value in notes:
        blanks = " " * (width - _cells(visible(name)))
        text.append(f"\n{' ' * margin} = ", "bold blue").append(f"{blanks}{visible(name)}", "bold cyan")
        text.append(f": {visible(value)}")
    return text


def write_text(text: "Text", file: TextIO) -> None:
    """Write a text that is drawn, in colours on terminals that want them."""
    _console(file).print(text)


def write_markdown(text: str, file: TextIO) -> None:
    """Write a page of Markdown as a terminal shows it."""
    from rich.markdown import Markdown

    _console(file, soft_wrap=False).print(Markdown(text))


def concise(diagnostic: Diagnostic) -> str:
    """The diagnostic as one line: `path:line:column: error AG0201: message`."""
    line, column = diagnostic.source.position(diagnostic.span.start)
    place = f"{diagnostic.source.path}:{line}:{column}"
    return visible(f"{place}: {diagnostic.severity} {diagnostic.code}: {diagnostic.message}")


def as_json(diagnostic: Diagnostic) -> "dict[str, Json]":
    """The diagnostic as JSON: lines and columns are counted from 1, offsets in code points from 0."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        **_place_json(diagnostic.source, diagnostic.span),
        "labels": [
            {"text": label.text, **_place_json(label.source, label.span)} for label in diagnostic.labels
        ],
        "fix": _fix_json(diagnostic) if diagnostic.edits else None,
    }


def _fix_json(diagnostic: Diagnostic) -> "Json":
    """What a program can do about it: the edits, and the same as a patch."""
    source = diagnostic.source
    return {
        "title": diagnostic.title,
        "safe": diagnostic.safe,
        "edits": [{**_place_json(source, edit.span), "text": edit.text} for edit in diagnostic.edits],
        "patch": patch(source, apply_edits(source.text, diagnostic.edits)),
    }


def patch(source: Source, text: str) -> str:
    """The changes from a file to another text of it, as a unified diff."""
    from difflib import unified_diff

    before, after = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    changes = unified_diff(before, after, f"a/{source.path}", f"b/{source.path}")
    missing = "\n\\ No newline at end of file\n"
    return "".join(line if line.endswith("\n") else line + missing for line in changes)


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """How many there are: `2 errors, 1 warning`."""
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    return ", ".join(
        counted(counts[severity], severity) for severity in ("error", "warning") if counts[severity]
    )


def counted(count: int, noun: str) -> str:
    """A number and what it counts, in the plural where it is not one: `1 file`, `0 files`.

    >>> counted(2000, "error")
    '2,000 errors'
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def visible(text: str) -> str:
    """The text on one line, its tabs widened, with nothing to steer a terminal or reorder it."""
    return "".join(character if character.isprintable() else _stand_in(character) for character in text)


def _stand_in(character: str) -> str:
    if character == "\t":
        return _TAB
    if character == "\ufeff":
        return ""
    if character <= "\x1f":
        return chr(0x2400 + ord(character))
    # Joiners make up emoji; spaces of any kind harm nobody.
    return character if character.isspace() or character in "\u200c\u200d" else "\ufffd"


def _place_json(source: Source, span: Span) -> "dict[str, Json]":
    def point(offset: int) -> "Json":
        line, column = source.position(offset)
        return {"line": line, "column": column, "offset": offset}

    return {"path": source.path, "start": point(span.start), "end": point(span.end)}


def _picture(diagnostic: Diagnostic, width: int) -> "Text":
    from rich.text import Text

    style = _STYLES[diagnostic.severity]
    places = [Label(diagnostic.source, diagnostic.span, ""), *diagnostic.labels]
    numbers = [label.source.position(label.span.start)[0] for label in places]
    margin = len(str(max(numbers)))
    text = Text()
    text.append(f"{diagnostic.severity}[{diagnostic.code}]", style)
    text.append(f": {visible(diagnostic.message)}", "bold")
    for label in places:
        first = label is places[0]
        _draw(
            text,
            label,
            margin,
            "-->" if first else ":::",
            "^" if first else "-",
            style if first else "bold blue",
            width,
        )
    if diagnostic.hint:
        text.append(f"\n{' ' * margin} = ", "bold blue").append("help", "bold cyan")
        text.append(f": {visible(diagnostic.hint)}")
    return text


def _draw(text: "Text", label: Label, margin: int, arrow: str, mark: str, style: str, width: int) -> None:
    """Append the place of a label, its line, and the marks below the span."""
    number, column = label.source.position(label.span.start)
    line, length = label.source.line(number), label.span.end - label.span.start
    before, marked, after = _excerpt(line, column - 1, length, max(20, min(width - margin - 4, WIDEST)))
    frame = "bold blue"
    text.append(f"\n{' ' * margin}{arrow} ", frame).append(f"{visible(label.source.path)}:{number}:{column}")
    text.append(f"\n{' ' * margin} |", frame)
    text.append(f"\n{number:>{margin}} | ", frame).append(f"{before}{marked}{after}".rstrip())
    text.append(f"\n{' ' * margin} | ", frame)
    text.append(" " * _cells(before)).append(mark * max(1, _cells(marked)), style)
    if label.text:
        text.append(f" {visible(label.text)}", style)


def _excerpt(line: str, start: int, length: int, width: int) -> tuple[str, str, str]:
    """What of a line is shown before, in and after a span; of a span of several lines, its first.

    Args:
        line: The line.
        start: Where in it the span starts.
        length: The characters of the span.
        width: How many cells there are to show it in.
    """
    first, last = max(0, start - WIDEST), start + 2 * WIDEST
    end = min(start + length, last, len(line))
    before, marked, after = visible(line[first:start]), visible(line[start:end]), visible(line[end:last])
    if first == 0 and last >= len(line) and _cells(before) + _cells(marked) + _cells(after) <= width:
        return before, marked, after
    if first or _cells(before) > width // 3:
        before = f"…{_begun(before[::-1], width // 3 - 1)[::-1]}"
    rest = width - _cells(before)
    if _cells(marked) >= rest:
        return before, _begun(marked, rest - 1), "…"
    rest -= _cells(marked)
    is_cut = last < len(line) or _cells(after) > rest
    return before, marked, f"{_begun(after, rest - 1)}…" if is_cut else after


def _begun(text: str, width: int) -> str:
    """As much of the beginning of a text as fits into a width."""
    from rich.cells import set_cell_size

    return text if _cells(text) <= width else set_cell_size(text, max(0, width)).rstrip(" ")


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
