"""Pictures and documents as inputs: which files are taken, and that models are sent exactly these."""

import base64
import copy
import json
import os
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import agraph
from agraph.arguments import models_of
from agraph.compiler.types import FILE, IMAGE, INT, STR, File, ListOf, Optional, Record, Type
from agraph.running import row_key
from agraph.runtime import file_tokens
from agraph.runtime.attachments import (
    LARGEST_BYTES,
    Attachment,
    AttachmentError,
    Content,
    attaching,
    contents,
    identified,
    with_marks,
)
from agraph.runtime.errors import InputError, ModelError, RunError
from agraph.runtime.events import Asked, Event
from agraph.runtime.models.content_blocks import (
    LARGEST_IMAGE_BYTES,
    LARGEST_REQUEST_BYTES,
    content_blocks,
    files_refusal,
)
from agraph.runtime.models.profiles import PROFILES, SERVICE, UNKNOWN
from agraph.runtime.models.protocol import Placed
from agraph.runtime.store_file import store_path
from agraph.runtime.values import MisfitError, reader
from agraph.testing import MessagesServer, text
from tests.commands import Verb, assert_refused, in_process
from tests.duel import write_rows

PNG = b"\x89PNG\r\n\x1a\n and the rest"
JPEG = b"\xff\xd8\xff\xe0 and the rest"
PDF = b"%PDF-1.4\n1 0 obj <</Type /Pages /Count 2>>\n<</Type /Page>> <</Type/Page/Parent 1 0 R>>\n%%EOF"
KINDS = {
    PNG: "image/png",
    JPEG: "image/jpeg",
    b"GIF87a...": "image/gif",
    b"GIF89a...": "image/gif",
    b"RIFF\x10\x00\x00\x00WEBPVP8 ": "image/webp",
    PDF: "application/pdf",
    "Ein Text, ä.".encode(): "text/plain",
    # A text whose first bytes end within a letter.
    b"a" * 4095 + "ä".encode() * 10: "text/plain",
}

LOOK = """\
agraph 1

model fast = anthropic("any-model", max_tokens = 100{options})

graph look(photo: image, more: list[image], paper: file?, question: str) -> str {{
  model = fast
  node same "Passes the picture on." = photo
  node answer "Looks." {{
    prompt = \"\"\"
      Photo: {{{{ photo }}}}
      More: {{{{ more }}}}
      {{{{ paper }}}}
      {{{{ inbox }}}}
      {{{{ question }}}}
      \"\"\"
  }}
  edge same -> answer
  output answer
}}

test look "offline" {{
  model fast = scripted("replies.jsonl")
  photo = "cat.png"
  more = ["dog.jpg"]
  question = "What is it?"
  expect output == "A cat."
}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with pictures, papers and a graph that looks at them; the working folder is another."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    for place in (folder, folder / "data"):
        (place / "cat.png").write_bytes(PNG)
        (place / "dog.jpg").write_bytes(JPEG)
    (folder / "paper.pdf").write_bytes(PDF)
    (folder / "note.txt").write_bytes(b"\xef\xbb\xbfA note.")
    (folder / "replies.jsonl").write_text('{"contains": "What is it?", "reply": "A cat."}\n')
    (folder / "look.agraph").write_text(LOOK.format(options=""))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    with MessagesServer(text("A cat.")) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "no-key")
        yield server


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys)


def look(folder: Path, server: MessagesServer, kind: str | None = "anthropic") -> Path:
    """The graph with its model at a server."""
    options = f', base_url = "{server.base_url}"' + ("" if kind is None else f', server = "{kind}"')
    path = folder / "look.agraph"
    path.write_text(LOOK.format(options=options))
    return path


def block(content: bytes, media_type: str) -> dict[str, Any]:
    data = base64.b64encode(content).decode()
    kind = "image" if media_type.startswith("image/") else "document"
    return {"type": kind, "source": {"type": "base64", "media_type": media_type, "data": data}}


def attached(path: Path, type_: Type = IMAGE) -> Attachment:
    attach = attaching(type_, path.parent)
    assert attach is not None
    value = attach(path.name)
    assert isinstance(value, Attachment)
    return value


# What is sent.


def test_files_are_sent_where_the_prompt_has_them(folder: Path, server: MessagesServer) -> None:
    graph = agraph.load(look(folder, server))
    outcome = graph.run(
        photo=folder / "cat.png",
        more=[str(folder / "dog.jpg"), str(folder / "cat.png")],
        paper="project/paper.pdf",
        question="What is it?",
    )
    assert outcome.value == "A cat."
    assert server.requests[0].body["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Photo: "},
                block(PNG, "image/png"),
                {"type": "text", "text": "\nMore: "},
                block(JPEG, "image/jpeg"),
                block(PNG, "image/png"),
                block(PDF, "application/pdf"),
                block(PNG, "image/png"),
                {"type": "text", "text": "\nWhat is it?"},
            ],
        }
    ]


def test_a_text_is_sent_as_a_document_of_words(folder: Path, server: MessagesServer) -> None:
    graph = agraph.load(look(folder, server))
    graph.run(photo=folder / "cat.png", more=[], paper=folder / "note.txt", question="?")
    sent = json.dumps(server.requests[0].body)
    source = {"type": "text", "media_type": "text/plain", "data": "A note."}
    assert json.dumps({"type": "document", "source": source}) in sent


PLAIN = """\
agraph 1

