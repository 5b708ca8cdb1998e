"""A model that can be asked: its adapter, its pace, and who stands in for it."""

import asyncio

import attrs

from agraph.compiler.ir import Model
from agraph.runtime.errors import TransientError
from agraph.runtime.models.profiles import NO_SERVER, Profile
from agraph.runtime.models.protocol import Limits, ModelAdapter, Reply, Request, Served
from agraph.runtime.pace import Pace
from agraph.runtime.slots import Slots


@attrs.frozen(eq=False)
class OpenModel:
    """A model that can be asked.

    Attributes:
        pace: How many of its calls may be under way.
        fallback: Those that are asked in its place, in order, where it fails for good.
    """

    model: Model
    adapter: ModelAdapter
    pace: Pace
    fallback: "tuple[OpenModel, ...]" = ()
    _served: Served | None = attrs.field(init=False)

    @_served.default
    def _server(self) -> Served | None:
        return self.adapter if isinstance(self.adapter, Served) else None

    @property
    def profile(self) -> Profile:
        """What its server can do."""
        return NO_SERVER if self._served is None else self._served.profile

    @property
    def in_order(self) -> "tuple[OpenModel, ...]":
        """Itself and all that stand in for it, each once, in the order in which they are asked."""
        found: dict[str, OpenModel] = {self.model.name: self}
        for other in self.fallback:
            for each in other.in_order:
                found.setdefault(each.model.name, each)
        return tuple(found.values())

    async def attempt(self, request: Request, slots: Slots, timeout: asyncio.Timeout | None) -> Reply:
        """One attempt to ask it, from which its pace learns; see `ModelAdapter.ask`.

        Args:
            request: What is asked.
            slots: Those of the session.
            timeout: That of the asking node, which stands still while the call queues.
        """
        async with self.pace.taken(timeout) as round_, slots.taken(timeout):
            try:
                reply = await self.adapter.ask(request)
            except TransientError as failure:
                if failure.overloaded:
                    self.pace.refused(round_, failure.retry_after_s, self._limits)
                raise
        self.pace.answered(self._limits, reply.usage)
        return reply

    @property
    def _limits(self) -> Limits | None:
        return None if self._served is None else self._served.limits
