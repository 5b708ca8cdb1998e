"""The state of one run: what may start now, and what the end of a node means for the others.

A pure state machine: a test drives it to the end without an event loop.
"""

from collections import deque

from agraph.compiler.ir import Json, NodeIndex
from agraph.runtime.plan import Plan


class Schedule:
    """One run of a plan.

    Take nodes from `start` until it has none, and report the end of each by `finished` or `skipped`; each
    report may let others start. The run is over when nothing can start and nothing is under way.

    Attributes:
        values: The value of each node, null where there is none.
        ran: Whether each node ran to its end.
    """

    def __init__(self, plan: Plan) -> None:
        self.values: list[Json] = [None] * len(plan.live)
        self.ran = [False] * len(plan.live)
        self._senders = plan.senders
        self._receivers = plan.receivers
        self._waiting = [len(senders) for senders in plan.senders]
        self._spare = list(plan.spare)
        self._instances = plan.instances
        self._pending = list(plan.live)
        # How many still want the node's message; the answer is wanted once more.
        self._wanted = [len(receivers) for receivers in plan.receivers]
        for node in plan.outputs:
            self._wanted[node] += 1
        self._queue = deque(node for node in plan.order if not self._waiting[node])

    def start(self) -> NodeIndex | None:
        """A node that may start now and is from then on under way, or `None` while there is none."""
        while self._queue:
            node = self._queue.popleft()
            if self._pending[node]:
                self._pending[node] = False
                return node
        return None

    def finished(self, node: NodeIndex, value: Json) -> None:
        """A node that was under way has its value; null is no message."""
        self.ran[node] = True
        if value is None:
            self._silent(node)
            return
        self.values[node] = value
        waiting = self._waiting
        for receiver in self._receivers[node]:
            left = waiting[receiver] - 1
            waiting[receiver] = left
            if not left:
                self._queue.append(receiver)

    def skipped(self, node: NodeIndex) -> None:
        """A node that was taken from `start` does not run after all."""
        self._silent(node)

    def _silent(self, node: NodeIndex) -> None:
        """Tell the receivers that no message comes, and let go of all that this makes pointless."""
        silent = [node]
        while silent:
            gone = silent.pop()
            for receiver in self._receivers[gone]:
                self._waiting[receiver] -= 1
                self._spare[receiver] -= 1
                if self._spare[receiver] < 0 or self._instances[receiver] == gone:
                    self._leave(receiver, silent)
                elif not self._waiting[receiver]:
                    self._queue.append(receiver)

    def _leave(self, node: NodeIndex, silent: list[NodeIndex]) -> None:
        """Take a node out that gets too little, and those before it whose message nobody wants any more."""
        leaving = [node]
        while leaving:
            gone = leaving.pop()
            if not self._pending[gone]:
                continue
            self._pending[gone] = False
            silent.append(gone)
            for sender in self._senders[gone]:
                self._wanted[sender] -= 1
                if not self._wanted[sender]:
                    leaving.append(sender)