model fast = anthropic("any-model", base_url = "{base_url}")

graph read(paper: file?) -> str {{
  node answer "Reads." {{
    model = fast
    prompt = "Read: {{{{ paper }}}}"
  }}
  output answer
}}
"""


def test_a_prompt_without_files_is_sent_as_one_text_to_any_server(
    folder: Path, server: MessagesServer
) -> None:
    path = folder / "plain.agraph"
    path.write_text(PLAIN.format(base_url=server.base_url))
    assert agraph.run(str(path), {}).value == "A cat."
    assert server.requests[0].body["messages"] == [{"role": "user", "content": "Read: "}]


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> list[Content]:
    """Texts that say their own numbers."""
    folder = tmp_path_factory.mktemp("papers")
    for number in range(4):
        (folder / f"{number}.txt").write_text(f"<{number}>")
    return [attached(folder / f"{number}.txt", FILE).content for number in range(4)]


@given(words=st.text("ab \n", max_size=20), places=st.lists(st.integers(0, 20), max_size=4))
def test_blocks_are_the_text_and_the_files_in_order(
    papers: list[Content], words: str, places: list[int]
) -> None:
    places = sorted(min(place, len(words)) for place in places)
    files = [Placed(place, papers[number]) for number, place in enumerate(places)]
    blocks: list[dict[str, Any]] = [*content_blocks(words, files)]
    shown = [each["text"] if each["type"] == "text" else each["source"]["data"] for each in blocks]
    expected = with_marks(words, ((place, f"<{number}>") for number, place in enumerate(places)))
    # What is left out between files is blank.
    assert "".join("".join(shown).split()) == "".join(expected.split())
    assert sum(each["type"] == "document" for each in blocks) == len(files)
    assert all(each["text"].strip() for each in blocks if each["type"] == "text") or not files


def test_the_prompts_that_are_shown_name_the_files(
    folder: Path, server: MessagesServer, command: Verb
) -> None:
    finished = command(
        "run", look(folder, server), "-i", "photo=@project/cat.png", "-i", 'more=["project/dog.jpg"]',
        "-i", "paper=project/paper.pdf", "-i", "question=What is it?", "--show-prompts",
    )  # fmt: skip
    assert finished.out == "A cat.\n"
    hashed = attached(folder / "cat.png").content.sha256[:12]
    assert f"Photo: [image cat.png, {len(PNG)} bytes, sha256 {hashed}…]\nMore: [image dog" in finished.err
    assert "[file paper.pdf, " in finished.err


def test_traces_and_stores_hold_names_and_hashes_and_no_contents(
    folder: Path, server: MessagesServer, command: Verb
) -> None:
    graph = agraph.load(look(folder, server))
    graph.run(photo=folder / "cat.png", more=[], question="?")
    content = attached(folder / "cat.png").content
    events = [json.loads(line) for line in command("trace", "--project", folder, "--json").out.splitlines()]
    [asked] = [event["request"] for event in events if event["event"] == "answered"]
    told = {"name": "cat.png", "media_type": "image/png", "size_bytes": len(PNG), "sha256": content.sha256}
    assert asked["turns"][0]["files"][0] == {"at": len("Photo: "), "content": told}
    kept = b"".join(path.read_bytes() for path in store_path(folder).parent.rglob("*") if path.is_file())
    assert content.sha256.encode() in kept
    assert PNG not in kept
    assert base64.b64encode(PNG)[:24] not in kept
    assert f"[image cat.png, {len(PNG)} bytes" in command("trace", "--project", folder).out


def test_equal_contents_are_paid_for_once_and_others_again(folder: Path, server: MessagesServer) -> None:
    path = look(folder, server)
    for name in ("cat.png", "data/cat.png", "dog.jpg"):
        agraph.run(str(path), {"photo": folder / name, "more": [], "question": "?"})
    assert len(server.requests) == 2
    (folder / "cat.png").write_bytes(PNG + b"!")
    agraph.run(str(path), {"photo": folder / "cat.png", "more": [], "question": "?"})
    assert len(server.requests) == 3


def test_a_row_is_known_by_the_contents_of_its_files(folder: Path) -> None:
    same = [attached(folder / name) for name in ("cat.png", "data/cat.png")]
    assert row_key({"photo": same[0]}) == row_key({"photo": same[1]}) != row_key({"photo": "cat.png"})
    assert identified([{"x": same[0]}, 1]) == [{"x": {"sha256": same[0].content.sha256}}, 1]


def test_a_file_that_changes_before_it_is_sent_fails_the_call(folder: Path, server: MessagesServer) -> None:
    graph = agraph.load(look(folder, server))
    photo = attached(folder / "cat.png")
    assert photo.content.sha256
    (folder / "cat.png").write_bytes(PNG + b"!")
    with pytest.raises(RunError, match=r"`cat\.png` changed while it was used"):
        graph.run(photo=photo, more=[], question="?")
    (folder / "cat.png").unlink()
    with pytest.raises(RunError, match=r"`cat\.png` cannot be read: no such file"):
        graph.run(photo=photo, more=[], question="?")
    assert server.requests == []


# What servers take.


def test_a_server_of_an_unknown_kind_is_sent_no_files(folder: Path, server: MessagesServer) -> None:
    graph = agraph.load(look(folder, server, None))
    with pytest.raises(RunError, match=r"`127\.0\.0\.1:\d+` is a server of an unknown kind"):
        graph.run(photo=folder / "cat.png", more=[], question="?")
    assert server.requests == []


def test_a_server_that_takes_images_only_is_sent_no_documents(folder: Path, server: MessagesServer) -> None:
    graph = agraph.load(look(folder, server, "ollama"))
    assert graph.run(photo=folder / "cat.png", more=[], question="?").value == "A cat."
    with pytest.raises(RunError, match=r"kind `ollama`, which takes no documents, such as `note\.txt`"):
        graph.run(photo=folder / "cat.png", more=[], paper=folder / "note.txt", question="?")
    assert len(server.requests) == 1


def test_a_model_that_takes_files_stands_in_for_one_that_takes_none(
    folder: Path, server: MessagesServer
) -> None:
    path = look(folder, server)
    able = path.read_text().splitlines()[2].replace("fast", "able", 1)
    source = path.read_text().replace('server = "anthropic"', 'server = "lmstudio", fallback = [able]')
    path.write_text(source.replace("agraph 1\n", f"agraph 1\n{able}\n", 1))
    outcome = agraph.run(str(path), {"photo": folder / "cat.png", "more": [], "question": "?"})
    assert (outcome.value, len(server.requests)) == ("A cat.", 1)


@pytest.mark.parametrize("profile", [*PROFILES.values(), UNKNOWN], ids=lambda profile: profile.name)
def test_each_server_takes_files_or_the_refusal_names_it(profile: Any, folder: Path) -> None:
    for path, type_, takes in (
        (folder / "cat.png", IMAGE, profile.images),
        (folder / "paper.pdf", FILE, profile.documents),
    ):
        refusal = files_refusal([attached(path, type_).content], profile, "its.host")
        assert (refusal is None) == takes
        assert refusal is None or ("`its.host`" in refusal and f"`{path.name}`" in refusal)


def test_what_is_too_large_in_base64_is_refused_before_the_call(folder: Path) -> None:
    image = attached(folder / "cat.png").content
    paper = attached(folder / "paper.pdf", FILE).content

    def refusal(*files: Content) -> str | None:
        return files_refusal(files, SERVICE, "host")

    largest = LARGEST_IMAGE_BYTES * 3 // 4
    assert refusal(attrs.evolve(image, size_bytes=largest)) is None
    assert "`cat.png` has 7.5 MB" in str(refusal(attrs.evolve(image, size_bytes=largest + 3)))
    half = LARGEST_REQUEST_BYTES // 2 * 3 // 4
    assert refusal(*[attrs.evolve(paper, size_bytes=half)] * 2) is None
    large = attrs.evolve(paper, size_bytes=half + 3)
    assert "the files of one prompt have 24.0 MB" in str(refusal(large, large))


# Which files are taken.


@pytest.mark.parametrize("content", KINDS)
def test_the_first_bytes_tell_what_a_file_is(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "misleading.exe").write_bytes(content)
    type_ = IMAGE if KINDS[content].startswith("image/") else FILE
    found = attached(tmp_path / "misleading.exe", type_)
    assert (found.content.media_type, found.content.size_bytes) == (KINDS[content], len(content))
    assert found == str(tmp_path / "misleading.exe")
    other = FILE if type_ == IMAGE else IMAGE
    with pytest.raises(AttachmentError, match=f"`misleading.exe` is a.*, and `{other.name}` is a"):
        attached(tmp_path / "misleading.exe", other)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02", "is no picture, no PDF and no text in UTF-8"),
        (b"caf\xe9", "is no picture"),
        ("ä".encode()[:1], "is no picture"),
    ],
)
def test_what_no_model_is_shown_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(AttachmentError, match=f"`x` {reason}"):
        attached(tmp_path / "x", FILE)


def test_a_text_that_ends_in_other_bytes_fails_the_call(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"a" * 5000 + b"\xff")
    content = attached(tmp_path / "x", FILE).content
    with pytest.raises(ModelError, match="`x` is not UTF-8 throughout"):
        content_blocks("", [Placed(0, content)])


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    with open(tmp_path / "large.pdf", "wb") as file:
        file.write(PDF)
        file.truncate(LARGEST_BYTES + 1)
    with pytest.raises(AttachmentError, match=r"`large\.pdf` has 32\.0 MB, and a file may have 32\.0 MB"):
        attached(tmp_path / "large.pdf", FILE)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("gone.png", "there is no file `gone.png`"),
        ("", "`` is a folder"),
        ("project", "`project` is a folder"),
        ("a\0b", "a path holds no NUL character"),
        ("pipe", "`pipe` is no ordinary file"),
    ],
)
def test_a_path_of_no_file_is_an_error_of_its_input(path: str, reason: str, folder: Path) -> None:
    os.mkfifo(folder.parent / "pipe")
    graph = agraph.load(folder / "look.agraph")
    with pytest.raises(InputError, match=f"input `photo`: {reason}"):
        graph.run(photo=path, more=[], question="?")


Claim = Record("Claim", (("text", STR), ("photos", Optional(ListOf(IMAGE))), ("form", Optional(FILE))))


def test_files_are_found_wherever_the_type_has_them(folder: Path) -> None:
    attach = attaching(ListOf(Claim), folder)
    assert attach is not None
    given_: Any = [{"text": "cat.png", "photos": ["cat.png", "dog.jpg"]}, {"text": "t", "form": "paper.pdf"}]
    made: Any = attach(given_)
    assert [content.name for content in contents(made)] == ["cat.png", "dog.jpg", "paper.pdf"]
    assert not isinstance(made[0]["text"], Attachment)
    assert reader(ListOf(Claim))(made) == [
        {**made[0], "form": None}, {**made[1], "photos": None},
    ]  # fmt: skip
    assert attaching(Record("", (("n", INT), ("words", ListOf(STR)))), folder) is None
    # What is of another shape is told by whoever reads the value.
    assert attach([3, {"photos": "cat.png"}, {"form": 4}]) == [3, {"photos": "cat.png"}, {"form": 4}]


@pytest.mark.parametrize("type_", [IMAGE, FILE])
def test_a_text_is_no_file_and_a_picture_no_document(type_: File, folder: Path) -> None:
    photo, paper = attached(folder / "cat.png"), attached(folder / "paper.pdf", FILE)
    right, wrong = (photo, paper) if type_ == IMAGE else (paper, photo)
    assert reader(type_)(right) is right
    for value in (wrong, "cat.png", 3, None):
        with pytest.raises(MisfitError):
            reader(type_)(value)


def test_a_copy_is_still_the_file(folder: Path) -> None:
    photo = attached(folder / "cat.png")
    [again] = copy.deepcopy([photo])
    assert (again, again.content) == (photo, photo.content)
    assert json.loads(json.dumps({"photo": photo})) == {"photo": str(photo)}


# Where paths come from.


def rows(folder: Path, *photos: str) -> Path:
    path = folder / "data" / "rows.jsonl"
    write_rows(
        path,
        [
            {"photo": photo, "more": ["dog.jpg"], "question": f"{number}?", "answer": "A cat."}
            for number, photo in enumerate(photos)
        ],
    )
    return path


def test_the_paths_of_rows_are_relative_to_the_data(
    folder: Path, server: MessagesServer, command: Verb
) -> None:
    (folder / "cat.png").unlink()
    path = look(folder, server)
    data = rows(folder, "cat.png", "cat.png")
    finished = command("eval", path, "--data", data, "--target", "answer", "--json")
    assert json.loads(finished.out)["score"] == 1.0
    assert base64.b64encode(PNG).decode() in json.dumps(server.requests[0].body)
    # The same in cells without types.
    table = folder / "data" / "rows.csv"
    table.write_text('photo,more,question,answer\ncat.png,"[""dog.jpg""]",x?,A cat.\n')
    finished = command("eval", path, "--data", table, "--target", "answer", "--json")
    assert json.loads(finished.out)["score"] == 1.0


def test_a_row_that_names_no_file_is_told_before_the_first_call(
    folder: Path, server: MessagesServer, command: Verb
) -> None:
    path = rows(folder, "cat.png", "gone.png")
    finished = command("eval", look(folder, server), "--data", path, "--target", "answer")
    assert_refused(finished, f"{path}:2: row 2, column `photo`: there is no file `gone.png`")
    assert server.requests == []


def test_an_estimate_counts_the_files(folder: Path, server: MessagesServer, command: Verb) -> None:
    path = look(folder, server)
    arguments = ("--data", rows(folder, "cat.png"), "--target", "answer", "--estimate", "--json")
    # The photo stands in the prompt twice, once as the message of a node.
    most = json.loads(command("eval", path, *arguments).out)["tokens_at_most"]
    assert 3 * file_tokens.IMAGE_TOKENS < most < 4 * file_tokens.IMAGE_TOKENS


def test_a_test_gives_paths_beside_its_file(folder: Path) -> None:
    [result] = agraph.test(str(folder / "look.agraph"))
    assert result.passed, result
    (folder / "dog.jpg").unlink()
    [result] = agraph.test(str(folder / "look.agraph"))
    assert str(result.error) == "input `more`: there is no file `dog.jpg`"


def test_values_of_another_shape_are_told_by_their_types(folder: Path, command: Verb) -> None:
    path = folder / "look.agraph"
    for pair in ("more=project/cat.png", "more=[1]"):
        finished = command("run", path, "-i", "photo=project/cat.png", "-i", pair, "-i", "question=?")
        assert_refused(finished, "input `more`: expected `list[image]`")


# Tools.

TOOLS = """\
agraph 1

