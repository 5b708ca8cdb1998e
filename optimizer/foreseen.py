"""How many runs a search will make, told before the first."""

import math

from agraph.compiler import ir
from agraph.optimizer.policy import policy_of
from agraph.optimizer.published import GRAPHS, STEPS
from agraph.optimizer.replaying import FEWEST_ROWS, FEWEST_UNSURE
from agraph.optimizer.search import default_estimator
from agraph.optimizer.settings import Settings
from agraph.runtime.cut import cut


def foreseen_runs(graph: ir.Graph, settings: Settings, train: int, validation: int) -> tuple[int, int]:
    """About how many runs learning and the comparison with the file take, and the most.

    Args:
        graph: What is optimized.
        settings: How.
        train: How many rows there are to learn from.
        validation: How many to compare on.
    """
    compared = 2 * min(validation, settings.validation)
    match settings.estimator or default_estimator(graph):
        case "replay" if not _drawn(graph):
            most = min(settings.runs, train)
            about = min(FEWEST_ROWS, most)
        case "replay":
            most, about = settings.runs, min(FEWEST_UNSURE, settings.runs)
        case "reinforce-loo":
            most = about = min(settings.runs, _realizations(graph) * min(train, settings.rows))
        case _:
            most = about = min(settings.runs, GRAPHS * STEPS)
    return about + compared, most + compared


def _realizations(graph: ir.Graph) -> int:
    """How many there are at most; each is run on a row once."""
    learnable = policy_of(graph).learnable
    weights = {weight for _, choice in graph.choices for weight in choice.parameters}
    switches = sum(parameter not in weights for parameter in learnable.nonzero()[0].tolist())
    options = (sum(bool(learnable[weight]) for weight in choice.parameters) for _, choice in graph.choices)
    return int(2**switches) * math.prod(max(1, each) for each in options)


def _drawn(graph: ir.Graph) -> bool:
    """Whether anything is to be learned that cannot be set freely behind the last model calls."""
    learnable = policy_of(graph).learnable
    learnable[list(cut(graph).free)] = False
    return bool(learnable.any())
