"""What servers of the Messages protocol can do: the service knows all of it, others leave parts out.

What is missing is made up for: without structured output the schema stands beside the prompt.

Source:
    The documentation of each server: which fields of a request it takes, and which it ignores.
"""

from collections.abc import Mapping
from types import MappingProxyType

import attrs


@attrs.frozen
class Profile:
    """What a server can do.

    Attributes:
        name: As the option `server` names it.
        structured_output: It holds a reply to a JSON schema. Where it would silently ignore the schema, this
            is false.
        prompt_caching: It keeps the prefix of a request that says so, at a price of its own.
        forced_tools: It takes `tool_choice`.
        adaptive_thinking: It takes `thinking = { type: "adaptive" }`.
        images: It takes pictures, where its model does.
        documents: It takes PDF files and texts as documents.
    """

    name: str
    structured_output: bool = False
    prompt_caching: bool = False
    forced_tools: bool = True
    adaptive_thinking: bool = True
    images: bool = False
    documents: bool = False


SERVICE = Profile("anthropic", structured_output=True, prompt_caching=True, images=True, documents=True)

UNKNOWN = Profile("unknown")
"""A server that a file does not tell the kind of: what works everywhere is done."""

NO_SERVER = Profile("none", structured_output=True)
"""A model without a server, such as a simulated one, which takes a request as it is."""

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            SERVICE,
            Profile("llama.cpp", images=True),
            Profile("ollama", forced_tools=False, images=True),
            Profile("vllm", structured_output=True, images=True),
            Profile("sglang", adaptive_thinking=False, images=True),
            Profile("lmstudio"),
            Profile("litellm", structured_output=True, images=True, documents=True),
        )
    }
)
"""By the name that the option `server` takes."""
