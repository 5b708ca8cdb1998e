"""For tests of graphs: a loopback server that speaks the Messages protocol, and what it can be told to do."""

from agraph.testing.behaviours import (
    Behaviour,
    ReceivedRequest,
    dropped,
    garbage,
    half_sent,
    message,
    overloaded,
    rate_limited,
    slow,
    status,
    text,
    tool_use,
)
from agraph.testing.server import MessagesServer

__all__ = [
    "Behaviour",
    "MessagesServer",
    "ReceivedRequest",
    "dropped",
    "garbage",
    "half_sent",
    "message",
    "overloaded",
    "rate_limited",
    "slow",
    "status",
    "text",
    "tool_use",
]
