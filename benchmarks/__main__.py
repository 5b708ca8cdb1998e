"""Every benchmark, or those named, as one table: `python -m benchmarks [NAME…]`.

What is told at length, instead of held against a limit, has a command of its own:
`python -m benchmarks optimizer`.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from benchmarks.measurement import Measurement

COMMANDS = {"optimizer": "optimizing", "accepting": "accepting", "prompts": "prompting"}
"""Commands with options of their own, and the module of each."""

NAMES = (
    "check_startup", "compiling", "composing", "editing", "execution", "formatting", "memory", "recovery",
    "sampling",
    "storing", "throughput",
)  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Print the measurements; gives 1 where one is beyond its limit, else 0."""
    if arguments and arguments[0] in COMMANDS:
        # Small matrices in as many processes as there are processors: threads of their own only hinder them.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        command: int = import_module(f"benchmarks.{COMMANDS[arguments[0]]}").main(arguments[1:])
        return command
    parser = argparse.ArgumentParser(
        "benchmarks",
        description="Measure agraph against its limits.",
        epilog=f"With options of their own: {', '.join(f'`benchmarks {name} --help`' for name in COMMANDS)}.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; all if left out"
    )
    names = parser.parse_args(arguments).names
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    measurements: list[Measurement] = []
    for name in names or NAMES:
        print(f"{name} …", file=sys.stderr, flush=True)
        measurements += import_module(f"benchmarks.{name}").run()
    print(table(measurements))
    return 0 if all(measurement.passes for measurement in measurements) else 1


def table(measurements: Sequence[Measurement]) -> str:
    """One line for each measurement: name, ratio, limit, verdict, and what it is compared with."""
    width = max((len(measurement.name) for measurement in measurements), default=0)
    return "\n".join(
        f"{measurement.name:{width}}  {measurement.ratio:7.2f}  {'≥' if measurement.at_least else '≤'}"
        f" {measurement.limit:5.2f}  {'pass' if measurement.passes else 'FAIL'}  {measurement.note}"
        for measurement in measurements
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
