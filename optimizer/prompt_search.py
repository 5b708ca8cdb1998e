"""Prompt search: round by round new texts for one node, run on a few train rows beside the one it has.

The node is the one whose better answers would mend the most failures. What is believed to score the most, by
all that was ever run, takes the place of the prompt.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import attrs
import numpy as np

from agraph.optimizer.blame import blame, living_prompts
from agraph.optimizer.gate import Gate, open_gate, runs_of_words, texts_in
from agraph.optimizer.manuscript import Manuscript
from agraph.optimizer.moves import TEXT_RUNS, Kind, Turn
from agraph.optimizer.phrase_merges import merged
from agraph.optimizer.prompt_history import PromptHistory, Rejected, Tried
from agraph.optimizer.proposals import Proposals, Proposer, Wanted
from agraph.optimizer.standings import Standings, heat, rest, standings
from agraph.optimizer.task import Example
from agraph.optimizer.version import Version, other_version

FRUITLESS_ROUNDS = 8
"""The search ends after as many rounds without a prompt that is surely better, and one more for each further
prompt in use."""

SURE = 0.7
"""From this chance of being better than the last one of which that was said, a prompt is surely better.
Others are adopted too, for on the whole they are better, but do not keep the search from ending."""

LOOKED_AT = 13
"""On as many train rows the first version is run, to see what fails."""

LOOKED_AT_MOST = 50
"""On as many where nothing does."""

MERGES = 2
"""How many proposals of a round are put together from all that was tried."""

FEWEST_MERGED = 3
"""From fewer prompts nothing is put together."""

UNKNOWN_BLAME = 0.5
"""Where the share of failures that a prompt is to blame for cannot be told, it counts as this."""

HEAT = 4
"""On as many rows a round runs its proposals, each round on the next ones. Rows are dear and proposals are
not: many on few rows tell more of what helps than few on many."""


@attrs.define(eq=False)
class PromptSearch:
    """A prompt search, to be advanced round by round.

    Attributes:
        manuscript: The file.
        train: The indices of examples to learn from, in the order in which they serve.
        proposer: Makes new texts.
        generator: The source of randomness.
        histories: Of each prompt, by its number.
        proposed: How many proposals came.
        refused: How many of them were not run, by the reason.
        adopted: How many took the place of a prompt.
    """

    manuscript: Manuscript
    train: Sequence[int]
    proposer: Proposer
    generator: np.random.Generator
    examples: Sequence[Example]
    kind: Kind = attrs.field(default="prompts", init=False)
    runs_each: int = attrs.field(default=TEXT_RUNS, init=False)
    histories: list[PromptHistory] = attrs.field(init=False)
    proposed: int = attrs.field(default=0, init=False)
    refused: Counter[str] = attrs.field(factory=Counter, init=False)
    adopted: int = attrs.field(default=0, init=False)
    _tried: list[Version] = attrs.field(factory=list, init=False)
    _sure: Version | None = attrs.field(default=None, init=False)
    _fruitless: int = attrs.field(default=0, init=False)
    _patience: int = attrs.field(default=FRUITLESS_ROUNDS, init=False)
    _perfect: bool = attrs.field(default=False, init=False)
    _at: int = attrs.field(default=0, init=False)
    _gates: list[Gate] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        prompts = self.manuscript.graph.prompts
        rows = runs_of_words(_texts(self.examples[row] for row in self.train))
        self.histories = [PromptHistory() for _ in prompts]
        self._gates = [open_gate(prompt.text, rows) for prompt in prompts]

    @property
    def done(self) -> bool:
        """Whether rounds bring nothing any more."""
        return self._perfect or self._fruitless >= self._patience

    def reopen(self) -> None:
        """Allow as many rounds again: the prompts now serve another graph."""
        self._fruitless, self._perfect = 0, False

    async def advance(self, version: Version, allowance: int) -> Turn:
        """One round for one prompt; see `Move`."""
        current = self._as_tried(version)
        failures, successes = await self._looked_at(current)
        living = len(living_prompts(current.graph, current.plan))
        self._patience = FRUITLESS_ROUNDS + max(0, living - 1)
        prompt = await self._blamed(current, failures)
        if prompt is None:
            self._perfect = True
            return Turn(version, 0)
        before = self._noted()
        history = self.histories[prompt]
        others = [
            text for number, each in enumerate(self.histories) if number != prompt for text in each.tried
        ]
        wanted = Wanted(
            current, prompt, history, [*others, *current.values.prompts], failures, successes,
            last=self._fruitless >= self._patience - living,
        )  # fmt: skip
        proposals = await self.proposer(wanted, self.generator)
        merges = self._merges(wanted, before, proposals.texts)
        proposals = attrs.evolve(proposals, texts=(*proposals.texts, *merges))
        entrants = self._entrants(wanted, proposals)[:allowance]
        ran, stopped = await heat(current, entrants, self._window())
        self._tried += ran
        best, gain = self._decided(wanted, ran)
        return Turn(best, len(ran), gain, stopped)

    def _as_tried(self, version: Version) -> Version:
        """A version among those that were tried; it is one of them from now on."""
        for each in self._tried:
            if each.values == version.values:
                return each
        self._tried.append(version)
        return version

    def _noted(self) -> Standings:
        """What is believed of all that was tried; the histories take note of it."""
        found = standings(self._tried)
        for version in sorted(self._tried, key=lambda each: len(each.scored)):
            for history, text in zip(self.histories, version.values.prompts, strict=True):
                history.tried[text] = Tried(text, found.score(version), len(version.scored))
        return found

    def _merges(self, wanted: Wanted, before: Standings, texts: Sequence[str]) -> list[str]:
        """Texts put together from sentences that are believed to help."""
        if len(wanted.history.tried) < FEWEST_MERGED or not before.belief.parts:
            return []
        worths = [
            {sentence: worth for (prompt, sentence), worth in each.items() if prompt == wanted.prompt}
            for each in before.belief.supposed(MERGES, self.generator)
        ]
        return merged(wanted.current, worths, [*wanted.history.texts, *texts])

    def _decided(self, wanted: Wanted, ran: Sequence[Version]) -> tuple[Version, float]:
        """The version that is believed to be the best after a round, and what it is believed to gain."""
        current, history, after = wanted.version, wanted.history, self._noted()
        for each in ran:
            if after.score(each) < after.score(current):
                reason = (
                    f"it is worth {after.score(each):.3f}, and the current prompt {after.score(current):.3f}"
                )
                history.rejected.append(Rejected(each.values.prompts[wanted.prompt], reason))
        history.rounds += 1
        if self._sure is None or rest(self._sure) != rest(current):
            self._sure = current
        best = after.best(current)
        if after.chance(best, self._sure) >= SURE:
            self._sure = best
            self._fruitless = history.fruitless = 0
        else:
            self._fruitless += 1
            history.fruitless += 1
        self.adopted += best is not current
        return best, after.score(best) - after.score(current)

    async def _looked_at(self, version: Version) -> tuple[list[int], list[int]]:
        """What the version fails on, and what it gets right; more rows are run where nothing fails."""
        failures, successes = version.sorted_out(self.train)
        for count in (LOOKED_AT, LOOKED_AT_MOST):
            if not failures:
                await version.score(self.train[:count])
                failures, successes = version.sorted_out(self.train)
        return failures, successes

    async def _blamed(self, version: Version, failures: Sequence[int]) -> int | None:
        """The number of the prompt to work on, or `None` where nothing fails or no prompt is in use."""
        living = living_prompts(version.graph, version.plan)
        if not failures or not living:
            return None
        if len(living) == 1:
            return living[0]
        shares = {prompt: await blame(version, prompt, failures) for prompt in living}

        def promise(prompt: int) -> tuple[float, int, int]:
            history, share = self.histories[prompt], shares[prompt]
            return (
                max(0.01, UNKNOWN_BLAME if share is None else share) / (1 + history.fruitless),
                -history.rounds,
                -prompt,
            )

        return max(living, key=promise)

    def _entrants(self, wanted: Wanted, proposals: Proposals) -> list[Version]:
        """The proposals that pass the gate and compile."""
        self.proposed += len(proposals.texts)
        self.refused["no reply"] += proposals.failed
        entrants: list[Version] = []
        for text in proposals.texts:
            known = [*wanted.history.texts, *(each.values.prompts[wanted.prompt] for each in entrants)]
            refusal = self._gates[wanted.prompt].refusal(text, wanted.current, known)
            if refusal is not None:
                self.refused[refusal.why] += 1
                if refusal.why not in ("known", "empty"):
                    wanted.history.rejected.append(Rejected(text, refusal.reason))
                continue
            prompts = list(wanted.version.values.prompts)
            prompts[wanted.prompt] = text
            values = attrs.evolve(wanted.version.values, prompts=tuple(prompts))
            version = other_version(wanted.version, values, self.manuscript)
            if isinstance(version, str):
                self.refused["not compiled"] += 1
                wanted.history.rejected.append(Rejected(text, f"it does not compile: {version}"))
            else:
                entrants.append(version)
        return entrants

    def _window(self) -> list[int]:
        """The rows of the next round."""
        count = min(HEAT, len(self.train))
        start, self._at = self._at, (self._at + count) % len(self.train)
        return [self.train[(start + place) % len(self.train)] for place in range(count)]


def _texts(examples: Iterable[Example]) -> Iterable[str]:
    for example in examples:
        for value in example.source.columns.values():
            yield from texts_in(value)
