"""A request made ready for the server that gets it: what goes beside the prompt, said before it is sent."""

import json
from collections.abc import Iterable, Iterator

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.models.profiles import Profile
from agraph.runtime.models.protocol import Part, Request

SHORTEST_PREFIX = 2_000
"""Characters below which no model of the service keeps a prefix: about 512 tokens."""


def prepared(request: Request, profile: Profile) -> Request:
    """The request with what the server needs beside it, all of which is told to whoever listens.

    A server without structured output gets the schema as a text. One that caches prefixes is told which parts
    come again: tools, a system text and examples that are the same for all rows, and in a conversation
    with tools everything said so far.
    """
    addition = None
    if request.schema is not None and not profile.structured_output:
        addition = schema_text(request.schema)
    cached = tuple(_cached(request)) if profile.prompt_caching else ()
    if addition is None and not cached:
        return request
    return attrs.evolve(request, addition=addition, cached=cached)


def schema_text(schema: dict[str, Json]) -> str:
    """How the schema of a reply is asked for in words."""
    return (
        "Reply with JSON of this schema and nothing else: no words around it, no code fence.\n"
        + json.dumps(schema, ensure_ascii=False)
    )


def _cached(request: Request) -> Iterator[Part]:
    """The last part of each prefix that comes again and is long enough."""
    length = _length(f"{tool.name}{tool.description}{json.dumps(tool.schema)}" for tool in request.tools)
    last: Part | None = "tools" if request.tools else None
    if request.system is not None and request.fixed_system:
        length += len(request.system)
        last = "system"
    if last is not None and length >= SHORTEST_PREFIX:
        yield last
    fixed = request.system is None or request.fixed_system
    if request.examples and fixed:
        length += _length(turn.text for turn in request.turns[: request.examples])
        if length >= SHORTEST_PREFIX:
            yield "examples"
    if any(turn.results for turn in request.turns):
        yield "turns"


def _length(texts: Iterable[str]) -> int:
    return sum(map(len, texts))
