"""Which edges can close a cycle, and which do when many draws at once add them one after another."""

import numpy as np
import numpy.typing as npt

from agraph.compiler import components as graph_components

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.intp]
Words = npt.NDArray[np.uint64]

WORD_BITS = 64
BITS = np.uint64(1) << np.arange(WORD_BITS, dtype=np.uint64)


def components(
    node_count: int, senders: Integers, receivers: Integers, possible: Booleans
) -> tuple[Integers, ...]:
    """The edges of each strongly connected component that holds any.

    Args:
        node_count: How many nodes there are.
        senders: (edges,) node indices.
        receivers: (edges,) node indices.
        possible: (edges,) which edges can be there at all; the others are in no component.
    """
    edges = zip(senders[possible].tolist(), receivers[possible].tolist(), strict=True)
    of_node = np.array(graph_components.components(node_count, edges), np.intp)
    inside = np.flatnonzero(possible & (of_node[senders] == of_node[receivers]))
    numbers = of_node[senders[inside]]
    return tuple(inside[numbers == number] for number in np.unique(numbers))


def insert_edges(node_count: int, senders: Integers, receivers: Integers, wanted: Booleans) -> Booleans:
    """Which edges close a cycle when each draw adds the edges it wants, in its own order.

    An edge that closes a cycle is not added. Kept for each draw is a bit set for each node of the nodes it
    reaches, itself among them; the edges that the draws visit at the same turn are handled at once.

    Args:
        node_count: How many nodes there are.
        senders: (turns, draws) node indices, in the order in which the draw visits its edges.
        receivers: (turns, draws) node indices.
        wanted: (turns, draws) whether the draw adds the edge if it closes no cycle.

    Returns:
        (turns, draws) whether the edge would close a cycle at its turn, wanted or not.

    Source:
        Incremental transitive closure: Italiano 1986.
    """
    turns, draws = senders.shape
    words = -(-node_count // WORD_BITS)
    reached = _reflexive(node_count, words, draws)
    flat, rows = reached.reshape(-1), reached.reshape(draws * node_count, words)
    first_row = np.arange(draws) * node_count
    sender_rows, receiver_rows = first_row + senders, first_row + receivers
    sender_words, sender_bits = senders // WORD_BITS, BITS[senders % WORD_BITS]
    receiver_words, receiver_bits = receivers // WORD_BITS, BITS[receivers % WORD_BITS]
    sender_places = receiver_rows * words + sender_words
    receiver_places = sender_rows * words + receiver_words
    closing = np.empty((turns, draws), np.bool_)
    for turn in range(turns):
        back = flat[sender_places[turn]] & sender_bits[turn]
        np.not_equal(back, 0, out=closing[turn])
        known = flat[receiver_places[turn]] & receiver_bits[turn]
        news = (((back | known) == 0) & wanted[turn]).nonzero()[0]
        if news.size:
            upstream = reached[news, :, sender_words[turn, news]] & sender_bits[turn, news, None]
            gained = rows[receiver_rows[turn, news]]
            reached[news] |= np.where(upstream[:, :, None] != 0, gained[:, None, :], np.uint64(0))
    return closing


def _reflexive(node_count: int, words: int, draws: int) -> Words:
    """(draws, nodes, words) bit sets in which each node reaches itself alone."""
    own = np.zeros((node_count, words), np.uint64)
    nodes = np.arange(node_count)
    own[nodes, nodes // WORD_BITS] = BITS[nodes % WORD_BITS]
    return np.tile(own, (draws, 1, 1))
