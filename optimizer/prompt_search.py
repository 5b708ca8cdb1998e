"""Prompt search: round by round new texts for one node, raced against the one it has.

The node is the one whose better answers would mend the most failures. What wins a race on train rows takes
the place of the prompt.
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
from agraph.optimizer.prompt_history import PromptHistory, Rejected
from agraph.optimizer.proposals import Proposals, Proposer, Wanted
from agraph.optimizer.race import LAPS, Raced, race, winner
from agraph.optimizer.task import Example
from agraph.optimizer.version import Version, other_version

FRUITLESS_ROUNDS = 5
"""The search ends after as many rounds without a prompt that is surely better, and one more for each further
prompt in use."""

SURE = 0.7
"""The chance of being better from which a winner is no luck. Others are adopted too, for on the whole they
are better, but do not keep the search from ending."""

LOOKED_AT = 13
"""On as many train rows the first version is run, to see what fails."""

LOOKED_AT_MOST = 50
"""On as many where nothing does."""

MERGES = 2
"""How many proposals of a round are put together from all that was tried."""

UNKNOWN_BLAME = 0.5
"""Where the share of failures that a prompt is to blame for cannot be told, it counts as this."""

SLIDE = 4
"""Each race begins as many rows later than the one before: on most of its rows the incumbent is known."""


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
        failures, successes = await self._looked_at(version)
        self._patience = FRUITLESS_ROUNDS + max(0, len(living_prompts(version.graph, version.plan)) - 1)
        prompt = await self._blamed(version, failures)
        if prompt is None:
            self._perfect = True
            return Turn(version, 0)
        history = self.histories[prompt]
        known = [*failures, *successes]
        history.note(version.values.prompts[prompt], version.mean(known), len(known))
        others = [
            text for number, each in enumerate(self.histories) if number != prompt for text in each.tried
        ]
        wanted = Wanted(
            version, prompt, history, [*others, *version.values.prompts], failures, successes,
            last=self._fruitless >= self._patience - len(living_prompts(version.graph, version.plan)),
        )  # fmt: skip
        proposals = await self.proposer(wanted, self.generator)
        merges = merged(
            wanted.current, history.tried.values(), [*history.texts, *proposals.texts], MERGES, self.generator
        )
        proposals = attrs.evolve(proposals, texts=(*proposals.texts, *merges))
        entrants = self._entrants(wanted, proposals)[:allowance]
        raced = await race(version, entrants, self._window())
        best = winner(raced)
        self._note(wanted, raced)
        history.rounds += 1
        if best is None:
            self._fruitless += 1
            history.fruitless += 1
            return Turn(version, max(1, len(entrants)))
        self.adopted += 1
        if best.chance >= SURE:
            self._fruitless = history.fruitless = 0
        else:
            self._fruitless += 1
            history.fruitless += 1
        return Turn(best.version, len(entrants), best.promise)

    async def _looked_at(self, version: Version) -> tuple[list[int], list[int]]:
        """What the version fails on, and what it gets right; more rows are run where nothing fails."""
        for count in (LOOKED_AT, LOOKED_AT_MOST):
            known = [row for row in self.train if row in version.scored]
            if len(known) < count:
                await version.score(self.train[:count])
            failures, successes = version.sorted_out(self.train)
            if failures:
                break
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
        """The rows of the next race: most of those of the last one, and some more."""
        start, self._at = self._at, (self._at + SLIDE) % len(self.train)
        count = min(LAPS[-1], len(self.train))
        return [self.train[(start + place) % len(self.train)] for place in range(count)]

    def _note(self, wanted: Wanted, raced: Sequence[Raced]) -> None:
        """Take note of what was run."""
        for each in raced:
            text = each.version.values.prompts[wanted.prompt]
            wanted.history.note(text, each.mean, each.rows)
            if each.gain <= 0:
                against = each.mean - each.gain
                reason = f"it scored {each.mean:.3f} where the current prompt scored {against:.3f}"
                wanted.history.rejected.append(Rejected(text, reason))


def _texts(examples: Iterable[Example]) -> Iterable[str]:
    for example in examples:
        for value in example.source.columns.values():
            yield from texts_in(value)
