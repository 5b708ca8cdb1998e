"""What of a graph can be fixed: a decision for all that has settled, and why the rest stays learnable."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from agraph.compiler import syntax
from agraph.compiler.attributes import CHOICES
from agraph.compiler.blocks import ends_of
from agraph.compiler.edit import Edit
from agraph.compiler.ir import Missing, ParameterIndex, Probabilities
from agraph.compiler.learnables import learnable_name
from agraph.compiler.sites import Family, Joint, Site
from agraph.compiler.source import Span
from agraph.compiler.strings import encode
from agraph.optimizer.block_lines import indentation_at, line_end, unit_of
from agraph.optimizer.edge_statements import is_indexed
from agraph.optimizer.laid_out import LaidOut
from agraph.optimizer.rewrite import number
from agraph.optimizer.settling import favourite, settled, settled_edges

NOT_THERE = "not there"
"""What an edge becomes that is left out."""


@attrs.frozen(eq=False)
class Decision:
    """Something that becomes fixed, or goes.

    Attributes:
        what: For people: `liar -> vote`, `con.on`, `node idle`.
        becomes: For people: `there`, `on`, `smart`.
        within: For people: the edge statement that it is of, or empty.
        values: The fixed value of each learnable number that it settles, 0 or 1, by its name.
        texts: The learnable prompts and examples that it fixes, by name.
        edits: To the file, besides those that follow from `pairs` and `node`.
        gone: Statements that go.
        pairs: Of an edge statement by `id`, which elements of the prior are there and which are not.
        node: The node that goes, with all pairs that it is an end of.
    """

    what: str
    becomes: str
    within: str = ""
    values: Mapping[str, float] = {}
    texts: frozenset[str] = frozenset()
    edits: tuple[Edit, ...] = ()
    gone: tuple[syntax.Statement, ...] = ()
    pairs: Mapping[tuple[int, int], bool] = {}
    node: Family | None = None


@attrs.frozen
class Open:
    """Something that stays learnable, and why."""

    what: str
    why: str


Found = Decision | Open


@attrs.frozen(eq=False)
class Decider:
    """Decides what of a graph becomes fixed.

    Attributes:
        threshold: From which probability on, and from which as far below 1, something has settled.
        everything: Whether all is taken as it is deployed, texts too.
    """

    laid_out: LaidOut
    threshold: float
    everything: bool
    edges: Mapping[ParameterIndex, bool | None]

    def decide(self) -> Iterator[Found]:
        """Every decision, and everything that stays open, in the order of the file."""
        joints = {id(joint.declaration): joint for joint in self.laid_out.site.joints}
        for statement in self.laid_out.body:
            match statement:
                case syntax.EdgeDeclaration(_, prior, True) if prior is not None:
                    yield from self._edges(joints[id(statement)], self.laid_out.by_span[prior.span])
                case syntax.NodeDeclaration():
                    yield from self._node(statement, self.laid_out.site.families[statement.name.text])

    # The graph's own edges.

    def _edges(self, joint: Joint, learnable: Probabilities) -> Iterator[Found]:
        parameters = {pair.element: ParameterIndex(learnable.offset + pair.element) for pair in joint.pairs}
        verdicts = {element: self.edges[parameter] for element, parameter in parameters.items()}
        sure = {element: verdict for element, verdict in verdicts.items() if verdict is not None}
        names = {pair.element: (pair.sender_name, pair.receiver_name) for pair in joint.pairs}
        groups: dict[object, dict[int, bool]] = {}
        for element, there in sure.items():
            # What a name means hangs on all edges from it, so those that are left out are so together.
            key = element if there else names[element]
            groups.setdefault(None if is_indexed(joint.declaration) else key, {})[element] = there
        for group in groups.values():
            whole = len(group) > 1 and (is_indexed(joint.declaration) or len(group) == len(verdicts))
            called = dict.fromkeys(self.laid_out.names[parameters[element]] for element in group)
            alike = set(group.values())
            yield Decision(
                learnable.name if whole else ", ".join(called),
                _there(alike.pop()) if len(alike) == 1 else "each as it is deployed",
                learnable.name,
                values={self.laid_out.names[parameters[e]]: float(there) for e, there in group.items()},
                pairs={(id(joint.declaration), element): there for element, there in group.items()},
            )
        open_ = [parameters[element] for element in verdicts if element not in sure]
        if open_:
            yield Open(learnable.name, self._why_edges(open_))

    def _why_edges(self, parameters: Sequence[ParameterIndex]) -> str:
        priors = [self.laid_out.graph.priors[each] for each in parameters]
        unsure = [prior for prior in priors if settled(prior, self.threshold) is None]
        if not unsure:
            return "as a fixed edge it would close a cycle through what is off"
        return _why_numbers(unsure, "probability", "probabilities")

    # Nodes and blocks.

    def _node(self, node: syntax.NodeDeclaration, family: Family) -> Iterator[Found]:
        body = node.body or ()
        own = [line for line in body if isinstance(line, syntax.Setting) and len(line.path) == 1]
        for line in own:
            if line.learnable:
                yield from self._own_setting(line, node.name.text, own)
        if family.sites:
            yield from self._block(body, (node.name.text,), family.sites[0])
            if node.learnable:
                yield from self._instance(node, family)

    def _own_setting(
        self, line: syntax.Setting, node: str, body: Sequence[syntax.Setting]
    ) -> Iterator[Found]:
        attribute = line.path[0].text
        if attribute == "on":
            yield from self._gate(line, f"{node}.on", own=True)
        elif attribute in CHOICES and isinstance(line.value, syntax.RecordValue):
            yield from self._own_choice(line, line.value, node, body)
        else:
            yield self._text(line, f"{node}.{attribute}")

    def _gate(self, line: syntax.Setting, name: str, own: bool) -> Iterator[Found]:
        learnable = self.laid_out.by_span[line.value.span]
        values = [self.laid_out.graph.priors[each] for each in self.laid_out.parameters(learnable)]
        verdicts = {settled(value, self.threshold) for value in values}
        match verdicts.pop() if len(verdicts) == 1 else None:
            case True if own:
                yield Decision(name, "on", values=self._fixed(learnable, 1.0), gone=(line,))
            case bool(there):
                edit = Edit(Span(line.sign.start, line.value.span.end), f"= {str(there).lower()}")
                becomes = "on" if there else "off"
                yield Decision(name, becomes, values=self._fixed(learnable, float(there)), edits=(edit,))
            case None:
                unsure = [value for value in values if settled(value, self.threshold) is None]
                why = "some are on and some are off, and a fixed `on` speaks of all"
                yield Open(name, _why_numbers(unsure, "probability", "probabilities") if unsure else why)

    def _own_choice(
        self,
        line: syntax.Setting,
        record: syntax.RecordValue,
        node: str,
        body: Sequence[syntax.Setting],
    ) -> Iterator[Found]:
        kind, name = line.path[0].text, f"{node}.{line.path[0].text}"
        option = self._favourite(record)
        if not isinstance(option, int):
            yield Open(name, option)
            return
        taken = record.entries[option].key.text
        values = self._weights(record, option)
        if kind == "model":
            edit = Edit(Span(line.sign.start, line.value.span.end), f"= {taken}")
            yield Decision(name, taken, values=values, edits=(edit,))
            return
        options = {
            each.option.text: each
            for each in body
            if each.option is not None and each.path[0].text == kind and not each.learnable
        }
        chosen = options.pop(taken)
        assert chosen.option is not None
        edit = Edit(Span(chosen.path[0].span.end, chosen.option.span.end), "")
        yield Decision(name, taken, values=values, edits=(edit,), gone=(line, *options.values()))

    def _favourite(self, record: syntax.RecordValue) -> int | str:
        """The option that all members take, or why there is none."""
        learnables = [self.laid_out.by_span[entry.value.span] for entry in record.entries]
        return self._favourite_of([each.values for each in learnables])

    def _favourite_of(self, weights: Sequence[Sequence[float]]) -> int | str:
        """The option that all elements take, of the weights of each option; or why there is none."""
        by_element = list(zip(*weights, strict=True))
        found = [favourite(each, 0.0 if self.everything else self.threshold) for each in by_element]
        if None in found:
            shares = [max(each) / sum(each) for each in by_element if sum(each)]
            return _why_numbers(shares, "largest share", "largest shares")
        first = found[0]
        assert first is not None
        return first if len(set(found)) == 1 else "the members take different ones"

    def _weights(self, record: syntax.RecordValue, option: int) -> dict[str, float]:
        values: dict[str, float] = {}
        for position, entry in enumerate(record.entries):
            values |= self._fixed(self.laid_out.by_span[entry.value.span], float(position == option))
        return values

    def _text(self, line: syntax.Setting, name: str) -> Found:
        """A prompt or examples after `~`."""
        if not self.everything:
            return Open(name, "texts have no probability: `--all` fixes them as they stand")
        return Decision(name, "as it stands", texts=frozenset([name]), edits=(Edit(line.sign, "="),))

    def _fixed(self, learnable: Probabilities, value: float) -> dict[str, float]:
        return {self.laid_out.names[each]: value for each in self.laid_out.parameters(learnable)}

    # Instances.

    def _block(
        self, body: Iterable[syntax.Statement], around: tuple[str, ...], site: Site
    ) -> Iterator[Found]:
        """The lines of a block about the inside of an instance."""
        for line in body:
            match line:
                case syntax.Setting((node, attribute), _, True):
                    name = f"{node.text}.{attribute.text}"
                    yield from self._block_setting(line, learnable_name(around, name), site)
                case syntax.EdgeDeclaration(ends, prior, True) if prior is not None:
                    name = learnable_name(around, f"edge {ends_of(line)}")
                    yield self._block_edge(name, ends[-1].span.end, self.laid_out.by_span[prior.span])
                case syntax.Block(name_, lines):
                    inner = site.families[name_.text].sites[0]
                    yield from self._block(lines, (*around, name_.text), inner)

    def _block_setting(self, line: syntax.Setting, name: str, site: Site) -> Iterator[Found]:
        attribute = line.path[1].text
        if attribute == "on":
            yield from self._gate(line, name, own=False)
        elif isinstance(line.value, syntax.RecordValue):
            option = self._favourite(line.value)
            if not isinstance(option, int):
                yield Open(name, option)
                return
            taken = line.value.entries[option].key.text
            text = self._option(line, line.value, option, site)
            if text is None:
                yield Open(name, f"what `{taken}` stands for is said inside the instance")
                return
            edit = Edit(Span(line.sign.start, line.value.span.end), f"= {text}")
            yield Decision(name, taken, values=self._weights(line.value, option), edits=(edit,))
        else:
            yield self._text(line, name)

    def _option(
        self, line: syntax.Setting, record: syntax.RecordValue, option: int, site: Site
    ) -> str | None:
        """What an option stands for, as the block can say it: the names in it are those of this file."""
        node, attribute = line.path
        if attribute.text == "model":
            weight = self.laid_out.parameters(self.laid_out.by_span[record.entries[option].value.span])[0]
            choices = (choice for _, choice in self.laid_out.graph.choices if weight in choice.parameters)
            return self.laid_out.graph.models[next(choices).models[option]].name
        inside = site.families[node.text].declaration.body or ()
        for said in inside:
            if (
                isinstance(said, syntax.Setting)
                and said.path[0].text == attribute.text
                and said.option is not None
                and said.option.text == record.entries[option].key.text
            ):
                return self._said_inside(said.value, line, site)
        return None

    def _said_inside(self, value: syntax.Expression, line: syntax.Setting, site: Site) -> str:
        if not isinstance(value, syntax.String):
            return site.place.module.source.slice(value.span)
        source = self.laid_out.source
        outer = indentation_at(source, line.span.start)
        like = '"""\n"""' if value.block else '""'
        return encode(value.value, like, outer + unit_of(source, outer), line_end(source))

    def _block_edge(self, name: str, end: int, learnable: Probabilities) -> Found:
        parameters = self.laid_out.parameters(learnable)
        verdicts = {self.edges[each] for each in parameters}
        there = verdicts.pop() if len(verdicts) == 1 else None
        assert isinstance(learnable.span, Span)
        if there is None:
            unsure = [each for each in parameters if self.edges[each] is None]
            why = "some pairs are there and some are not, and a fixed line speaks of all"
            return Open(name, self._why_edges(unsure) if unsure else why)
        edit = Edit(Span(end, learnable.span.end), "" if there else " = false")
        return Decision(name, _there(there), values=self._fixed(learnable, float(there)), edits=(edit,))

    def _instance(self, node: syntax.NodeDeclaration, family: Family) -> Iterator[Found]:
        """The sign of an instance: `=` where all that its block does not say has settled."""
        name = f"node {node.name.text}"
        assert node.value is not None
        texts = list(self.laid_out.missing_texts_in(node))
        if texts and not self.everything:
            more = f" and {len(texts) - 1} more" if len(texts) > 1 else ""
            yield Open(name, f"`{texts[0]}`{more} inside can be learned: `--all` fixes texts as they stand")
            return
        values: dict[str, float] = {}
        for what in self._missing(node):
            if isinstance(what, Open):
                yield Open(name, f"inside it `{what.what}` is open: {what.why}")
                return
            values |= what
        sign = self.laid_out.source.text.rfind("~", node.name.span.end, node.value.span.start)
        edit = Edit(Span(sign, sign + 1), "=")
        yield Decision(name, "fixed", values=values, texts=frozenset(texts), edits=(edit,))

    def _missing(self, node: syntax.NodeDeclaration) -> Iterator[dict[str, float] | Open]:
        """What a fixed instance makes of each learnable that its block does not say."""
        choices: dict[Missing, list[Probabilities]] = {}
        for learnable in self.laid_out.missing_in(node):
            assert isinstance(learnable.span, Missing)
            if learnable.kind == "weight":
                place = attrs.evolve(learnable.span, option=None, order=learnable.span.order[:-1])
                choices.setdefault(place, []).append(learnable)
                continue
            parameters = self.laid_out.parameters(learnable)
            priors = {each: self.laid_out.graph.priors[each] for each in parameters}
            verdicts = {each: settled(prior, self.threshold) for each, prior in priors.items()}
            unsure = [priors[each] for each, verdict in verdicts.items() if verdict is None]
            if unsure:
                yield Open(learnable.name, _why_numbers(unsure, "probability", "probabilities"))
            yield {self.laid_out.names[each]: float(bool(verdict)) for each, verdict in verdicts.items()}
        for options in choices.values():
            yield self._missing_choice(options)

    def _missing_choice(self, options: Sequence[Probabilities]) -> dict[str, float] | Open:
        """Likewise of a choice; a fixed instance lets each member take its own."""
        values: dict[str, float] = {}
        for element in range(len(options[0].values)):
            option = self._favourite_of([[each.values[element]] for each in options])
            if not isinstance(option, int):
                return Open(options[0].name.rpartition(".")[0], option)
            for position, each in enumerate(options):
                parameter = ParameterIndex(each.offset + element)
                values[self.laid_out.names[parameter]] = float(position == option)
        return values


def decisions(laid_out: LaidOut, threshold: float, everything: bool) -> tuple[Found, ...]:
    """What of a graph becomes fixed, and what stays learnable and why.

    Args:
        laid_out: The graph.
        threshold: From which probability on, and from which as far below 1, something has settled; 0.5 where
            everything is taken.
        everything: Whether all is taken as the file deploys it, prompts and examples as they stand.
    """
    edges = settled_edges(laid_out.graph, threshold)
    return tuple(Decider(laid_out, threshold, everything, edges).decide())


def _there(there: bool | None) -> str:
    return "there" if there else NOT_THERE


def _why_numbers(values: Sequence[float], one: str, many: str) -> str:
    """Why something has not settled: `its probability is 0.6`."""
    least, most = (number(round(value, 3)) for value in (min(values), max(values)))
    return f"its {one} is {least}" if least == most else f"the {many} are {least} to {most}"
