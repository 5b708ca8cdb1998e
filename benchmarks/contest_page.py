"""What the searches took, as a table and as a plot."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.contest import WITHIN, Record
from benchmarks.spread import quartiles

HEAD = (
    "world", "estimator", "graphs", "calls", "failed", "graphs in all", "calls in all",
    f"end ≥ {WITHIN:.0%}", "end",
)  # fmt: skip

COLOURS = {
    "replay": "#0072b2",
    "reinforce-loo": "#009e73",
    "reinforce-constant": "#e69f00",
    "reinforce-plain": "#d55e00",
}


def table(records: Sequence[Record]) -> str:
    """A Markdown table: for each world and estimator medians over seeds, with quartiles in brackets."""
    lines = [_line(HEAD), _line(["---"] * 2 + ["---:"] * (len(HEAD) - 2))]
    for (world, estimator), group in _groups(records).items():
        cells = [
            world,
            f"`{estimator}`",
            _spread(record.graphs for record in group),
            _spread(record.calls for record in group),
            f"{sum(record.graphs is None for record in group)} of {len(group)}",
            _number(median(record.graphs_in_all for record in group)),
            _number(median(record.calls_in_all for record in group)),
            f"{sum(record.end >= WITHIN for record in group)} of {len(group)}",
            f"{median(record.end for record in group):.0%}",
        ]
        lines.append(_line(cells))
    return "\n".join(lines)


def _groups(records: Sequence[Record]) -> dict[tuple[str, str], list[Record]]:
    groups: dict[tuple[str, str], list[Record]] = {}
    for world in dict.fromkeys(record.world for record in records):
        for record in records:
            if record.world == world:
                groups.setdefault((world, record.estimator), []).append(record)
    return groups


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _spread(values: Iterable[int | None]) -> str:
    """The median and the quartiles, where what failed took for ever."""
    low, middle, high = quartiles([math.inf if value is None else value for value in values])
    return "never" if low == math.inf else f"{_number(middle)} ({_number(low)}–{_number(high)})"


def _number(value: float) -> str:
    return "never" if value == math.inf else f"{value:,.0f}"


def plot(records: Sequence[Record], path: Path) -> None:
    """Draw, for each world, the share of seeds that are within reach for good against the calls made."""
    import matplotlib as mpl

    mpl.use("Agg")
    # The same records give the same bytes, and text stays text.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "agraph", "font.size": 8})
    from matplotlib import pyplot as plt

    worlds = list(dict.fromkeys(record.world for record in records))
    columns = min(4, len(worlds))
    rows = -(-len(worlds) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.7 * columns, 1.9 * rows + 0.4), sharey=True, squeeze=False
    )
    for place, axis in zip(worlds, axes.flat, strict=False):
        for (world, estimator), group in _groups(records).items():
            if world == place:
                calls = np.sort([max(1, each.calls) for each in group if each.calls is not None])
                most = max(1, *(each.calls_in_all for each in group))
                shares = np.arange(len(calls) + 1) / len(group)
                axis.step(
                    [1, *calls, most],
                    [*shares, shares[-1]],
                    where="post",
                    label=estimator,
                    color=COLOURS[estimator],
                )
        axis.set(title=place, xscale="log", ylim=(-0.03, 1.03))
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    for axis in axes.flat[len(worlds) :]:
        axis.set_axis_off()
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False)
    figure.supxlabel("model calls", y=0.03)
    figure.supylabel(f"share of seeds at {WITHIN:.0%} of the optimum for good")
    figure.tight_layout(rect=(0.01, 0.04, 1, 1))
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
