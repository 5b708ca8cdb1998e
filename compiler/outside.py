"""Messages that come to the nodes inside an instance from outside, along edges such as `hint -> x.judge`."""

from collections.abc import Sequence

from agraph.compiler import kinds, types
from agraph.compiler.ir import NodeIndex
from agraph.compiler.reads import Inbox, NameRead
from agraph.compiler.site_nodes import SiteNodes, works_of
from agraph.compiler.sites import Family, Joint


def note_messages_from_outside(sites: Sequence[SiteNodes]) -> set[NodeIndex]:
    """The nodes that hear someone outside their instance; what does not fit there is reported.

    Such a message is never read by name: it comes in the inbox, which has to be read and to take its type.
    """
    joints = [
        (nodes, joint, reached)
        for nodes in sites
        for joint in nodes.site.joints
        if (reached := {pair.receiver: pair.sender_name for pair in joint.pairs if "." in pair.receiver_name})
    ]
    if not joints:
        return set()
    owners = {
        node: (nodes, family)
        for nodes in sites
        for family in nodes.site.families.values()
        for node in family.receivers
    }
    heard: set[NodeIndex] = set()
    for nodes, joint, reached in joints:
        told: set[tuple[int, str, str]] = set()
        for receiver, sender in reached.items():
            inner, family = owners[receiver]
            key = id(inner.site.declaration), family.name, sender
            if key not in told:
                told.add(key)
                _check(nodes, joint, sender, inner, family)
        heard.update(reached)
    return heard


def _check(nodes: SiteNodes, joint: Joint, sender: str, inner: SiteNodes, family: Family) -> None:
    """Report a message that the receiver ignores, or whose type is another than that of its inbox."""
    reads_inbox = NameRead("inbox") in inner.reads[family.name]
    statement = joint.declaration
    if works_of(family) == "model" and statement.prior is not None and not reads_inbox:
        nodes.findings.add(kinds.IGNORED_INBOX, statement.span, node=family.name)
    if works_of(family) != "function" or not reads_inbox:
        return
    inbox = inner.inboxes.get(family.name, Inbox())
    given = {name: types.required(inner.node_type(name)) for name in inbox.senders}
    given[sender] = types.required(nodes.node_type(sender))
    if types.join(given.values()) is None:
        shown = ", ".join(f"`{name}: {types.show(type_)}`" for name, type_ in given.items())
        what = f"the inbox of `{family.name}`"
        nodes.findings.add(kinds.MIXED_LIST, statement.span, what=what, types=shown)
