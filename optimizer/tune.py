"""One optimization from data to verdict: split, search, judge."""

from collections.abc import Collection, Mapping, Sequence

import attrs
import numpy as np

from agraph.compiler.ir import Graph
from agraph.optimizer.accept import Verdict, judge
from agraph.optimizer.alternate import alternate
from agraph.optimizer.demonstrations import FRUITLESS_ROUNDS as FRUITLESS_LISTS
from agraph.optimizer.demonstrations import DemonstrationSearch
from agraph.optimizer.evaluate import Evaluator
from agraph.optimizer.intervals import CONFIDENCE
from agraph.optimizer.manuscript import Manuscript
from agraph.optimizer.moves import KINDS, Kind, Move
from agraph.optimizer.policy import policy_of
from agraph.optimizer.progress import Evidence, Report, Tried
from agraph.optimizer.prompt_search import FRUITLESS_ROUNDS, HEAT, MERGES, PromptSearch
from agraph.optimizer.proposals import SIBLINGS, ModelProposer, edits
from agraph.optimizer.race import runs_of_race
from agraph.optimizer.rewrite import Values, current_values
from agraph.optimizer.settings import Estimator, Settings
from agraph.optimizer.split import Split, split
from agraph.optimizer.structure import StructureSearch
from agraph.optimizer.version import Version, first_version, score_all
from agraph.runtime.budget import Amount, Budget
from agraph.runtime.errors import BudgetError, InputError
from agraph.runtime.models.protocol import Usage
from agraph.runtime.plan import Realization


@attrs.frozen
class Proposed:
    """What became of proposals.

    Attributes:
        proposed: How many there were.
        adopted: How many took the place of what was there.
        refused: How many were not run, by the reason.
        reached: Whether what they are for still reaches the answer of the graph that was found.
    """

    proposed: int
    adopted: int
    refused: Mapping[str, int] = attrs.field(factory=dict)
    reached: bool = True


@attrs.frozen
class Tuning:
    """What an optimization found.

    Attributes:
        values: What the file shall say if the verdict accepts it.
        verdict: The values against the file's on the held-out rows, or `None` where the search found
            nothing to compare: the file deploys the best already, or the budget was spent before.
        split: Which rows served what.
        runs: How many runs were made to learn, what proposals count as among them.
        estimator: What learned edges, gates and choices, or `None`.
        tried: The realizations that were scored in the last search that found something, with the prompts of
            that time; or in the first where none did.
        searched_from: Where that search began.
        deployed: What the values deploy.
        evidence: By parameter what its value gains against its flip; see `search.Result`.
        stopped: Why something ended before it was done, such as a budget that was spent, or `None`.
        prompts: What became of the proposed prompts, where there were any.
        examples: What became of the proposed examples, where there were any.
        judged_usage: What running the seed on the held-out rows takes by itself, and the result; `None`
            without a verdict.
    """

    values: Values
    verdict: Verdict | None
    split: Split
    runs: int
    estimator: Estimator | None
    tried: tuple[Tried, ...]
    searched_from: Realization
    deployed: Realization
    evidence: tuple[Evidence | None, ...]
    stopped: str | None
    prompts: Proposed | None = None
    examples: Proposed | None = None
    judged_usage: tuple[Usage, Usage] | None = None

    @property
    def accepted(self) -> bool:
        """Whether there is something to write."""
        return self.verdict is not None and self.verdict.accepted

    @property
    def proven(self) -> bool:
        """Whether the result is *improved*."""
        return self.verdict is not None and self.verdict.proven


HELD_SHARE = 0.5
"""The most of a budget that is kept back from the search for the judging."""


async def tune(
    manuscript: Manuscript,
    evaluator: Evaluator,
    settings: Settings,
    seed: int,
    report: Report | None = None,
    only: Collection[Kind] = KINDS,
    budget: Budget | None = None,
    confidence: float = CONFIDENCE,
) -> Tuning:
    """Learn what stands after `~` in a graph, and judge it on rows that the search never saw.

    Args:
        manuscript: The author's file and its graph.
        evaluator: Runs the graph on the examples of its data set.
        settings: How much to try.
        seed: Of all randomness; the same seed gives the same result.
        report: Told of each step of the search.
        only: What may be learned.
        budget: That of the evaluator's session, or `None`. While the search lasts, as much of it is kept back
            as the judging needs by what runs used so far, at most `HELD_SHARE`.
        confidence: Of the verdict.

    Raises:
        InputError: The graph has nothing of that kind to learn.
        DataError: There are too few rows.
        RunError: Every run fails.
        ModelError: The proposing model cannot be opened.
    """
    graph = manuscript.graph
    kinds = learnable_kinds(graph) & set(only)
    if not kinds:
        raise InputError(_nothing_to_learn(graph, only))
    parts = split([example.source for example in evaluator.examples])
    # A search alone tells of each step, several of each turn.
    alone = kinds == {"edges"}
    moves = _moves(kinds, manuscript, evaluator, parts, settings, seed, report if alone else None)
    reserve = _Reserve(budget, 2 * len(parts.held_out))
    evaluator.before = reserve.hold
    first = first_version(graph, current_values(graph), evaluator)
    found = await alternate(first, moves, settings.runs, None if alone else report)
    reserve.release()
    verdict, stopped = None, found.stopped
    if found.version.differs(first):
        try:
            await score_all([first, found.version], parts.held_out)
            verdict = _verdict(first, found.version, parts.held_out, confidence)
        except BudgetError as error:
            stopped = f"{error}, before the result was judged"
    prompts = next((_prompts(move, found.version) for move in moves if isinstance(move, PromptSearch)), None)
    examples = next(
        (_examples(move, found.version) for move in moves if isinstance(move, DemonstrationSearch)), None
    )
    usage = None
    if verdict is not None:
        usage = _usage(first, parts.held_out), _usage(found.version, parts.held_out)
    structure = next((move for move in moves if isinstance(move, StructureSearch)), None)
    result, told = (None, None) if structure is None else (structure.result, structure.told)
    return Tuning(
        values=found.version.values,
        verdict=verdict,
        split=parts,
        runs=found.runs,
        estimator=None if result is None else result.estimator,
        tried=() if told is None else told.tried,
        searched_from=first.realization if told is None else told.seed,
        deployed=found.version.realization,
        evidence=(None,) * len(graph.priors) if result is None else result.evidence,
        stopped=stopped,
        prompts=prompts,
        examples=examples,
        judged_usage=usage,
    )


