"""Which model calls a store keeps, and under which key."""

import hashlib
import os

from agraph.compiler.ir import Model
from agraph.runtime.models.protocol import Reply, Request
from agraph.runtime.store import StoredCall

UNSTORED = ("scripted", "simulated")
"""Providers whose replies cost nothing and are the same each time."""


def is_stored(model: Model) -> bool:
    """Whether the model's replies are worth keeping between sessions."""
    return model.provider not in UNSTORED


def stored_key(model: Model, key: str) -> str | None:
    """Where a call is kept, or `None` where it is not.

    Args:
        model: Who is asked.
        key: As `call_key` makes it. Who answers may depend on the environment, too: another server's reply is
            another call.
    """
    if not is_stored(model):
        return None
    server = os.environ.get("ANTHROPIC_BASE_URL")
    if not server or model.provider != "anthropic" or any(name == "base_url" for name, _ in model.options):
        return key
    # Hashed, for an address may hold a password.
    return hashlib.sha256(f"{key} {server}".encode()).hexdigest()


def stored_call(key: str, model: Model, request: Request, reply: Reply) -> StoredCall:
    """An answered call, ready to be kept."""
    return StoredCall(key, request.node, request.row, spelled(model), reply)


def spelled(model: Model) -> str:
    """Who a model is, for people: without its options, which may name what is nobody else's business."""
    return " ".join([model.provider, *map(str, model.arguments)])
