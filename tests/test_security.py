"""Each line of SECURITY.md: what a file of a stranger's cannot do by being looked at or run."""

import asyncio
import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import agraph
from agraph.compiler.ir import Json
from agraph.granting import permissions_of
from agraph.runtime.errors import AgraphError, DataError, ModelError, ToolError
from agraph.runtime.events import Event
from agraph.runtime.permissions import project_permissions
from agraph.runtime.retry import RetryPolicy
from agraph.runtime.servers import Server, address_of, is_open
from agraph.runtime.trust import configuration_folder, trust_server, trusted_servers
from agraph.testing import MessagesServer, ReceivedRequest, status, text
from agraph.testing.behaviours import Refusal
from agraph.view import view
from agraph.view_svg import svg_text
from tests.commands import DEADLINE_S, Verb, assert_refused, in_process
from tests.duel import write_rows
from tests.graphs import graph, node

ROOT = Path(__file__).parent.parent
KEY = "sk-secret-0123456789"

CALLING = """\
agraph 1

tool f(x: str) -> str = python("{function}")

graph g(x: str) -> str {{
  node a = f(x)
  output a
}}
"""

ASKING = """\
agraph 1

model m = anthropic("any-model", max_tokens = 100{options})

graph g(x: str) -> str {{
  node a "Answers." {{
    model = m
    prompt = "{{{{ x }}}}"
  }}
  output a
}}

optimize g {{
  data = jsonl("rows.jsonl", target = "answer")
}}
"""

MARK = "import pathlib\npathlib.Path(__file__).with_name('imported').touch()\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, the user's configuration folder beside it, and no key."""
    for name in list(os.environ):
        if name.startswith("ANTHROPIC_") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AGRAPH_CONFIG_DIR", str(tmp_path / "configuration"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys)


def calling(folder: Path, function: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "g.agraph"
    path.write_text(CALLING.format(function=function))
    return path


def asking(folder: Path, **options: str) -> Path:
    path = folder / "g.agraph"
    said = "".join(f', {name} = "{value}"' for name, value in options.items())
    path.write_text(ASKING.format(options=said))
    return path


# Code.


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["show"],
        ["show", "--format", "json"],
        *(["compile", "--emit", e] for e in ("tree", "ir", "plan")),
    ],
)
def test_looking_at_a_file_runs_nothing(arguments: list[str], project: Path, command: Verb) -> None:
    (project / "tools.py").write_text(MARK)
    path = calling(project, "tools:f")
    path.write_text(path.read_text() + 'optimize g {\n  metric = python("tools:score")\n}\n')
    finished = command(arguments[0], path, *arguments[1:])
    assert (finished.code, finished.err) == (0, "")
    assert not (project / "imported").exists()
    # The file is one that would run it.
    command("run", path, "-i", "x=1")
    assert (project / "imported").exists()


def test_a_module_outside_of_the_project_is_not_imported(project: Path, command: Verb) -> None:
    outside = project.parent / "outside"
    outside.mkdir()
    (outside / "tools.py").write_text(MARK + "def f(x): return x\n")
    (project / "tools.py").symlink_to(outside / "tools.py")
    (project / "below").symlink_to(outside)
    for function in ("tools:f", "below.tools:f"):
        assert_refused(command("run", calling(project, function), "-i", "x=1"), "lies outside of the project")
    assert not (outside / "imported").exists()
    (project / "own.py").write_text("def f(x): return x + '!'\n")
    assert command("run", calling(project, "own:f"), "-i", "x=1").out == "1!\n"


