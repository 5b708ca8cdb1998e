"""Findings as commands of a GitHub workflow, which shows them beside the lines that they are about."""

from agraph.compiler.diagnostics import Diagnostic


def as_workflow_command(diagnostic: Diagnostic) -> str:
    """One line: `::error file=a.agraph,line=3,…::message`."""
    source, span = diagnostic.source, diagnostic.span
    (line, column), (end_line, end_column) = source.position(span.start), source.position(span.end)
    properties = {
        "file": source.path,
        "line": line,
        "endLine": end_line,
        "col": column,
        "endColumn": end_column,
        "title": f"agraph {diagnostic.code}",
    }
    if line != end_line:
        # Columns are refused where the lines differ.
        del properties["col"], properties["endColumn"]
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    hint = f"\n{diagnostic.hint}" if diagnostic.hint else ""
    return f"::{diagnostic.severity} {written}::{_data(diagnostic.message + hint)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
