"""What the nodes of the measured graphs do."""

import asyncio


async def turn(messages: list[str]) -> str:
    """A text, after one turn of the event loop."""
    await asyncio.sleep(0)
    return "message"


async def nap(messages: list[str], duration_s: float) -> str:
    """A text, after so many seconds."""
    await asyncio.sleep(duration_s)
    return "message"
