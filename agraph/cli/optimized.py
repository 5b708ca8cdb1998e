"""What came of an optimization, in words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agraph.cli.options import cost, tokens
from agraph.render import counted

if TYPE_CHECKING:
    from agraph.optimizer.accept import Verdict
    from agraph.optimizer.tune import Proposed
    from agraph.optimizing import Optimization
    from agraph.runtime.models.protocol import Usage

REFUSED = {
    "empty": "empty",
    "known": "known before",
    "placeholders": "with other placeholders",
    "too long": "too long",
    "copied": "that copy rows",
    "not compiled": "that do not compile",
    "no reply": "without a usable reply of the proposer",
}


def optimized_text(result: "Optimization", plan: bool, elsewhere: bool) -> str:
    """All of it, as lines.

    Args:
        result: What came of it.
        plan: Whether it is only shown, and so with the diff.
        elsewhere: Whether it goes to another file.
    """
    return "\n".join((*_lines(result, plan), ending(result, elsewhere)))


def _lines(result: "Optimization", plan: bool) -> Iterator[str]:
    if result.diff and (plan or result.texts):
        yield result.diff + "\n"
    if result.changes:
        yield from _table(result)
    if len(result.front) > 1:
        yield from _front(result)
    for what, proposed in (("prompts", result.prompts), ("lists of examples", result.examples)):
        if proposed is not None:
            yield _proposals(what, proposed)
    if result.verdict is not None:
        yield from _judged(result, result.verdict)
    if result.stopped is not None:
        yield f"ended early: {result.stopped}"
    by = "" if result.estimator is None else f" by {result.estimator}"
    known = f", {result.calls_recalled:,} more from the cache" if result.calls_recalled else ""
    yield (
        f"{counted(result.runs, 'run')} to learn{by} on {result.train_rows} + {result.validation_rows} rows; "
        f"in all {counted(result.usage.calls, 'model call')}{known}, {tokens(result.usage)}, "
        f"{cost(result.usage)}"
    )


def _table(result: "Optimization") -> Iterator[str]:
    """Old and new value of each learnable, those that change marked, with what the new one gains."""
    width = max(len("learnable"), *(len(change.name) for change in result.changes))
    known = any(each is not None for each in result.evidence)
    heading = "     gain against its flip (95% interval)" if known else ""
    yield f"{'learnable':<{width}}  old     new{heading}"
    for change, evidence in zip(result.changes, result.evidence, strict=True):
        mark = " " if change.old == change.new else "*"
        # Adding nothing makes of -0.0 what has no sign.
        shown = [round(number, 3) + 0.0 for number in evidence or ()]
        gain = "{:+.3f} ({:+.3f} to {:+.3f})".format(*shown) if shown else ""
        yield f"{change.name:<{width}}  {change.old:<6.3f}  {change.new:.3f} {mark}  {gain}".rstrip()
    yield ""


def _front(result: "Optimization") -> Iterator[str]:
    """Score against cost of what was tried, where there is something to weigh."""
    in_money = all(each.usd is not None for each in result.front) and any(each.usd for each in result.front)
    then = "" if result.prompts is result.examples is None else ", with the prompts of that time"
    yield f"score against cost, on rows that were learned from{then}:"
    yield "nothing else that was tried was better for less"
    names = {result.searched_from: "  where it began", result.deployed: "  the result"}
    if result.searched_from == result.deployed:
        names[result.deployed] = "  as it is"
    yield f"score  model calls a run{'  $ a run ' if in_money else ''}  nodes  edges  rows"
    for each in result.front:
        realization = each.realization
        money = f"  {each.usd:<8.5f}" if in_money else ""
        sizes = f"{sum(realization.nodes):<5}  {sum(realization.edges):<5}  {each.rows:<4}"
        what = names.get(realization, "")
        yield f"{each.score:.3f}  {each.cost:<17.1f}{money}  {sizes}{what}".rstrip()
    yield ""


def _proposals(what: str, proposed: "Proposed") -> str:
    """What became of the texts that were proposed."""
    if not proposed.proposed and not proposed.reached:
        return f"no {what} proposed: the node that they are for does not reach the answer"
    refused = ", ".join(f"{count} {REFUSED[why]}" for why, count in proposed.refused.items())
    return f"{proposed.proposed} {what} proposed, {proposed.adopted} adopted" + (
        f"; {refused}" if refused else ""
    )


def _judged(result: "Optimization", verdict: "Verdict") -> Iterator[str]:
    """The held-out scores before and after, and the verdict."""
    sides = (
        ("before", verdict.seed_mean, verdict.seed_interval),
        ("after", verdict.result_mean, verdict.result_interval),
    )
    for (name, mean, (low, high)), usage in zip(sides, result.judged_usage or (), strict=True):
        run = _of_a_run(usage, result.held_out_rows)
        yield f"held-out {name:<6}  {mean:.3f}  ({low:.3f} to {high:.3f})  {run}"
    yield verdict.reason
    if result.held_out_uses > 1:
        yield (
            f"These held-out rows have judged {result.held_out_uses} results by now: of many the best "
            "looks better than it is."
        )


def _of_a_run(usage: "Usage", rows: int) -> str:
    usd = usage.cost_usd
    price = ", cost unknown" if usd is None else f", ${usd / rows:.5f} a run" if usd else ""
    return f"{usage.calls / rows:.1f} model calls a run{price}"


def ending(result: "Optimization", elsewhere: bool) -> str:
    """What became of the file."""
    if result.written:
        return f"{'wrote' if elsewhere else 'rewrote'} {result.path}"
    if result.found_better:
        apply = "" if result.run is None else f": agraph optimize --apply {result.run}"
        return f"{result.path} would be rewritten{apply}"
    reason = "no better graph was found"
    if result.verdict is not None:
        unproven = result.verdict.accepted
        reason = "the result is not proven" if unproven else "the result is not better on held-out rows"
    if result.stopped is not None and result.verdict is None:
        reason = "nothing could be judged in time"
    return f"{result.path} is {'not written' if elsewhere else 'left as it is'}: {reason}"
