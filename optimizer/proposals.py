"""New texts for a prompt: from the model that the file names, or from edits of what was tried."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import attrs
import numpy as np

from agraph.compiler.ir import ModelCall, ModelIndex, Node, NodeIndex
from agraph.compiler.types import STR, ListOf, Record
from agraph.optimizer.gate import longest_allowed
from agraph.optimizer.phrase_edits import edited
from agraph.optimizer.prompt_history import PromptHistory
from agraph.optimizer.proposing_prompt import case_of, proposing_prompt
from agraph.optimizer.version import Version
from agraph.runtime.beside import ask as ask_beside
from agraph.runtime.errors import MissingKeyError, ModelError
from agraph.runtime.execute import telling

SIBLINGS = 4
"""How many proposals a round has."""

_BATCHES = 2
_FAILURES, _SUCCESSES = 2, 1
_SHOWN_TRIED, _SHOWN_REJECTED = 10, 5
_MOST_TURNS = 2
_ANSWER = Record("Proposals", (("diagnosis", STR), ("prompts", ListOf(STR))))


@attrs.frozen(eq=False)
class Wanted:
    """What proposals are wanted for.

    Attributes:
        version: The incumbent.
        prompt: The number of the prompt in its graph.
        history: Of that prompt.
        others: The texts of the graph's other prompts, now and earlier.
        failures: The indices of examples that the incumbent failed on, in any order.
        successes: Likewise, that it got right.
        last: Whether the search ends if this round brings nothing.
    """

    version: Version
    prompt: int
    history: PromptHistory
    others: Sequence[str]
    failures: Sequence[int]
    successes: Sequence[int]
    last: bool

    @property
    def current(self) -> str:
        """The prompt now."""
        return self.version.values.prompts[self.prompt]


@attrs.frozen
class Proposals:
    """What came.

    Attributes:
        texts: The proposals.
        failed: How many questions brought no usable answer.
    """

    texts: tuple[str, ...]
    failed: int = 0


class Proposer(Protocol):
    """Makes proposals."""

    async def __call__(self, wanted: Wanted, generator: np.random.Generator) -> Proposals:
        """New texts for a prompt, good ones and bad ones.

        Raises:
            BudgetError: The budget is spent.
            ModelError: The proposing model answers nothing usable from the start.
        """


async def edits(wanted: Wanted, generator: np.random.Generator) -> Proposals:
    """Proposals without a model."""
    others = [*wanted.history.tried, *wanted.others]
    return Proposals(tuple(edited(wanted.current, others, wanted.history.texts, SIBLINGS, generator)))


@attrs.define(eq=False)
class ModelProposer:
    """Proposals from a model, which is shown what failed; before the search ends, edits too.

    Attributes:
        model: Its index in the graph.
        answered: Whether it ever gave a usable answer; where its first ones all fail, it is no proposer.
    """

    model: ModelIndex
    answered: bool = attrs.field(default=False, init=False)

    async def __call__(self, wanted: Wanted, generator: np.random.Generator) -> Proposals:
        """See `Proposer`."""
        questions = [self._question(wanted, generator) for _ in range(_BATCHES)]
        history = wanted.history
        added = edited(wanted.current, history.tried, history.texts, 2, generator) if wanted.last else []
        session, name = wanted.version.evaluator.session, wanted.version.graph.prompts[wanted.prompt].name
        results: list[list[str]] = [[] for _ in questions]
        failed: list[ModelError] = []

        async def ask(place: int) -> None:
            # No node of a graph has a blank in its name.
            node = Node(
                f"optimize {name}", "optimize", None, None, _ANSWER,
                ModelCall(self.model, (questions[place],), None, None, (), _MOST_TURNS), retries=1,
            )  # fmt: skip
            try:
                answer = await ask_beside(session, node, f"{wanted.history.rounds}.{place}")
            except ModelError as error:
                if isinstance(error, MissingKeyError):
                    raise
                failed.append(error)
                return
            assert isinstance(answer, dict)
            assert isinstance(answer["prompts"], list)
            texts = [_tidied(str(text)) for text in answer["prompts"]]
            results[place] = texts[: SIBLINGS // _BATCHES]

        try:
            async with asyncio.TaskGroup() as group:
                for place in range(len(questions)):
                    group.create_task(ask(place))
        except ExceptionGroup as failures:
            raise telling(failures) from None
        self.answered |= len(failed) < len(questions)
        if not self.answered:
            proposer = wanted.version.graph.models[self.model].name
            raise ModelError(
                f"the proposer gave no usable answer: {failed[0]} "
                f"(without `proposer = {proposer}` earlier prompts are edited)"
            ) from failed[0]
        return Proposals((*(text for result in results for text in result), *added), len(failed))

    def _question(self, wanted: Wanted, generator: np.random.Generator) -> str:
        version = wanted.version
        node = shown_node(version, wanted.prompt)
        failures = _some(wanted.failures, _FAILURES, generator)
        successes = _some(wanted.successes, _SUCCESSES, generator)
        cases = [case_of(version, node, row, right=False) for row in failures]
        cases += [case_of(version, node, row, right=True) for row in successes]
        return proposing_prompt(
            version.graph, node, wanted.current, wanted.history.best(_SHOWN_TRIED),
            wanted.history.rejected[-_SHOWN_REJECTED:], cases,
            longest_allowed(wanted.current), SIBLINGS // _BATCHES,
        )  # fmt: skip


def shown_node(version: Version, prompt: int) -> NodeIndex:
    """The first node that lives and uses a prompt."""
    live = version.plan.live
    return next(node for node in version.graph.prompts[prompt].nodes if live[node])


def _some(rows: Sequence[int], count: int, generator: np.random.Generator) -> list[int]:
    return [rows[at] for at in generator.permutation(len(rows))[:count]]


def _tidied(text: str) -> str:
    """A text as it stands in a file: line ends as the language has them, none around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()
