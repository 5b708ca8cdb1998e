"""The policy: the distribution over realizations that a graph describes, as arrays, and its bulk sampler.

A realization is drawn as the language page says: choices and gates first, where a node that is off takes
its edges with it, and an instance that is off all that is inside; then the candidate edges in a random
order, each by its own coin unless it would close a cycle. Only edges inside a strongly connected component
of the union of all edges can close one, so all others are drawn in one go.
"""

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from agraph.compiler import ir
from agraph.optimizer.cycles import components, insert_edges
from agraph.optimizer.options import NONE, by_option, drawn_options, normalized, option_rows
from agraph.runtime.plan import Realization

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

MEMORY_BYTES = 1 << 25
"""How much the cycle check may hold at once; more draws are made in several rounds."""


@attrs.frozen(eq=False)
class Policy:
    """A graph's distribution over realizations.

    Attributes:
        logits: (parameters,) the log-odds of an edge or a gate, infinite where the author wrote 0 or 1; the
            logarithm of the probability of an option, minus infinite where the author wrote 0.
        on: (nodes,) `False` where the author switched the node off, or an instance around it.
        gates: (nodes,) the parameter of each node's gate, or -1.
        senders: (edges,) node indices.
        receivers: (edges,) node indices.
        parameters: (edges,) the parameter of each edge, or -1 where it is fixed.
        components: The edges of each strongly connected component of the union of all edges, fixed ones
            first; all other edges can close no cycle.
        ranks: (nodes,) the number of each node within its component.
        output: Node indices.
        instances: (nodes,) the node of the instance around, or -1.
        inner: The nodes inside instances that may be off, those of outer instances first.
        options: (choices, most options) the parameter of each option of the graph's choices, or -1.
        choosers: (choices,) whose choice it is.
    """

    logits: Floats
    on: Booleans
    gates: Integers
    senders: Integers
    receivers: Integers
    parameters: Integers
    components: tuple[Integers, ...]
    ranks: Integers
    output: Integers
    instances: Integers
    inner: tuple[Integers, ...]
    options: Integers
    choosers: Integers

    @property
    def probabilities(self) -> Floats:
        """(parameters,) the chance of each being there or taken, a left-out edge aside."""
        with np.errstate(over="ignore"):
            chances = 1.0 / (1.0 + np.exp(-self.logits))
        weights = self.options[self.options != NONE]
        chances[weights] = np.exp(normalized(self.logits, self.options)[weights])
        return chances

    @property
    def learnable(self) -> Booleans:
        """(parameters,) whether a node, an edge or a choice uses it and the author left it open."""
        used = np.zeros(len(self.logits), np.bool_)
        used[self.gates[self.on & (self.gates >= 0)]] = True
        used[self.parameters[self.parameters >= 0]] = True
        possible = np.isfinite(by_option(self.logits, self.options))
        # With one option that can be taken there is nothing to choose.
        open_ = self.on[self.choosers] & (possible.sum(axis=1) > 1)
        used[self.options[possible & open_[:, None]]] = True
        return used & np.isfinite(self.logits)

    @property
    def mode(self) -> Booleans:
        """(parameters,) whether each is rather there than not, or is the likeliest option."""
        likely = self.logits >= 0
        if len(self.options):
            likely[self.options[self.options != NONE]] = False
            best = by_option(self.logits, self.options).argmax(axis=1)
            likely[self.options[np.arange(len(best)), best]] = True
        return likely


@attrs.frozen(eq=False)
class Draws:
    """Realizations in bulk.

    Attributes:
        nodes: (samples, nodes) which nodes are there.
        edges: (samples, edges) which edges are there.
        orders: For each component, (samples, edges of it) the edge indices in the order of their visit.
        options: (samples, choices) which option is taken.
    """

    nodes: Booleans
    edges: Booleans
    orders: tuple[Integers, ...]
    options: Integers

    def __len__(self) -> int:
        return len(self.nodes)


