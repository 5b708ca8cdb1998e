"""Reading data sets, and the inputs that their rows give a graph."""

import csv
import io
import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler.ir import DataSet, Edges, Graph, Json, Task
from agraph.compiler.types import BOOL, FLOAT, INT, STR, ListOf, LiteralUnion, Optional, Type
from agraph.optimizer.columns import inputs_of
from agraph.optimizer.rows import DataRow, Format, open_rows
from agraph.optimizer.task import data_set, read_examples
from agraph.runtime.errors import DataError, InputError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=4)
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


def read_rows(
    path: Path, file_format: Format | None = None, *, target: str | None = None
) -> tuple[DataRow, ...]:
    return tuple(open_rows(path, file_format, target=target))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path, target: str | None = None) -> str:
    """The message that refuses a file, from the file's name on."""
    with pytest.raises(DataError) as caught:
        read_rows(path, target=target)
    return str(caught.value).removeprefix(f"{path.parent}{os.sep}")


@given(
    objects=st.lists(OBJECTS, min_size=1, max_size=4), mark=st.booleans(), end=st.sampled_from(["\n", "\r\n"])
)
def test_jsonl_and_json_give_back_what_was_written(
    folder: Path, objects: list[dict[str, Json]], mark: bool, end: str
) -> None:
    lines = end.join(json.dumps(item, ensure_ascii=True) for item in objects)
    head = "\ufeff" if mark else ""
    for path in (
        written(folder, "a.jsonl", head + lines),
        written(folder, "a.json", head + json.dumps(objects)),
    ):
        rows = read_rows(path)
        assert [row.columns for row in rows] == objects
        assert [row.number for row in rows] == list(range(1, len(objects) + 1))


@given(
    header=st.lists(st.text("abcdef", min_size=1), min_size=1, max_size=3, unique=True),
    cells=st.data(),
    mark=st.booleans(),
)
def test_csv_gives_back_what_was_written(
    folder: Path, header: list[str], cells: st.DataObject, mark: bool
) -> None:
    width = len(header)
    records = cells.draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=4))
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([header, *records])
    rows = read_rows(written(folder, "a.csv", ("\ufeff" if mark else "") + text.getvalue()))
    assert [row.columns for row in rows] == [dict(zip(header, record, strict=True)) for record in records]
    assert not any(row.typed for row in rows)


@given(
    first=OBJECTS, last=st.dictionaries(st.text(min_size=1), VALUES, min_size=1, max_size=3), cut=st.data()
)
def test_a_file_that_breaks_off_is_refused_wherever_it_does(
    folder: Path, first: dict[str, Json], last: dict[str, Json], cut: st.DataObject
) -> None:
    whole = json.dumps(last, ensure_ascii=False).encode()
    rest = whole[: cut.draw(st.integers(1, len(whole) - 1))]
    path = written(folder, "cut.jsonl", json.dumps(first).encode() + b"\n" + rest)
    assert refusal(path) == (
        "cut.jsonl:2: the file breaks off in the middle of this line; nothing of it was used"
    )
    message = refusal(written(folder, "cut.json", b"[" + json.dumps(first).encode() + b",\n" + rest))
    assert message == "cut.json:2: the file breaks off in the middle of this line; nothing of it was used"


