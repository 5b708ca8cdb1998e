"""What a run takes, as one number: its model calls, and for nodes so little that only equals differ by it."""

import math

NODE = 1e-9
"""What a node that runs counts for, in model calls; a thousand million of them make one."""


def cost_of(calls: int, nodes: int) -> float:
    """The cost of so many model calls, made by so many nodes; sums and means of costs are costs."""
    return calls + nodes * NODE


def compared_costs(ours: float, theirs: float, runs: int) -> str:
    """What one takes instead of the other, in words.

    Args:
        ours: The cost of all the runs.
        theirs: That of the same runs otherwise.
        runs: How many there are.
    """
    calls, other = math.floor(ours), math.floor(theirs)
    if calls != other:
        return f"{calls / runs:.4g} instead of {other / runs:.4g} model calls a run"
    nodes = [round((cost - calls) / NODE) / runs for cost in (ours, theirs)]
    return f"{nodes[0]:.4g} instead of {nodes[1]:.4g} nodes a run, and as many model calls"
