"""What was learned and written into a file, when, from which data: its history, and the ways along it.

The history lies in the store of the file's project. No file needs it: it may be cleared at any time.
"""

import hashlib
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from agraph.compiler.ir import Json
from agraph.compiler.source import Source
from agraph.files import read_source, shown_path
from agraph.optimizer.rows import DataRow
from agraph.patch import unified
from agraph.recording import kept_store
from agraph.runtime.errors import InputError, StoreError
from agraph.runtime.project import project_root
from agraph.runtime.store import RunRecord, Store
from agraph.runtime.store_file import store_path
from agraph.writing import replace_file, sole_use


@attrs.frozen
class Change:
    """One learnable element, before and after."""

    name: str
    old: float
    new: float


@attrs.frozen
class Learned:
    """What a command wrote into a file, or with a plan would have written.

    Attributes:
        number: Of the run.
        verb: `optimize`, or `apply`, `revert` or `freeze`.
        file: The path of the file, absolute.
        graph: The graph.
        began_s: Seconds since 1970.
        before: The text of the file before.
        after: Its text afterwards; that before where there was nothing better.
        written: Whether it was written.
        of: The run whose plan was applied or whose change was taken back, or `None`.
        changes: Every learnable, old and new.
        data: The data set: `path`, `hash` and `rows`; empty where nothing was learned. `held_out` is the hash
            of the rows that judged, and `held_out_rows` how many they were.
        verdict: The fields of the verdict, or `None` where nothing was judged.
        usage: What it used: `calls`, `usd`, and so on.
        texts: The names of the prompts and examples that are others afterwards.
    """

    number: int
    verb: str
    file: str
    graph: str
    began_s: float
    before: str
    after: str
    written: bool
    of: int | None = None
    changes: tuple[Change, ...] = ()
    data: Mapping[str, Any] = {}
    verdict: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] = {}
    texts: Sequence[str] = ()


def data_hash(rows: Sequence[DataRow]) -> str:
    """A hash of rows, whatever their order."""
    keys = "\n".join(sorted(row.key for row in rows))
    return hashlib.sha256(keys.encode()).hexdigest()[:16]


def history(path: str) -> tuple[Learned, ...]:
    """What was learned for a file, the newest first.

    Raises:
        StoreError: The store of its project cannot be read.
    """
    with kept_store(path) as store:
        return () if store is None else tuple(each for each in _records(store, path) if _is_of(each, path))


def held_out_uses(path: str, held_out: str) -> int:
    """How many results in a file's project were judged on the rows of a hash; 0 where nobody knows.

    What is found once more is no other result.
    """
    try:
        with kept_store(path) as store:
            records = () if store is None else tuple(_records(store, path))
    except StoreError:
        return 0
    judged = (each for each in records if each.verb == "optimize" and each.verdict is not None)
    return len({(each.before, each.after) for each in judged if each.data.get("held_out") == held_out})


def note(learned: Learned, project: str, report: Callable[[str], None]) -> int | None:
    """Keep what was learned in the store of a project.

    Args:
        learned: Its number is that of a run which is in the store, or 0 for a new one.
        project: A file or folder of the project.
        report: Is told where the store cannot be used.

    Returns:
        The number of the run, or `None` where it could not be kept.
    """
    from agraph.runtime.sqlite_store import SqliteStore

    root = project_root(project)
    try:
        store = SqliteStore(store_path(root))
        try:
            number = learned.number or store.begin(_run_record(learned, str(root)))
            store.conclude(number, _as_json(learned, str(root)))
            if not learned.number:
                store.end(number, "done", time.time())
        finally:
            store.close()
    except StoreError as error:
        report(f"{error}; the history does not have it")
        return None
    return number


def apply_plan(number: int, project: str, report: Callable[[str], None]) -> Learned:
    """Write what an optimization with a plan found.

    Args:
        number: Of its run.
        project: A file or folder of the project.
        report: Is told where the store cannot be used.

    Raises:
        InputError: There is no such plan, or the file is not as it was then.
        FileError: The file cannot be read or written.
        StoreError: The store cannot be read.
    """
    with kept_store(project) as store:
        record = None if store is None else store.run(number)
    found = None if record is None else _learned(record, str(project_root(project)))
    if found is None or found.verb != "optimize":
        raise InputError(
            f"there is no plan of a run {number} in this project: `agraph history FILE` lists them"
        )
    if not os.path.isdir(project) and os.path.realpath(project) != found.file:
        raise InputError(f"run {number} is a plan for `{shown_path(found.file)}`, and not for `{project}`")
    if found.after == found.before:
        raise InputError(f"run {number} found nothing better, so there is nothing to apply")
    return _step(attrs.evolve(found, verb="apply", of=number), project, report)