@pytest.mark.parametrize("end", ['3,"f', '3,"four\nfive', "3", '"3'])
def test_a_csv_file_that_breaks_off_is_refused(tmp_path: Path, end: str) -> None:
    message = refusal(written(tmp_path, "cut.csv", f"a,b\n1,2\n{end}"))
    assert message == "cut.csv:3: the file breaks off in the middle of this line; nothing of it was used"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", "", "a.jsonl: the data set is empty"),
        ("a.jsonl", "\n \n", "a.jsonl: the data set is empty"),
        ("a.json", "", "a.json: the data set is empty"),
        ("a.json", "[]", "a.json: the data set is empty"),
        ("a.csv", "", "a.csv: the data set is empty"),
        ("a.csv", "a,b\n", "a.csv: the data set is empty"),
        ("a.jsonl", b'{"a": 1}\n{"a": "\xff"}\n', "a.jsonl:2: the file is not UTF-8"),
        (
            "a.jsonl",
            '{"a": 1}\n\n{"a": }\n{}\n',
            "a.jsonl:3: this line is not JSON: Expecting value (column 7)",
        ),
        ("a.jsonl", "plain text", "a.jsonl:1: this line is not JSON: Expecting value (column 1)"),
        ("a.jsonl", '{"a": NaN}\n', "a.jsonl:1: this line is not JSON: `NaN` is no JSON number"),
        ("a.jsonl", '{"a": 1e999}\n', "a.jsonl:1: this line is not JSON: the number `1e999` is too large"),
        ("a.jsonl", '{"a": 1, "a": 2}\n', "a.jsonl:1: this line is not JSON: `a` stands in one object twice"),
        ("a.jsonl", "[" * 100_000 + "\n", "a.jsonl:1: this line is not JSON: it is nested too deeply"),
        ("a.jsonl", '{"a": 1}\n[2]\n', "a.jsonl:2: this line is a list, not an object"),
        ("a.json", '{"a": 1}', "a.json: the file holds an object where a list of objects is expected"),
        ("a.json", '[{"a": 1}, null]', "a.json: row 2 is null, not an object"),
        (
            "a.json",
            '[{"a": 1},\n{"a" 2}]',
            "a.json:2: the file is not JSON: Expecting ':' delimiter (column 6)",
        ),
        ("a.csv", "a,b,a\n1,2,3\n", "a.csv:1: the header names the column `a` twice"),
        ("a.csv", "a,b\n\n1,2,3\n", "a.csv:3: this row has 3 values and the header 2 names"),
        ("a.csv", "a,b\n1\n", "a.csv:2: this row has 1 values and the header 2 names"),
        ("a.csv", 'a,b\n"1"x,2\n', "a.csv:2: this line is not CSV: ',' expected after '\"'"),
        ("a.txt", "x", "a.txt: a data file ends in `.jsonl`, `.ndjson`, `.json`, `.csv`"),
    ],
)
def test_a_broken_file_is_refused_with_place_and_reason(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    assert refusal(written(tmp_path, name, content)) == message


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.jsonl") == "none.jsonl: there is no such file"
    (tmp_path / "d.jsonl").mkdir()
    assert refusal(tmp_path / "d.jsonl") == "d.jsonl: this is a folder, not a data file"


def test_a_row_without_the_target_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"answer": 1}\n\n{"anwser": 2}\n')
    message = "a.jsonl:3: row 2 has no column `answer`, the target (did you mean `anwser`?)"
    assert refusal(path, "answer") == message
    path = written(tmp_path, "a.jsonl", '{"answer": 0}\n{"answer": null}\n')
    assert refusal(path, "answer") == "a.jsonl:2: row 2 has no value in `answer`, the target"
    path = written(tmp_path, "a.csv", 'q,answer\n"a\nb",1\nc,\n')
    assert refusal(path, "answer") == "a.csv:4: row 2 has no value in `answer`, the target"


@given(objects=st.lists(OBJECTS, min_size=1, max_size=6), seed=st.randoms(use_true_random=False))
def test_keys_are_unique_and_depend_on_the_content_alone(
    folder: Path, objects: list[dict[str, Json]], seed: random.Random
) -> None:
    objects = objects + objects[:2]
    rows = read_rows(written(folder, "a.json", json.dumps(objects)))
    seed.shuffle(objects)
    shuffled = read_rows(written(folder, "a.json", json.dumps(objects)))
    assert len({row.key for row in rows}) == len(rows)

    def content(row: DataRow) -> str:
        return json.dumps(row.columns, sort_keys=True)

    assert sorted((row.key, content(row)) for row in rows) == sorted(
        (row.key, content(row)) for row in shuffled
    )


def test_the_format_can_be_told(tmp_path: Path) -> None:
    [row] = read_rows(written(tmp_path, "rows", '{"a": 1}\n'), "jsonl")
    assert row.columns == {"a": 1}


# Inputs.


def row_of(columns: dict[str, Json], *, typed: bool) -> DataRow:
    return DataRow("rows:3", 2, columns, typed, "key")


@pytest.mark.parametrize(
    ("cell", "type_", "value"),
    [
        ("12", INT, 12),
        (" 12 ", INT, 12),
        ("12", FLOAT, 12.0),
        ("12", STR, "12"),
        ("null", STR, "null"),
        ("", STR, ""),
        ("True", BOOL, True),
        ("", Optional(INT), None),
        ("3", Optional(INT), 3),
        ('"x"', Optional(STR), '"x"'),
        ("pro", LiteralUnion(("pro", "con")), "pro"),
        ('["a", "b"]', ListOf(STR), ["a", "b"]),
    ],
)
def test_a_cell_is_read_as_its_inputs_type(cell: str, type_: Type, value: Json) -> None:
    inputs = inputs_of(row_of({"a": cell}, typed=False), [("a", type_)], {})
    assert inputs == {"a": value}
    assert type(inputs["a"]) is type(value)