def learnable_kinds(graph: Graph) -> set[Kind]:
    """What a graph has to learn."""
    kinds: set[Kind] = set()
    if policy_of(graph).learnable.any():
        kinds.add("edges")
    if graph.prompts:
        kinds.add("prompts")
    if graph.demonstrations:
        kinds.add("examples")
    return kinds


def text_runs(graph: Graph, kinds: Collection[Kind], proposals: int) -> tuple[int, int]:
    """How many runs a search for texts makes about, where it finds nothing, and at most.

    Args:
        graph: What is learned.
        kinds: `prompts`, `examples` or both.
        proposals: The most that may be tried.
    """
    fewest, dearest = 0, 0
    if "prompts" in kinds:
        dearest = HEAT * (SIBLINGS + MERGES + 1)
        fewest += (FRUITLESS_ROUNDS + len(graph.prompts) - 1) * dearest
    if "examples" in kinds:
        dearest = runs_of_race(SIBLINGS)
        fewest += FRUITLESS_LISTS * len(graph.demonstrations) * dearest
    most = -(-proposals // SIBLINGS) * dearest
    return min(fewest, most), most


def _nothing_to_learn(graph: Graph, only: Collection[Kind]) -> str:
    ways = {
        "edges": "`edge a -> b ~ 0.5`, or in a node `on ~ 0.5` or `model ~ { fast: 0.5, smart: 0.5 }`",
        "prompts": '`prompt ~ "…"` in a node',
        "examples": "`examples ~ []` in a node",
    }
    wanted = [kind for kind in KINDS if kind in only]
    names = {"edges": "edge, gate or choice", "prompts": "prompt", "examples": "examples"}
    what = ", ".join(names[kind] for kind in wanted)
    return f"graph `{graph.name}` has no {what} to learn: write {', or '.join(ways[kind] for kind in wanted)}"


def _moves(
    kinds: Collection[Kind],
    manuscript: Manuscript,
    evaluator: Evaluator,
    parts: Split,
    settings: Settings,
    seed: int,
    report: Report | None,
) -> list[Move]:
    """What is learned in turn; each has a stream of random numbers of its own."""
    graph, session = manuscript.graph, evaluator.session
    moves: list[Move] = []
    if "edges" in kinds:
        alone = len(kinds) == 1
        moves.append(
            StructureSearch(manuscript, parts.train, parts.validation, settings, seed, report, alone)
        )
    if "prompts" in kinds:
        proposer = None if graph.task is None else graph.task.proposer
        if proposer is not None:
            # What cannot be opened is told before anything is paid for.
            session.workshop.open_model(proposer)
        generator = np.random.default_rng([seed, 1])
        moves.append(
            PromptSearch(
                manuscript, generator.permutation((*parts.train, *parts.validation)).tolist(),
                edits if proposer is None else ModelProposer(proposer), generator, evaluator.examples,
            )
        )  # fmt: skip
    if "examples" in kinds:
        generator = np.random.default_rng([seed, 2])
        rows = generator.permutation(parts.train).tolist()
        moves.append(DemonstrationSearch(manuscript, rows, parts.validation, generator))
    return moves


def _prompts(move: PromptSearch, found: Version) -> Proposed:
    refused = {why: count for why, count in move.refused.items() if count}
    nodes = [node for prompt in found.graph.prompts for node in prompt.nodes]
    return Proposed(move.proposed, move.adopted, refused, any(found.plan.live[node] for node in nodes))


def _examples(move: DemonstrationSearch, found: Version) -> Proposed:
    nodes = [node for shown in found.graph.demonstrations for node in shown.nodes]
    return Proposed(move.proposed, move.adopted, reached=any(found.plan.live[node] for node in nodes))


@attrs.define(eq=False)
class _Reserve:
    """The part of a budget that is kept back while the search lasts.

    Attributes:
        runs: How many runs it must pay for: seed and result are judged on each held-out row.
    """

    budget: Budget | None
    runs: int
    _searching: bool = True

    def hold(self, evaluator: Evaluator) -> None:
        """Keep back what the runs will use, by what runs used so far."""
        if self.budget is not None and self._searching:
            self.budget.hold(evaluator.largest_times(self.runs), HELD_SHARE, "judging")

    def release(self) -> None:
        """Let the judging have it."""
        self._searching = False
        if self.budget is not None:
            self.budget.hold(Amount(), 0.0, "judging")


def _verdict(first: Version, result: Version, rows: Sequence[int], confidence: float) -> Verdict:
    def scores(version: Version) -> list[float]:
        return [version.scored[row].value for row in rows]

    def cost(version: Version) -> float:
        # Sums of as much in another order may differ in their last bits; that is no difference.
        return round(sum(version.scored[row].cost for row in rows), 10)

    saved = [first.scored[row].price - result.scored[row].price for row in rows]
    return judge(scores(first), scores(result), cost(first), cost(result), confidence, saved)


def _usage(version: Version, rows: Sequence[int]) -> Usage:
    return sum((version.scored[row].usage for row in rows), start=Usage())