def policy_of(graph: ir.Graph) -> Policy:
    """The policy that a graph's file describes."""
    priors = np.array(graph.priors, np.float64)
    options = option_rows([choice.parameters for _, choice in graph.choices])
    parameters = np.array(graph.edges.parameters, np.intp)
    senders = np.array(graph.edges.senders, np.intp)
    receivers = np.array(graph.edges.receivers, np.intp)
    possible = (parameters < 0) | (np.append(priors, 1.0)[parameters] > 0)
    cyclic = components(len(graph.nodes), senders, receivers, possible)
    ranks = np.zeros(len(graph.nodes), np.intp)
    for edges in cyclic:
        members = np.unique(senders[edges])
        ranks[members] = np.arange(len(members))
    return Policy(
        logits=_logits(priors, options),
        on=_on(graph),
        gates=np.array([-1 if node.gate is None else node.gate for node in graph.nodes], np.intp),
        senders=senders,
        receivers=receivers,
        parameters=parameters,
        components=tuple(edges[np.argsort(parameters[edges] >= 0, kind="stable")] for edges in cyclic),
        ranks=ranks,
        output=np.array(graph.output, np.intp),
        instances=np.array([-1 if node.instance is None else node.instance for node in graph.nodes], np.intp),
        inner=_inner(graph),
        options=options,
        choosers=np.array([node for node, _ in graph.choices], np.intp),
    )


