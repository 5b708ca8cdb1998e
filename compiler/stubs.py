"""What can still be told of the first line of a body that cannot be read: what it declares, and its name.

With that much, the mistakes between its braces are found too.
"""

import re
from collections.abc import Iterator

from agraph.compiler.diagnostics import nearest

_WORDS = {"item": ("graph", "test", "optimize", "type", "tool", "model"), "statement": ("node",)}
WITHOUT_BODY = ("node", "tool", "model")
"""The words of declarations that need no body."""
_HEAD = re.compile(
    r"\s*(?P<word>[A-Za-z_]\w*)(?:[ \t]+(?P<name>[A-Za-z_]\w*)(?P<count>\[\w+\](?!\())?)?", re.ASCII
)
_TYPED = re.compile(r"([A-Za-z_]\w*)[ \t]*:[ \t]*([A-Za-z_][\w.]*(?:\[[\w.?]+\])?\??)", re.ASCII)
_PARAMETERS = re.compile(r"\[([^\]()]*)\]?")
_PARAMETER = re.compile(r"([A-Za-z_]\w*)[ \t]*([:=][ \t]*\w+)?", re.ASCII)
_ARROW = re.compile(r"->[ \t]*([A-Za-z_][\w.]*(?:\[[\w.?]+\])?\??)", re.ASCII)
_DESCRIPTION = re.compile(r'(?<!")"[^"\\\r\n]+"')
NAMELESS = "_"
"""The name of a node whose own cannot be read, and of what it calls where that cannot be read."""


def stubs(text: str, rule: str, *, prompted: bool) -> Iterator[str]:
    """First lines that say less, each with an empty body, the one that says most first.

    Args:
        text: The first line as it stands, up to the brace.
        rule: `item` or `statement`.
        prompted: Whether the body has a prompt, so that a node has no right side.
    """
    head, word = _HEAD.match(text), keyword(text, rule)
    if head is None or word is None:
        return
    name, count = head["name"] or NAMELESS, head["count"] or ""
    if word == "graph":
        yield from _graphs(name, text[head.end() :])
    elif word == "node":
        work = "" if prompted else f" = {NAMELESS}()"
        description = _DESCRIPTION.search(text)
        yield f"node {name}{count} {description.group() if description else ''}{work} {{}}"
    elif word == "model":
        yield f'model {name} = anthropic("")'
    elif word == "tool":
        signature = text.partition("=")[0]
        answer = _ARROW.search(signature)
        parameters = ", ".join(f"{each}: {type_}" for each, type_ in _TYPED.findall(signature))
        if answer:
            yield f'tool {name}({parameters}) -> {answer[1]} = python("a:b")'
    elif head["name"]:
        yield f"{word} {name} {{}}"


def keyword(text: str, rule: str) -> str | None:
    """The word that a first line begins with, or that was meant by it; `None` where that has no body."""
    head = _HEAD.match(text)
    if head is None or rule not in _WORDS or head["word"] in _WORDS[rule]:
        return head["word"] if head else None
    near = nearest(head["word"], _WORDS[rule])
    return near.names[0] if near else None


def _graphs(name: str, rest: str) -> Iterator[str]:
    given = _PARAMETERS.match(rest)
    parameters = ", ".join(
        f"{each}{kind or ' = 1'}" for each, kind in _PARAMETER.findall(given[1] if given else "")
    )
    name += f"[{parameters}]" if parameters else ""
    rest = rest[given.end() :] if given else rest
    inputs = ", ".join(f"{each}: {type_}" for each, type_ in _TYPED.findall(rest))
    answer = _ARROW.search(rest)
    if answer:
        yield f"graph {name}({inputs}) -> {answer[1]} {{}}"
    yield f"graph {name}({inputs}) {{}}"
    yield f"graph {name}() {{}}"
