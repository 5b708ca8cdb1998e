"""Findings as SARIF 2.1.0, the format in which code scanners and editors exchange them."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from agraph import __version__
from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.source import Source, Span
from agraph.explanations import explanation

if TYPE_CHECKING:
    from agraph.compiler.ir import Json

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(found: Sequence[Diagnostic]) -> "dict[str, Json]":
    """The findings of one run of `agraph check`; columns are counted in code points, from 1."""
    codes = sorted({each.code for each in found})
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "agraph",
                        "semanticVersion": __version__,
                        "rules": [_rule(code) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(each, codes.index(each.code)) for each in found],
            }
        ],
    }


def _rule(code: str) -> "Json":
    explained = explanation(code)
    return {
        "id": code,
        "shortDescription": {"text": explained.title},
        "fullDescription": {"text": explained.cause},
        "help": {"text": explained.text, "markdown": explained.text},
    }


def _result(diagnostic: Diagnostic, rule: int) -> "Json":
    hint = f"\n{diagnostic.hint}" if diagnostic.hint else ""
    result: dict[str, Json] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": diagnostic.message + hint},
        "locations": [{"physicalLocation": _location(diagnostic.source, diagnostic.span)}],
    }
    if diagnostic.labels:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _location(label.source, label.span),
                "message": {"text": label.text},
            }
            for number, label in enumerate(diagnostic.labels, 1)
        ]
    if diagnostic.edits:
        result["fixes"] = [_fix(diagnostic)]
    return result


def _fix(diagnostic: Diagnostic) -> "Json":
    source = diagnostic.source
    return {
        "description": {"text": diagnostic.title or "mend it"},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": _uri(source.path)},
                "replacements": [
                    {"deletedRegion": _region(source, edit.span), "insertedContent": {"text": edit.text}}
                    for edit in diagnostic.edits
                ],
            }
        ],
    }


def _location(source: Source, span: Span) -> "Json":
    return {"artifactLocation": {"uri": _uri(source.path)}, "region": _region(source, span)}


def _region(source: Source, span: Span) -> "Json":
    (line, column), (end_line, end_column) = source.position(span.start), source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _uri(path: str) -> str:
    """A path as a relative reference, or as a file's address where it is absolute."""
    written = quote(path.replace(os.sep, "/"), safe="/:")
    if not os.path.isabs(path):
        return quote(path.replace(os.sep, "/"), safe="/")
    return f"file://{'' if written.startswith('/') else '/'}{written}"