def _logits(priors: Floats, options: Integers) -> Floats:
    weights = options[options != NONE]
    chances = np.clip(priors, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        logits: Floats = np.log(chances) - np.log1p(-chances)
        logits[weights] = np.log(priors[weights])
    for row in options:
        if not np.isfinite(by_option(logits, row)).any():
            logits[row[0]] = 0.0
    return normalized(logits, options)


def _on(graph: ir.Graph) -> Booleans:
    on: list[bool] = []
    for node in graph.nodes:
        on.append(node.on and (node.instance is None or on[node.instance]))
    return np.array(on, np.bool_)


def _inner(graph: ir.Graph) -> tuple[Integers, ...]:
    """The nodes inside instances that a gate may take out, by how deep they lie."""
    depths: list[int] = []
    doubtful: list[bool] = []
    for node in graph.nodes:
        around = node.instance
        depths.append(0 if around is None else depths[around] + 1)
        doubtful.append(around is not None and (doubtful[around] or graph.nodes[around].gate is not None))
    levels: dict[int, list[int]] = {}
    for index, depth in enumerate(depths):
        if doubtful[index]:
            levels.setdefault(depth, []).append(index)
    return tuple(np.array(levels[depth], np.intp) for depth in sorted(levels))


def sample(policy: Policy, count: int, generator: np.random.Generator) -> Draws:
    """Draw realizations from the policy."""
    parts = [_sample(policy, size, generator) for size in _rounds(policy, count)]
    if len(parts) == 1:
        return parts[0]
    return Draws(
        np.concatenate([part.nodes for part in parts]),
        np.concatenate([part.edges for part in parts]),
        tuple(np.concatenate(orders) for orders in zip(*(part.orders for part in parts), strict=True)),
        np.concatenate([part.options for part in parts]),
    )


def score(policy: Policy, draws: Draws) -> Floats:
    """The gradient of the log-probability of each draw, order and coins together.

    The order of the edges is drawn first and does not depend on the policy, so only the coins that were
    tossed count: an edge that was left out, or whose end is off, adds nothing; nor does a gate inside an
    instance that is off.

    Returns:
        (samples, parameters) derivative by the logits; 0 where the author fixed the value.

    Source:
        Bernoulli score in log-odds: d log p(x) / d θ = x - sigmoid(θ). Categorical score in log-weights:
        d log p(k) / d θ_j = [j = k] - softmax(θ)_j.
    """
    probabilities = policy.probabilities
    gates, owned = policy.on & (policy.gates >= 0), policy.parameters >= 0
    by_coin = np.zeros((len(policy.logits), len(draws)))
    gate_parameters, edge_parameters = policy.gates[gates], policy.parameters[owned]
    around = policy.instances[gates]
    asked = (around < 0) | draws.nodes[:, around]
    gate_coins = np.where(asked, draws.nodes[:, gates] - probabilities[gate_parameters], 0.0)
    np.add.at(by_coin, gate_parameters, gate_coins.T)
    coins = draws.edges[:, owned] - probabilities[edge_parameters]
    np.add.at(by_coin, edge_parameters, np.where(tossed(policy, draws)[:, owned], coins, 0.0).T)
    there = policy.options != NONE
    weights = policy.options[there]
    choice, option = np.nonzero(there)
    by_coin[weights] = ((draws.options[:, choice] == option) - probabilities[weights]).T
    by_coin[~np.isfinite(policy.logits)] = 0.0
    return by_coin.T


def tossed(policy: Policy, draws: Draws) -> Booleans:
    """(samples, edges) for which candidate edges a coin decided.

    Both ends were there, and the edge would not have closed a cycle when it was visited.
    """
    decided = (policy.parameters >= 0) & draws.nodes[:, policy.senders] & draws.nodes[:, policy.receivers]
    for order in draws.orders:
        kept = np.take_along_axis(draws.edges, order, axis=1)
        closing = _closing(policy, order.T, kept.T).T
        np.put_along_axis(decided, order, np.take_along_axis(decided, order, axis=1) & ~closing, axis=1)
    return decided


def reaching_output(policy: Policy, draws: Draws) -> Booleans:
    """(samples, nodes) which nodes have a path to an output along the edges drawn; all others are dead."""
    alive = np.zeros_like(draws.nodes)
    alive[:, policy.output] = draws.nodes[:, policy.output]
    while True:
        carried = draws.edges & alive[:, policy.receivers]
        grown = alive.T.copy()
        np.logical_or.at(grown, policy.senders, carried.T)
        if np.array_equal(grown.T, alive):
            return alive
        alive = grown.T


def realizations(draws: Draws) -> tuple[Realization, ...]:
    """Each draw by itself."""
    return tuple(
        Realization(tuple(nodes), tuple(edges), tuple(options))
        for nodes, edges, options in zip(
            draws.nodes.tolist(), draws.edges.tolist(), draws.options.tolist(), strict=True
        )
    )


def draw_one(graph: ir.Graph, seed: int) -> Realization:
    """One realization of a graph, from the policy that the file describes."""
    return realizations(sample(policy_of(graph), 1, np.random.default_rng(seed)))[0]


def _rounds(policy: Policy, count: int) -> Sequence[int]:
    """How many draws to make at once, so that the cycle check stays within its memory."""
    widest = max((_size(policy, edges) for edges in policy.components), default=0)
    most = max(1, MEMORY_BYTES // (1 + widest * (widest + 64) // 8))
    return [min(most, count - start) for start in range(0, count, most)] or [0]


def _size(policy: Policy, edges: Integers) -> int:
    """How many nodes a component has."""
    return int(policy.ranks[policy.senders[edges]].max()) + 1


def _sample(policy: Policy, count: int, generator: np.random.Generator) -> Draws:
    chance = np.append(policy.probabilities, 1.0)
    nodes = np.broadcast_to(policy.on, (count, len(policy.on)))
    if (policy.gates >= 0).any():
        nodes = nodes & (generator.random((count, len(policy.gates))) < chance[policy.gates])
        for level in policy.inner:
            nodes[:, level] &= nodes[:, policy.instances[level]]
    edges = generator.random((count, len(policy.parameters))) < chance[policy.parameters]
    if not nodes.all():
        edges &= nodes[:, policy.senders] & nodes[:, policy.receivers]
    orders = tuple(_order(policy, component, count, generator) for component in policy.components)
    if count:
        for order in orders:
            _leave_out_cycles(policy, order, edges)
    coins = generator.random((count, len(policy.options)))
    return Draws(nodes, edges, orders, drawn_options(chance[:-1], policy.options, coins))


def _order(policy: Policy, component: Integers, count: int, generator: np.random.Generator) -> Integers:
    """(count, edges) the edges of a component: the fixed ones, then the candidates in a random order."""
    order = np.tile(component, (count, 1))
    candidates = order[:, np.count_nonzero(policy.parameters[component] < 0) :]
    generator.permuted(candidates, axis=1, out=candidates)
    return order


def _leave_out_cycles(policy: Policy, order: Integers, edges: Booleans) -> None:
    """Take back, in place, the edges that close a cycle when each draw visits a component in its order."""
    # Only edges whose coin fell for them change anything: to visit those alone saves most of the time.
    rows, places = np.nonzero(np.take_along_axis(edges, order, axis=1))
    counts = np.bincount(rows, minlength=len(edges))
    turns = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    drawn = order[rows, places]
    visits = np.full((counts.max(initial=0), len(edges)), order[0, 0])
    visits[turns, rows] = drawn
    closing = _closing(policy, visits, np.arange(len(visits))[:, None] < counts)
    edges[rows, drawn] = ~closing[turns, rows]


def _closing(policy: Policy, visits: Integers, wanted: Booleans) -> Booleans:
    """(visits, samples) which edges of one component close a cycle when their turn comes."""
    senders, receivers = policy.ranks[policy.senders[visits]], policy.ranks[policy.receivers[visits]]
    return insert_edges(
        int(max(senders.max(initial=0), receivers.max(initial=0))) + 1, senders, receivers, wanted
    )