tool size(photo: image) -> int = python("tools:size")
tool other(photo: image, name: str) -> image = python("tools:other")
tool copies(photo: image) -> list[image] = python("tools:copies")

graph sizes(photo: image, name: str) -> list[int?] {
  node found "Another picture." = other(photo, name)
  node both "Copies of the picture." = copies(found)
  node sizes "Sizes." = size(both)
  edge found -> both
  edge both -> sizes
  output sizes
}
"""

PYTHON = """from pathlib import Path

def size(photo):
    with open(photo, "rb") as file:
        return len(file.read())

def other(photo, name):
    return 3 if name == "3" else Path(name)

async def copies(photo):
    return [photo, photo]
"""


def test_tools_open_files_and_give_some(folder: Path) -> None:
    (folder / "tools.agraph").write_text(TOOLS)
    (folder / "tools.py").write_text(PYTHON)
    graph = agraph.load(folder / "tools.agraph")
    outcome = graph.run(photo=folder / "cat.png", name="project/dog.jpg")
    assert outcome.value == [len(JPEG), len(JPEG)]
    pdf = "project/paper.pdf"
    for name, reason in (("project/gone.png", "there is no file"), ("3", "returned `3`"), (pdf, "is a PDF")):
        with pytest.raises(RunError, match=reason):
            graph.run(photo=folder / "cat.png", name=name)


# Tokens.


def test_a_pdf_has_the_pages_that_it_names_packed_or_not() -> None:
    packed = zlib.compress(b"<</Type /Page>> <</Type/Page>> <</Type /Pages>> <</Type /PageLabel>>")
    objects = b"<</Type /ObjStm /Filter /FlateDecode>>\nstream\r\n" + packed + b"\nendstream"
    broken = b"<</Type /ObjStm>>\nstream\nnot packed\nendstream"
    assert file_tokens.pages(PDF) == 2
    assert file_tokens.pages(PDF + objects + broken + objects) == 6
    assert file_tokens.most_tokens("application/pdf", PDF) == 2 * file_tokens.PAGE_TOKENS
    unknown = file_tokens.most_tokens("application/pdf", b"%PDF-1.7 encrypted /ObjStm")
    assert unknown == file_tokens.MOST_PAGES * file_tokens.PAGE_TOKENS
    assert file_tokens.most_tokens("text/plain", b"12345") == 5


def test_a_budget_sets_aside_what_a_picture_may_use(
    folder: Path, server: MessagesServer, command: Verb
) -> None:
    path, data = look(folder, server), rows(folder, "cat.png")
    arguments = ("--data", data, "--target", "answer", "--budget")
    assert command("eval", path, *arguments, f"tokens={3 * file_tokens.IMAGE_TOKENS}").code == 1
    assert server.requests == []
    assert command("eval", path, *arguments, f"tokens={4 * file_tokens.IMAGE_TOKENS}").code == 0


def test_a_simulated_model_counts_no_picture_among_what_it_hears(folder: Path) -> None:
    events: list[Event] = []
    path = str(folder / "look.agraph")
    data, models = str(rows(folder, "cat.png")), models_of(["fast=simulated(right = 1)"])
    agraph.evaluate(path, data, target_column="answer", models=models, listener=events.append)
    assert [event.request.heard for event in events if isinstance(event, Asked)] == [()]
