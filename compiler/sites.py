"""A graph laid out flat: a site for each use of a graph, families member by member, edges pair by pair."""

from collections.abc import Mapping
from functools import cached_property

import attrs

from agraph.compiler import ir, syntax
from agraph.compiler.ir import NodeIndex
from agraph.compiler.names import Module

Constant = int | ir.Model | ir.Tool
"""What a compile-time parameter stands for."""


@attrs.frozen(eq=False)
class Place:
    """Where names are looked up that are no nodes.

    Attributes:
        constants: What the compile-time parameters of the graph around stand for.
        qualifier: Before the names of the file's models and tools: `agents.`, or nothing.
    """

    module: Module
    constants: Mapping[str, Constant] = {}
    qualifier: str = ""

    def model(self, expression: syntax.Expression) -> ir.Model | None:
        """The model that an expression names, a parameter's or a declared one, or `None`."""
        constant = self._constant(expression)
        if isinstance(constant, ir.Model):
            return constant
        found = self.module.model(expression)
        return None if found is None else found.qualified(self.qualifier)

    def tool(self, expression: syntax.Expression) -> ir.Tool | None:
        """The tool that an expression names, a parameter's or a declared one, or `None`."""
        constant = self._constant(expression)
        if isinstance(constant, ir.Tool):
            return constant
        found = self.module.tool(expression)
        return None if found is None else attrs.evolve(found, name=f"{self.qualifier}{found.name}")

    def _constant(self, expression: syntax.Expression) -> Constant | None:
        return self.constants.get(expression.name.text) if isinstance(expression, syntax.Reference) else None


@attrs.frozen(eq=False)
class Level:
    """An instance around a site, as a member of its family.

    Attributes:
        declaration: The node that is the instance.
        place: Where the instance stands.
        size: Of the node's family, or `None` where it is one instance.
        member: The instance's number, or `None`.
        entry: The node that holds its arguments.
        rank: Its number among the nodes of the graph around.
    """

    declaration: syntax.NodeDeclaration
    place: Place
    size: int | None
    member: int | None
    entry: NodeIndex
    rank: int


@attrs.frozen(eq=False)
class Family:
    """A declared node: one node or the members of a family, each a node or an instance of a graph.

    Attributes:
        size: The number of members, or `None` for one.
        receivers: Where messages to each member go.
        senders: Where each member's messages come from; the same nodes unless it is an instance.
        sites: The graph inside each member; empty where it is no instance.
        broken: Whether it is an instance that could not be laid out, with the reason reported.
    """

    name: str
    declaration: syntax.NodeDeclaration
    size: int | None
    receivers: tuple[NodeIndex, ...]
    senders: tuple[NodeIndex, ...]
    sites: "tuple[Site, ...]" = ()
    broken: bool = False

    @property
    def members(self) -> tuple[int | None, ...]:
        """The numbers of its members; `None` alone for one node."""
        return (None,) if self.size is None else tuple(range(self.size))

    def member_name(self, member: int | None) -> str:
        """The name of a member as an author writes it."""
        return self.name if member is None else f"{self.name}[{member}]"


@attrs.frozen
class Pair:
    """One edge of a statement.

    Attributes:
        element: Which value of the statement's prior is its own, row by row.
        indexed: Whether `[i]` stands at both of its ends.
        sender_name: The sender as the statement names it, without brackets: `solver`, `x.judge`.
        receiver_name: Likewise.
    """

    sender: NodeIndex
    receiver: NodeIndex
    element: int
    indexed: bool
    sender_name: str
    receiver_name: str


@attrs.frozen(eq=False)
class Joint:
    """An edge statement laid out.

    Attributes:
        shape: Of its prior: for `[i]`, then for a plural sender, then for a plural receiver.
    """

    declaration: syntax.EdgeDeclaration
    shape: tuple[int, ...]
    pairs: tuple[Pair, ...]


@attrs.frozen(eq=False)
class Site:
    """One use of a graph: the graph that is compiled, or an instance inside it.

    Attributes:
        place: Where its names are looked up.
        levels: The instances around it, outermost first.
        families: By name, in order of declaration.
        output: The family whose value is its answer, and its nodes; `None` where that cannot be told.
    """

    declaration: syntax.GraphDeclaration
    place: Place
    levels: tuple[Level, ...]
    families: Mapping[str, Family]
    joints: tuple[Joint, ...]
    output: "Output | None"

    @property
    def entry(self) -> NodeIndex | None:
        """The node that holds the instance's arguments, or `None` for the whole graph."""
        return self.levels[-1].entry if self.levels else None

    @cached_property
    def links(self) -> Mapping[tuple[str, str], bool]:
        """The names that are joined, sender and receiver; whether `[i]` joins them."""
        links: dict[tuple[str, str], bool] = {}
        for joint in self.joints:
            for pair in joint.pairs:
                names = pair.sender_name, pair.receiver_name
                links[names] = links.get(names, False) or pair.indexed
        return links

    @cached_property
    def heard(self) -> Mapping[str, tuple[str, ...]]:
        """The names that send to a name, in order of declaration."""
        first: dict[tuple[str, str], NodeIndex] = {}
        for joint in self.joints:
            for pair in joint.pairs:
                names = pair.receiver_name, pair.sender_name
                first[names] = min(first.get(names, pair.sender), pair.sender)
        heard: dict[str, list[str]] = {}
        for receiver, sender in sorted(first, key=first.__getitem__):
            heard.setdefault(receiver, []).append(sender)
        return {receiver: tuple(senders) for receiver, senders in heard.items()}

    @cached_property
    def _indexed_senders(self) -> Mapping[tuple[str, NodeIndex], NodeIndex]:
        found: dict[tuple[str, NodeIndex], NodeIndex] = {}
        for joint in self.joints:
            for pair in joint.pairs:
                if pair.indexed:
                    found.setdefault((pair.sender_name, pair.receiver), pair.sender)
        return found

    @cached_property
    def _member_links(self) -> frozenset[tuple[NodeIndex, str]]:
        return frozenset((pair.sender, pair.receiver_name) for joint in self.joints for pair in joint.pairs)

    def is_indexed(self, sender: str, receiver: str) -> bool:
        """Whether `[i]` edges join two names, so that the sender's name means one value."""
        return self.links.get((sender, receiver), False)

    def indexed_sender(self, sender: str, receiver: NodeIndex) -> NodeIndex | None:
        """The member that a node hears over the first `[i]` edge from a name, or `None`."""
        return self._indexed_senders.get((sender, receiver))

    def hears(self, receiver: str, sender: NodeIndex) -> bool:
        """Whether an edge leads from a node to some member of a family."""
        return (sender, receiver) in self._member_links


@attrs.frozen(eq=False)
class Output:
    """What a graph gives.

    Attributes:
        nodes: Where the values come from.
        many: Whether the answer is a list of them: the whole family.
        value: As written, for messages.
    """

    family: Family
    nodes: tuple[NodeIndex, ...]
    many: bool
    value: syntax.Expression