def test_a_module_of_the_root_serves_files_in_its_folders_too(
    project: Path, command: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an editable install makes it: the package lies below the root, and Python finds it."""
    (project / "package_of_mine").mkdir()
    (project / "package_of_mine" / "__init__.py").write_text("def f(x): return x + '!'\n")
    monkeypatch.syspath_prepend(str(project))
    assert command("run", calling(project / "graphs", "package_of_mine:f"), "-i", "x=1").out == "1!\n"


@pytest.mark.parametrize(
    "function", ["json:loads", "os:system", "subprocess:run", "builtins:eval", "__main__:f"]
)
def test_an_installed_package_has_to_be_allowed(function: str, project: Path, command: Verb) -> None:
    module = function.partition(":")[0]
    path = calling(project, function)
    assert_refused(
        command("run", path, "-i", "x=1"), f"`{module}` is no part of the project", f"--allow {module}"
    )
    with pytest.raises(ToolError, match="no part of the project"):
        agraph.run(str(path), {"x": "1"})


def test_an_allowed_package_may_be_used(project: Path, command: Verb) -> None:
    path = calling(project, "json:dumps")
    assert command("run", path, "-i", "x=1", "--allow", "json").out == '"1"\n'
    assert agraph.load(path, allow=["json"]).run(x="1").value == '"1"'
    assert_refused(command("run", path, "-i", "x=1", "--allow", "jso"))
    (project / "pyproject.toml").write_text('[tool.agraph]\nallow = ["json"]\n')
    assert command("run", path, "-i", "x=1").out == '"1"\n'


def test_a_virtual_environment_below_the_root_is_not_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, command: Verb
) -> None:
    packages = project / ".venv" / "lib" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "agraph_test_installed.py").write_text(MARK + "def f(x): return x\n")
    monkeypatch.syspath_prepend(str(packages))
    path = calling(project, "agraph_test_installed:f")
    assert_refused(command("run", path, "-i", "x=1"), "is no part of the project")
    assert not (packages / "imported").exists()
    # The standard library of an environment that lies below the root.
    monkeypatch.setattr(sys, "prefix", str(project / "environment"))
    assert not project_permissions(path).owns(project / "environment" / "lib" / "json.py")
    assert project_permissions(path).owns(project / "lib" / "json.py")


@pytest.mark.parametrize(
    "source",
    [
        "from subprocess import run as f",
        "from os import system as f",
        "from json import JSONDecoder as f",
        "f = eval",
        "import functools, subprocess\nf = functools.cache(subprocess.run)",
    ],
)
def test_what_a_module_imports_is_not_its_own(source: str, project: Path, command: Verb) -> None:
    (project / "tools.py").write_text(source)
    assert_refused(command("run", calling(project, "tools:f"), "-i", "x=1"), "is not defined in the project")


@pytest.mark.parametrize(
    "source",
    [
        "from shared import f",
        "from shared import Spelled as f",
        "class Called:\n    def __call__(self, x): return x + '!'\nf = Called()",
        "import functools\n@functools.cache\ndef f(x): return x + '!'",
        "f = lambda x: x + '!'",
        "import functools\nf = functools.partial(lambda a, x: x + a, '!')",
    ],
)
def test_what_the_project_defines_is_its_own(source: str, project: Path, command: Verb) -> None:
    (project / "shared.py").write_text(
        "def f(x): return x + '!'\nclass Spelled(str):\n    def __new__(cls, x): return x + '!'\n"
    )
    (project / "tools.py").write_text(source)
    assert command("run", calling(project, "tools:f"), "-i", "x=1").out == "1!\n"


@pytest.mark.parametrize(
    "function",
    ["agraph.cli:import_module", "agraph.writing:replace_file", "agraph:run", "agraph.stdlib.vote:Counter"],
)
def test_nothing_of_agraph_but_std_is_a_tool(function: str, project: Path, command: Verb) -> None:
    assert_refused(command("run", calling(project, function), "-i", "x=1"), "tool `f`")


def test_a_metric_is_code_as_well(project: Path, command: Verb) -> None:
    write_rows(project / "rows.jsonl", [{"x": "1", "answer": "1"}])
    path = project / "g.agraph"
    path.write_text(
        "agraph 1\ngraph g(x: str) -> str {\n  node a = x\n  output a\n}\n"
        'optimize g {\n  data = jsonl("rows.jsonl", target = "answer")\n  metric = python("operator:eq")\n}\n'
    )
    assert_refused(command("eval", path), "`operator` is no part of the project")
    assert command("eval", path, "--allow", "operator").code == 0
    # Whoever names it on the command line allows it.
    assert command("eval", path, "--metric", 'python("operator:eq")').code == 0


# Files.

READING = {
    "recorded": 'tool f(x: str) -> str = recorded("{place}", key = "x", field = "answer")',
    "scripted": 'model m = scripted("{place}")',
    "data": "",
}


def reading(project: Path, how: str, place: str) -> Path:
    node = (
        '{ model = m\n prompt = "{{ x }}" }'
        if how == "scripted"
        else "= f(x)"
        if how == "recorded"
        else "= x"
    )
    path = project / "g.agraph"
    data = place if how == "data" else "rows.jsonl"
    path.write_text(
        f"agraph 1\n{READING[how].format(place=place)}\n"
        f'graph g(x: str) -> str {{\n  node a "Answers." {node}\n  output a\n}}\n'
        f'optimize g {{\n  data = jsonl("{data}", target = "answer")\n}}\n'
    )
    return path


@pytest.fixture
def secret(project: Path) -> Path:
    """A file outside of the project, to which a link below its root leads."""
    folder = project.parent / "secrets"
    folder.mkdir()
    write_rows(folder / "s.jsonl", [{"x": "1", "answer": "secret"}])
    (folder / "r.jsonl").write_text('{"reply": "secret"}\n')
    (project / "link.jsonl").symlink_to(folder / "s.jsonl")
    (project / "linked").symlink_to(folder)
    write_rows(project / "rows.jsonl", [{"x": "1", "answer": "secret"}])
    return folder


@pytest.mark.parametrize("place", ["../secrets/{}", "linked/{}", "below/../../secrets/{}", "{folder}/{}"])
@pytest.mark.parametrize("how", READING)
def test_a_file_outside_of_the_project_is_not_read(
    how: str, place: str, project: Path, secret: Path, command: Verb
) -> None:
    (project / "below").mkdir()
    name = "r.jsonl" if how == "scripted" else "s.jsonl"
    path = reading(project, how, place.format(name, folder=secret))
    assert_refused(command("eval", path), "lies outside of the project", "--allow-read")
    with pytest.raises((ToolError, ModelError, DataError), match="lies outside"):
        agraph.evaluate(str(path))
    assert command("eval", path, "--allow-read", secret).out.startswith(
        "score  1.000" if how != "data" else "score"
    )
    (project / "pyproject.toml").write_text('[tool.agraph]\nallow-read = ["../secrets"]\n')
    assert command("eval", path).code == 0


def test_a_folder_that_is_allowed_gives_files_and_no_code(project: Path, secret: Path, command: Verb) -> None:
    (secret / "tools.py").write_text(MARK + "def f(x): return x\n")
    (secret / "lib.agraph").write_text('agraph 1\ntool f(x: str) -> str = python("tools:f")\n')
    path = project / "g.agraph"
    path.write_text(
        'agraph 1\nimport "../secrets/lib.agraph"\n'
        "graph g(x: str) -> str {\n  node a = lib.f(x)\n  output a\n}\n"
    )
    assert_refused(command("run", path, "-i", "x=1", "--allow-read", secret), "lies outside of the project")
    assert not (secret / "imported").exists()


LOOKING = """\
agraph 1

graph g(photo: file) -> file {
  node a "Passes it on." = photo
  output a
}

optimize g {
  data = jsonl("rows.jsonl", target = "answer")
}

test g {
  photo = "PATH"
}
"""


def test_a_picture_outside_of_the_project_is_not_sent(project: Path, command: Verb) -> None:
    """Neither one that a row names, nor one of a test, nor one that a tool gives; links are followed."""
    outside = project.parent / "secret.txt"
    outside.write_text("secret")
    (project / "link.txt").symlink_to(outside)
    path = project / "g.agraph"
    for named in (str(outside), "../secret.txt", "link.txt", "../gone.txt"):
        path.write_text(LOOKING.replace("PATH", named))
        write_rows(project / "rows.jsonl", [{"photo": named, "answer": ""}])
        (project / "row.json").write_text(json.dumps({"photo": named}))
        assert_refused(command("eval", path), "row 1, column `photo`", "lies outside of the project")
        assert_refused(command("run", path, "--input", "row.json"), "lies outside of the project")
        [result] = agraph.test(str(path))
        assert "lies outside of the project" in str(result.error)
    write_rows(project / "rows.jsonl", [{"photo": "../secret.txt", "answer": ""}])
    assert command("eval", path, "--allow-read", project.parent).code == 0
    # What the user names may lie anywhere.
    assert command("run", path, "-i", f"photo={outside}").out == f"{outside}\n"
    source = LOOKING.replace("= photo", "= found(photo)").partition("optimize")[0]
    binding = 'recorded("found.jsonl", key = "path", field = "found")'
    path.write_text(source + f"tool found(photo: file) -> file = {binding}\n")
    (project / "own.txt").write_text("own")
    write_rows(project / "found.jsonl", [{"path": "own.txt", "found": "link.txt"}])
    assert_refused(command("run", path, "-i", "photo=own.txt"), "tool `found`", "outside of the project")


def test_what_the_command_line_names_is_allowed(project: Path, secret: Path, command: Verb) -> None:
    path = reading(project, "data", "rows.jsonl")
    assert command("eval", path, "--data", secret / "s.jsonl", "--target", "answer").code == 0
    asking(project)
    finished = command("eval", path, "--model", f'm=scripted("{secret / "r.jsonl"}")')
    assert finished.out.startswith("score  1.000")


@pytest.mark.parametrize("verb", ["check", "compile", "show", "run"])
@pytest.mark.parametrize(
    "place", ["../secrets/lib.agraph", "linked/lib.agraph", "(--model)/../../secrets/lib.agraph"]
)
def test_an_import_outside_of_the_project_is_refused(
    verb: str, place: str, project: Path, secret: Path, command: Verb
) -> None:
    (secret / "lib.agraph").write_text(
        "agraph 1\ntype Hidden { secret: str }\nnonsense that would be shown\n"
    )
    path = project / "g.agraph"
    path.write_text(
        f'agraph 1\nimport "{place}" as lib\ngraph g(x: str) -> str {{\n  node a = x\n  output a\n}}\n'
    )
    finished = command(verb, path)
    assert finished.code == 1
    assert "lies outside of the project" in finished.out + finished.err
    assert "nonsense" not in finished.out + finished.err


def test_a_file_without_a_project_has_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    permissions = project_permissions(tmp_path / "below" / "g.agraph")
    assert permissions.file_refusal(tmp_path / "below" / "deeper" / "x") is None
    assert permissions.file_refusal(tmp_path / "x") is not None
    (tmp_path / ".git").mkdir()
    assert project_permissions(tmp_path / "below" / "g.agraph").file_refusal(tmp_path / "x") is None


@given(st.lists(st.sampled_from(["..", "a", ".", "link", "x.jsonl"]), max_size=8))
def test_no_way_of_dots_and_links_leads_out(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    outside = tmp_path_factory.getbasetemp() / "ways"
    root = outside / "root"
    (root / "a").mkdir(parents=True, exist_ok=True)
    if not (root / "link").is_symlink():
        (root / "link").symlink_to(outside)
    permissions = attrs.evolve(project_permissions(root), root=root.resolve())
    place = root.joinpath(*parts)
    inside = Path(os.path.realpath(place)).is_relative_to(root.resolve())
    assert (permissions.file_refusal(place) is None) == inside


def test_a_setting_that_is_none_is_refused_by_name(project: Path, command: Verb) -> None:
    (project / "pyproject.toml").write_text('[tool.agraph]\nallowed = ["json"]\n')
    assert_refused(command("run", calling(project, "json:dumps"), "-i", "x=1"), "`allowed`", "allow")
    (project / "pyproject.toml").write_text('[tool.agraph]\nallow = "json"\n')
    assert_refused(command("run", calling(project, "json:dumps"), "-i", "x=1"), "should be a list of texts")


# Servers and keys.

ELSEWHERE = "http://203.0.113.1:9/api"


def test_a_server_that_a_file_names_has_to_be_allowed(project: Path, command: Verb) -> None:
    write_rows(project / "rows.jsonl", [{"x": "1", "answer": "1"}])
    path = asking(project, base_url=ELSEWHERE)
    for arguments in (["run", path, "-i", "x=1"], ["eval", path]):
        assert_refused(command(*arguments), f"`{ELSEWHERE}`", f"--allow-url {ELSEWHERE}")
    with pytest.raises(ModelError, match="which you have not allowed"):
        agraph.run(str(path), {"x": "1"})
    allowed = permissions_of(str(path), allow_url=[f"{ELSEWHERE}/v1/"])
    assert allowed.opens(Server(address_of(ELSEWHERE)))
    assert not allowed.opens(Server(address_of(f"{ELSEWHERE}2")))


def test_a_key_that_a_file_wants_to_send_is_named(project: Path, command: Verb) -> None:
    path = asking(project, base_url=ELSEWHERE, api_key_env="OTHER_SECRET")
    assert_refused(command("run", path, "-i", "x=1"), "the value of OTHER_SECRET as the key")


def test_this_machine_is_open(project: Path, command: Verb) -> None:
    with MessagesServer(text("4")) as server:
        assert command("run", asking(project, base_url=server.base_url), "-i", "x=1").out == "4\n"


def test_a_server_cannot_pass_prompts_on_to_another(project: Path, command: Verb) -> None:
    with MessagesServer(text("4")) as other:
        aside = Refusal(307, "redirect", "over there", {"location": f"{other.base_url}/v1/messages"})
        with MessagesServer(aside) as server:
            finished = command("run", asking(project, base_url=server.base_url), "-i", "x=1")
            assert_refused(finished, "answered 307")
            assert len(server.requests) == 1
        assert other.requests == []


def test_on_a_terminal_the_server_is_asked_for_once(
    project: Path, command: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = asking(project, base_url="https://nowhere.invalid")
    asked: list[str] = []

    def confirm(question: str, **_: object) -> bool:
        asked.append(question)
        return len(asked) > 1

    monkeypatch.setattr("click.confirm", confirm)
    monkeypatch.setattr("agraph.cli.granting.on_terminal", lambda: True)
    monkeypatch.setattr("agraph.runtime.session.RetryPolicy", partial(RetryPolicy, attempts=1))
    said_no = command("run", path, "-i", "x=1")
    assert "which you have not allowed" in said_no.err
    assert "https://nowhere.invalid" in said_no.err
    for _ in range(2):
        assert "no connection to `nowhere.invalid`" in command("run", path, "-i", "x=1").err
    assert len(asked) == 2
    assert str(project) in asked[0]
    # Where nothing is asked, it is remembered as well.
    monkeypatch.setattr("agraph.cli.granting.on_terminal", lambda: False)
    assert "no connection to" in command("run", path, "-i", "x=1").err


TRUSTING = """\
import sys
from pathlib import Path
from agraph.runtime.servers import Server
from agraph.runtime.trust import trust_server
for number in range(25):
    trust_server(Path(sys.argv[1]), Server(f"https://{sys.argv[2]}{number}.example"))
"""


def test_what_processes_allow_at_once_is_all_kept(project: Path) -> None:
    command = [sys.executable, "-c", TRUSTING, str(project)]
    processes = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [process.wait(DEADLINE_S) for process in processes] == [0, 0, 0]
    assert len(trusted_servers(project)) == 75


def test_what_was_allowed_is_kept_for_one_project_server_and_key(project: Path) -> None:
    other = project.parent / "other"
    server = Server("https://a.example", "A_KEY")
    trust_server(project, server)
    trust_server(project, server)
    assert trusted_servers(project) == {server}
    assert trusted_servers(other) == frozenset()
    permissions = project_permissions(project)
    assert permissions.opens(server)
    for another in (
        Server("https://a.example"),
        Server("https://a.example", "B"),
        Server("https://b.example", "A_KEY"),
    ):
        assert not permissions.opens(another)
    assert configuration_folder() == project.parent / "configuration"
    # Nothing in the project can say so.
    (project / ".agraph").mkdir()
    (project / ".agraph" / "trusted.json").write_text(
        json.dumps({str(project): [["https://b.example", None]]})
    )
    (project / "pyproject.toml").write_text('[tool.agraph]\nallow-url = ["https://b.example"]\n')
    with pytest.raises(AgraphError, match="unknown setting `allow-url`"):
        project_permissions(project)


def test_a_list_of_servers_that_is_none_is_refused_by_name(project: Path) -> None:
    configuration_folder().mkdir()
    (configuration_folder() / "trusted.json").write_text('{"a": [1]}')
    with pytest.raises(AgraphError, match=r"trusted\.json"):
        project_permissions(project)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("http://localhost:8080/v1", True),
        ("http://127.0.0.1", True),
        ("http://127.9.9.9:1/", True),
        ("HTTP://LocalHost:8080", True),
        ("http://[::1]:80/x", True),
        ("https://api.anthropic.com", True),
        ("https://api.anthropic.com/v1/", True),
        ("http://api.anthropic.com", False),
        ("https://api.anthropic.com.example", False),
        ("http://localhost.example", False),
        ("http://localhost@evil.example", False),
        ("http://127.0.0.1@evil.example", False),
        ("http://evil.example\\@127.0.0.1", False),
        ("http://127.0.0.1\\@evil.example", False),
        ("http://evil.example#127.0.0.1", False),
        ("http://127.0.0.1#@evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://0.0.0.0", False),
        ("http://127.0.0.1 .evil.example", False),
        ("http://１27.0.0.1", False),
        ("http://2130706433", False),
        ("file://localhost/etc/passwd", False),
        ("", False),
    ],
)
def test_only_this_machine_looks_like_this_machine(written: str, expected: bool) -> None:
    assert is_open(Server(address_of(written))) is expected


def test_an_address_cannot_play_tricks_on_a_terminal() -> None:
    shown = str(Server("https://evil.example/\x1b[2K\rhttps://аpi.example", "A\x1b"))
    assert shown.isascii()
    assert shown.isprintable()


@pytest.mark.parametrize(
    "behaviour",
    [text("4"), status(401, f"no such key: {KEY}"), status(400, f"Bearer {KEY} sent")],
)
def test_a_key_is_nowhere_to_be_seen(
    behaviour: object, project: Path, command: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reply(request: ReceivedRequest) -> object:
        assert KEY in request.headers["authorization"] + request.headers.get("x-api-key", "")
        return behaviour

    events: list[Event] = []
    with MessagesServer(reply) as server:  # type: ignore[arg-type]
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        path = asking(project)
        shown = command("run", path, "-i", "x=1", "--json", "--show-prompts")
        try:
            graph = agraph.load(path)
            events.extend(streamed(graph))
        except AgraphError as error:
            events.append(error)  # type: ignore[arg-type]
        assert server.requests
    assert KEY not in shown.out + shown.err + repr(events) + str(events)
    stored = [file.read_bytes() for file in project.rglob("*") if file.is_file()]
    assert not any(KEY.encode() in content for content in stored)


def streamed(graph: "agraph.Graph") -> list[Event]:
    async def listen() -> list[Event]:
        return [event async for event in graph.stream(x="1")]  # type: ignore[misc]

    return asyncio.run(listen())


# Data is data.


def test_a_message_is_no_template(project: Path, command: Verb) -> None:
    path = asking(project)
    prompts: list[Json] = []

    def reply(request: ReceivedRequest) -> object:
        prompts.append(request.prompt)
        return text("{{ x }} {{ inbox }}")

    with MessagesServer(reply) as server:  # type: ignore[arg-type]
        path = asking(project, base_url=server.base_url)
        assert command("run", path, "-i", "x={{ x }} {{ secret }}").out == "{{ x }} {{ inbox }}\n"
    assert prompts == ["{{ x }} {{ secret }}"]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_a_description_is_no_markup(words: str) -> None:
    described = graph([node("a", description=f"<script>alert(1)</script>]]>{words}")])
    picture = ElementTree.fromstring(svg_text(view(described)))
    names = {element.tag.partition("}")[2] for element in picture.iter()}
    assert names <= {"svg", "title", "style", "defs", "marker", "path", "text", "g", "rect"}


def test_every_test_that_the_page_names_is_there() -> None:
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    here = Path(__file__).read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    assert named
    assert [name for name in named if f"def {name}(" not in here] == []
    files = set(re.findall(r"`(tests/\w+\.py)`", page))
    assert [file for file in files if not (ROOT / file).is_file()] == []
