"""The estimators side by side in all worlds: `python -m benchmarks optimizer --seeds 20`.

Each search is one line of a results file, and a run that was interrupted goes on where it was. Table and
plot of `docs/optimizer-benchmarks.md` are made of those lines.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import attrs

from agraph.optimizer.settings import ESTIMATORS, Estimator, Settings
from benchmarks.contest import Record, contest
from benchmarks.contest_page import plot, table
from benchmarks.page import DOCS, PAGE, replaced
from benchmarks.worlds.catalogue import WORLDS, available

ROOT = Path(__file__).parents[1]
PLOT = DOCS / "optimizer-benchmarks.svg"
RESULTS = ROOT / "build" / "optimizer-benchmarks.jsonl"
SHORT: Mapping[tuple[str, Estimator], int] = {("adversaries-8", "replay"): 256}
"""The most runs where they take long: with so many voters there are many settings to be replayed."""

FEWEST: Mapping[str, int] = {"recorded": 24}
"""How many seeds there are at least: the four models stand in all their orders."""

MARK = "python -m benchmarks optimizer"


def main(arguments: Sequence[str]) -> int:
    """Run what is missing and show the table; gives 0."""
    options = _parser().parse_args(arguments)
    names = [name for name in available() if name in options.worlds]
    for name in sorted(set(options.worlds) - set(names)):
        print(f"{name} is left out: its records are not beside the repository", file=sys.stderr)
    wanted = [
        (name, estimator, options.start_seed + place)
        for place in range(max(options.seeds, *FEWEST.values()))
        for name in names
        if place < max(options.seeds, FEWEST.get(name, 0))
        for estimator in options.estimators
    ]
    settings = Settings() if options.runs is None else Settings(runs=options.runs)
    records = _completed(wanted, settings, options.results, options.processes)
    last = options.start_seed + options.seeds - 1
    more = "".join(
        f" `{name}`: {FEWEST[name]} seeds." for name in names if FEWEST.get(name, 0) > options.seeds
    )
    text = f"Seeds {options.start_seed} to {last}.{more}\n\n{table(records)}"
    print(text)
    if options.write:
        PAGE.write_text(replaced(PAGE.read_text("utf-8"), MARK, text), "utf-8")
        plot(records, PLOT)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("benchmarks optimizer", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="how many (20)")
    parser.add_argument("--start-seed", type=int, default=1000, help="the first of them (1000)")
    parser.add_argument("--worlds", nargs="+", choices=tuple(WORLDS), default=list(WORLDS), metavar="WORLD",
                        help=f"some of {', '.join(WORLDS)}")  # fmt: skip
    parser.add_argument("--estimators", nargs="+", choices=ESTIMATORS, default=list(ESTIMATORS),
                        metavar="ESTIMATOR", help=f"some of {', '.join(ESTIMATORS)}")  # fmt: skip
    parser.add_argument("--runs", type=int, help="the most runs of a search (as `agraph optimize`)")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="at once (as many as processors)"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="kept here, and taken from here")
    parser.add_argument(
        "--write", action="store_true", help="put table and plot into `docs`; needs matplotlib"
    )
    return parser


def _completed(
    wanted: Sequence[tuple[str, Estimator, int]], settings: Settings, path: Path, processes: int
) -> list[Record]:
    """The records of all that is wanted, those that are missing made and kept."""
    version = _version(settings)
    known = {(each.world, each.estimator, each.seed): each for each in _kept(path, version)}
    missing = [key for key in wanted if key not in known]
    path.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(processes, initializer=os.nice, initargs=(5,)) as pool, path.open("a") as file:
        running = [pool.submit(contest, *key, _settings(key, settings)) for key in missing]
        for done, future in enumerate(as_completed(running), 1):
            record = future.result()
            known[record.world, record.estimator, record.seed] = record
            file.write(json.dumps({"version": version, **attrs.asdict(record)}) + "\n")
            file.flush()
            if sys.stderr.isatty():
                end = "\n" if done == len(missing) else ""
                print(f"\r{done} of {len(missing)}", end=end, file=sys.stderr, flush=True)
    return [known[key] for key in wanted]


def _settings(key: tuple[str, Estimator, int], settings: Settings) -> Settings:
    world, estimator, _ = key
    return attrs.evolve(settings, runs=min(settings.runs, SHORT.get((world, estimator), settings.runs)))


def _kept(path: Path, version: str) -> Iterable[Record]:
    """The records that the program as it stands has made before."""
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        fields = json.loads(line)
        if fields.pop("version") == version:
            yield Record(**fields)


def _version(settings: Settings) -> str:
    """A name for what makes the records: settings and sources."""
    digest = hashlib.sha256(repr(settings).encode())
    for folder in ("compiler", "grammar", "runtime", "optimizer", "stdlib", "benchmarks/worlds"):
        for source in sorted((ROOT / folder).rglob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