def test_typed_values_are_not_read_as_others() -> None:
    assert inputs_of(row_of({"a": 3}, typed=True), [("a", FLOAT)], {}) == {"a": 3.0}
    with pytest.raises(DataError, match='rows:3: row 2, column `a`: expected `int` and got `"3"`'):
        inputs_of(row_of({"a": "3"}, typed=True), [("a", INT)], {})


@pytest.mark.parametrize(
    ("cell", "type_"), [("x", INT), ("1.5", INT), ("", INT), ("yes", BOOL), ("NaN", FLOAT)]
)
def test_a_cell_of_another_type_is_refused(cell: str, type_: Type) -> None:
    with pytest.raises(DataError, match="rows:3: row 2, column `a`: expected"):
        inputs_of(row_of({"a": cell}, typed=False), [("a", type_)], {})


def test_a_missing_column_is_named_with_the_nearest() -> None:
    row = row_of({"problem": "p"}, typed=True)
    assert inputs_of(row, [("question", STR), ("hint", Optional(STR))], {"question": "problem"}) == {
        "question": "p",
        "hint": None,
    }
    with pytest.raises(DataError, match=r"rows:3: row 2 has no column `question` \(it has `problem`\)"):
        inputs_of(row, [("question", STR)], {})
    with pytest.raises(DataError, match=r"`probelm` for the input `question` \(did you mean `problem`\?\)"):
        inputs_of(row, [("question", STR)], {"question": "probelm"})


# Examples.


def graph_of(origin: Path, task: Task | None) -> Graph:
    inputs = (("question", STR), ("hint", Optional(STR)))
    return Graph(
        1, "g", str(origin), inputs, INT, (), (), (), Edges(), (), False, False, (), (), task
    )  # fmt: skip


def test_examples_carry_inputs_and_truths(tmp_path: Path) -> None:
    written(tmp_path, "rows.csv", "question,answer\na,7\nb,8\nc,7\n")
    graph = graph_of(tmp_path / "g.agraph", Task(DataSet("csv", "rows.csv", "answer"), None, (), ()))
    examples = read_examples(graph, data_set(graph, None, None))
    assert [example.row.inputs for example in examples] == [
        {"question": name, "hint": None} for name in "abc"
    ]
    truths = [example.row.truth for example in examples]
    assert [truth and (truth.target, truth.choices) for truth in truths] == [(7, (8,)), (8, (7,)), (7, (8,))]
    assert [example.source.columns["answer"] for example in examples] == ["7", "8", "7"]


def test_a_command_line_says_another_data_set(tmp_path: Path) -> None:
    graph = graph_of(tmp_path / "g.agraph", Task(DataSet("csv", "rows.csv", "answer"), None, (), ()))
    assert data_set(graph, None, None) == DataSet("csv", str(tmp_path / "rows.csv"), "answer")
    assert data_set(graph, "other.jsonl", None) == DataSet("jsonl", "other.jsonl", "answer")
    assert data_set(graph, None, "label") == DataSet("csv", str(tmp_path / "rows.csv"), "label")
    with pytest.raises(InputError, match="graph `g` has no data set"):
        data_set(graph_of(tmp_path / "g.agraph", None), None, None)


def test_without_a_target_there_is_no_truth(tmp_path: Path) -> None:
    path = written(tmp_path, "rows.jsonl", '{"question": "a"}\n')
    graph = graph_of(tmp_path / "g.agraph", None)
    [example] = read_examples(graph, data_set(graph, str(path), None))
    assert example.row.truth is None


def test_a_renamed_column_that_no_row_has_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "rows.jsonl", '{"question": "a", "hints": "b"}\n')
    graph = graph_of(tmp_path / "g.agraph", Task(None, None, (("hint", "hnits"),), ()))
    with pytest.raises(
        DataError, match=r"no row has a column `hnits` for the input `hint` \(did you mean `hints`\?\)"
    ):
        read_examples(graph, data_set(graph, str(path), None))