def revert(path: str, report: Callable[[str], None]) -> Learned:
    """Give a file back the text that it had before the last change of it that the history knows.

    Raises:
        InputError: The history knows of none, or the file was changed since.
        FileError: The file cannot be read or written.
        StoreError: The store cannot be read.
    """
    text = read_source(path).text
    changes = [each for each in history(path) if each.verb != "revert" and each.after != each.before]
    last = next((each for each in changes if each.after == text), None)
    if last is not None:
        back = attrs.evolve(
            last, verb="revert", of=last.number, before=text, after=last.before, data={}, verdict=None
        )
        swapped = tuple(Change(each.name, each.new, each.old) for each in last.changes)
        return _step(attrs.evolve(back, changes=swapped), path, report)
    written = next((each for each in changes if each.written), None)
    if written is not None and text == changes[-1].before:
        raise InputError(f"`{path}` is as it was before the first change of it that the history knows")
    if written is None:
        raise InputError(f"nothing was ever written into `{path}` that the store of its project knows of")
    raise InputError(
        f"`{path}` was changed since run {written.number} wrote it: "
        f"`agraph history {path} --diff {written.number}` shows what that was"
    )


def _step(step: Learned, project: str, report: Callable[[str], None]) -> Learned:
    """Write the text of a step into a file that must be as it was, and note it."""
    text, shown = step.after, shown_path(step.file)
    with sole_use(step.file):
        source = read_source(step.file)
        if source.text == text:
            raise InputError(f"`{shown}` has these values already")
        if source.text != step.before:
            raise InputError(
                f"`{shown}` was changed since run {step.of} read it, and stays as it is: "
                "run `agraph optimize` again, whose calls come from the store where they are the same"
            )
        replace_file(step.file, text, source)
    written = attrs.evolve(step, number=0, written=True, began_s=time.time(), usage={})
    return attrs.evolve(written, number=note(written, project, report) or 0)


# In the store.


def _records(store: Store, path: str) -> Iterator[Learned]:
    root = str(project_root(path))
    for record in store.concluded():
        found = _learned(record, root)
        if found is not None:
            yield found


def _is_of(learned: Learned, path: str) -> bool:
    return learned.file == os.path.realpath(path)


def _run_record(learned: Learned, root: str) -> RunRecord:
    said: dict[str, Json] = {} if learned.of is None else {"of": learned.of}
    return RunRecord(learned.verb, os.path.relpath(learned.file, root), learned.graph, said, learned.began_s)


def _as_json(learned: Learned, root: str) -> Json:
    kept = attrs.asdict(learned)
    for known in ("number", "verb", "graph", "began_s"):
        del kept[known]
    return _finite({**kept, "file": os.path.relpath(learned.file, root)})


def _finite(value: Any) -> Json:
    """A value as JSON has it, which knows no endless numbers: they become null."""
    match value:
        case dict():
            return {name: _finite(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_finite(inner) for inner in value]
        case float() if not math.isfinite(value):
            return None
        case str() | int() | float() | None:
            return value
        case _:
            return str(value)


def _learned(record: RunRecord, root: str) -> Learned | None:
    """What a record tells, or `None` where it is of another kind."""
    result = record.result
    if not isinstance(result, dict) or "after" not in result:
        return None
    known: Mapping[str, Any] = result
    changes = tuple(Change(**each) for each in known["changes"])
    file = os.path.normpath(os.path.join(root, known["file"]))
    # A later version of agraph may have said more.
    told = {name: known[name] for name in attrs.fields_dict(Learned) if name in known}
    own = {"number": record.number, "verb": record.verb, "graph": record.graph, "began_s": record.started_s}
    return Learned(**{**told, **own, "changes": changes, "file": file})


def diff_of(learned: Learned) -> str:
    """From the file before to the file after, as a patch."""
    shown = shown_path(learned.file)
    return difference(Source(shown, learned.before), learned.after, shown)


def difference(source: Source, text: str, path: str) -> str:
    """From a source to another text, as a patch; empty where they are the same."""
    return unified(source.text, text, source.path, path)
