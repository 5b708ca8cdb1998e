"""`agraph optimize` as its users meet it: what it writes, what it says, and its exit codes."""

import os
import shutil
import stat
from functools import partial
from pathlib import Path

import pytest

from agraph.files import load
from agraph.graph_argument import load_graph
from agraph.runtime.plan import deployed, plan
from tests.commands import Verb, assert_refused, in_process
from tests.duel import ROWS, TEXT, heard, names_in, write_duel, write_rows

PANEL = Path(__file__).parent.parent / "examples" / "panel.agraph"


@pytest.fixture
def optimize(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys, "optimize")


def rewritten(text: str) -> tuple[str, str]:
    """What a file says before and behind the rewritten values."""
    before, _, behind = text.partition("vote ~ ")
    return before, behind[behind.index("   #") :]


# What is written.


def test_the_file_is_rewritten_in_place(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    assert heard(path) == (True, True)
    finished = optimize(path)
    assert (finished.code, finished.err) == (0, "")
    assert heard(path) == (False, True)
    assert rewritten(path.read_text("utf-8")) == rewritten(TEXT)
    assert names_in(tmp_path) == {"duel.agraph", "duel.jsonl"}


def test_what_was_learned_is_told(optimize: Verb, tmp_path: Path) -> None:
    lines = optimize(write_duel(tmp_path)).out.splitlines()
    assert lines[0].split() == [
        "learnable",
        "old",
        "new",
        *["gain", "against", "its", "flip", "(95%", "interval)"],
    ]
    table = {line[:12]: line[12:].split() for line in lines[1:3]}
    assert set(table) == {"liar -> vote", "sage -> vote"}
    assert [row[:1] + row[2:3] for row in table.values()] == [["0.500", "*"]] * 2
    assert float(table["liar -> vote"][1]) < 0.5 <= float(table["sage -> vote"][1])
    # With the liar left out all is right, and with the sage left out nothing.
    assert table["liar -> vote"][3] == table["sage -> vote"][3] == "+1.000"
    assert "held-out before  0.000  (0.000 to 0.390)  0.0 model calls a run" in lines
    assert "held-out after   1.000  (0.610 to 1.000)  0.0 model calls a run" in lines
    assert lines[-1].startswith("rewrote ")
    assert "0 model calls" in lines[-2]


def test_a_second_run_finds_nothing_better_and_says_so(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    optimize(path)
    after_first = path.read_bytes()
    finished = optimize(path)
    assert (finished.code, finished.err) == (3, "")
    assert finished.out.splitlines()[-1].endswith("is left as it is: no better graph was found")
    assert path.read_bytes() == after_first


def test_the_example_improves(optimize: Verb, tmp_path: Path) -> None:
    for name in ("panel.agraph", "panel.jsonl"):
        shutil.copy(PANEL.with_name(name), tmp_path)
    path = tmp_path / PANEL.name
    finished = optimize(path)
    assert finished.code == 0
    assert heard(path) == (False, False, False, True)


def test_a_plan_writes_nothing_and_prints_the_diff(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    finished = optimize(path, "--plan")
    assert (finished.code, finished.err) == (0, "")
    assert path.read_text("utf-8") == TEXT
    lines = finished.out.splitlines()
    assert lines[0].startswith("--- ")
    assert "-  edge [liar, sage] -> vote ~ 0.5   # whom to hear: “both”" in lines
    (added,) = [line for line in lines if line.startswith("+  ")]
    assert lines[-1].endswith("would be rewritten: agraph optimize --apply 1")
    optimize(path)
    assert added[1:] in path.read_text("utf-8").splitlines()


def test_a_plan_with_nothing_to_apply_has_the_exit_code_3(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    optimize(path)
    finished = optimize(path, "--plan")
    assert finished.code == 3
    assert "---" not in finished.out


def test_a_plan_needs_no_right_to_write(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    path.chmod(0o444)
    assert optimize(path, "--plan").code == 0


def test_output_goes_elsewhere(optimize: Verb, tmp_path: Path) -> None:
    path, other = write_duel(tmp_path), tmp_path / "tuned.agraph"
    finished = optimize(path, "--output", other)
    assert finished.code == 0
    assert finished.out.splitlines()[-1] == f"wrote {other}"
    assert path.read_text("utf-8") == TEXT
    assert heard(other) == (False, True)
    assert rewritten(other.read_text("utf-8")) == rewritten(TEXT)


def test_output_is_left_alone_where_nothing_better_was_found(optimize: Verb, tmp_path: Path) -> None:
    path, other = write_duel(tmp_path), tmp_path / "tuned.agraph"
    optimize(path)
    finished = optimize(path, "--output", other)
    assert finished.code == 3
    assert finished.out.splitlines()[-1] == f"{other} is not written: no better graph was found"
    assert not other.exists()


def test_output_that_is_the_file_itself_is_a_rewrite_in_place(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(
        tmp_path, TEXT.replace('"answer")\n}', '"answer")\n  metric = python("edits:score")\n}')
    )
    (tmp_path / "edits.py").write_text(EDITING_METRIC)
    assert_refused(optimize(path, "--output", path), "changed since it was read", out="+  edge [")
    assert path.read_text("utf-8").endswith("# an edit\n")


def test_a_new_output_has_the_permissions_of_any_new_file(optimize: Verb, tmp_path: Path) -> None:
    other = tmp_path / "tuned.agraph"
    optimize(write_duel(tmp_path), "--output", other)
    (plain := tmp_path / "plain").touch()
    assert other.stat().st_mode == plain.stat().st_mode


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_an_output_that_is_no_file_is_not_replaced_by_one(optimize: Verb, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert_refused(optimize(write_duel(tmp_path), "--output", pipe), "pipe`", "it is no regular file")
    assert pipe.is_fifo()


def test_a_name_as_long_as_can_be_is_rewritten(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    longest = path.rename(path.with_name("n" * (os.pathconf(tmp_path, "PC_NAME_MAX") - 7) + ".agraph"))
    assert optimize(longest).code == 0
    assert heard(longest) == (False, True)


def test_plan_and_output_exclude_each_other(optimize: Verb, tmp_path: Path) -> None:
    finished = optimize(write_duel(tmp_path), "--plan", "--output", tmp_path / "x.agraph")
    assert finished.code == 2
    assert "--plan" in finished.err


# How it is written.


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_missing_final_one_stay(
    optimize: Verb, tmp_path: Path, ending: str, mark: str
) -> None:
    text = mark + TEXT.removesuffix("\n").replace("\n", ending)
    path = write_duel(tmp_path, text)
    assert optimize(path).code == 0
    after = path.read_bytes().decode()
    assert after != text
    assert rewritten(after) == rewritten(text)


def test_the_target_of_a_link_is_rewritten_and_the_link_stays(optimize: Verb, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    path = write_duel(real)
    link = tmp_path / "link.agraph"
    link.symlink_to(path)
    assert optimize(link).code == 0
    assert link.is_symlink()
    assert heard(path) == (False, True)
    assert names_in(tmp_path) == {"real", "link.agraph"}


@pytest.mark.parametrize("mode", [0o640, 0o755, 0o600])
def test_permissions_are_kept(optimize: Verb, tmp_path: Path, mode: int) -> None:
    path = write_duel(tmp_path)
    path.chmod(mode)
    assert optimize(path).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == mode


# Others at the same file.

EDITING_METRIC = """\
from pathlib import Path

PATH = Path(__file__).with_name("duel.agraph")

def score(output, row):
    text = PATH.read_text("utf-8")
    if not text.endswith("# an edit\\n"):
        PATH.write_text(text + "# an edit\\n", "utf-8")
    return output == row["answer"]
"""

REMOVING_METRIC = """\
from pathlib import Path

def score(output, row):
    Path(__file__).with_name("duel.agraph").unlink(missing_ok=True)
    return output == row["answer"]
"""


def test_a_file_changed_meanwhile_is_not_overwritten(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    (tmp_path / "edits.py").write_text(EDITING_METRIC)
    finished = optimize(path, "--metric", 'python("edits:score")')
    assert_refused(finished, "changed since it was read", "nothing was written", out="+  edge [")
    assert path.read_text("utf-8") == TEXT + "# an edit\n"
    assert names_in(tmp_path) == {"duel.agraph", "duel.jsonl", "edits.py"}


def test_a_file_removed_meanwhile_is_not_made_again(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    (tmp_path / "removes.py").write_text(REMOVING_METRIC)
    finished = optimize(path, "--metric", 'python("removes:score")')
    assert_refused(finished, "no such file", out="+  edge [")
    assert names_in(tmp_path) == {"duel.jsonl", "removes.py"}


# Seeds.


CROWD = """\
agraph 1

import std.text
import std.vote

model wise = simulated(right = 0.5)
model silly = simulated(right = 0.1, choices = ["1", "2"])

graph crowd(question: str) -> str? {
  node few[5] "Guess well." {
    model = wise
    prompt = "{{ question }}"
  }
  node many[9] "Guess badly." {
    model = silly
    prompt = "{{ question }}"
  }
  node vote "Takes the majority." = vote.majority(text.last_line(inbox))
  edge [few, many] -> vote ~ 0.5
  output vote
}

optimize crowd {
  data = jsonl("crowd.jsonl", target = "answer")
}
"""


def test_the_same_seed_writes_the_same_bytes_at_any_concurrency(optimize: Verb, tmp_path: Path) -> None:
    rows = [{"question": f"Number {n}?", "answer": str(n % 4)} for n in range(60)]
    write_rows(tmp_path / "crowd.jsonl", rows)
    path, other = tmp_path / "crowd.agraph", tmp_path / "tuned.agraph"
    path.write_text(CROWD)

    def written(seed: int, concurrency: int) -> bytes:
        arguments = ("--seed", str(seed), "--concurrency", str(concurrency), "--runs", "16")
        assert optimize(path, "--output", other, *arguments).code == 0
        return other.read_bytes()

    assert written(1, 1) == written(1, 7) == written(1, 64)
    assert written(1, 64) != written(2, 64)


# What can be learned in a simulated world.

TEAM = """\
agraph 1

model knowing = simulated(right = 0.35, heard_right = 0.5, heard_wrong = -0.2)
model expert = simulated(right = 0.95, latency_s = 0.0)
model fool = simulated(right = 0.05)

graph team(question: str) -> str {
  node fool "Is mostly wrong." -> str {
    on ~ 0.6
    model = fool
    prompt = "{{ question }}"
  }
  node expert "Is mostly right." -> str {
    on ~ 0.5
    model = expert
    prompt = "{{ question }}"
  }
  node chief "Decides, and believes what is said." -> str {
    model = knowing
    prompt = "{{ question }} {{ inbox }}"
  }
  edge fool -> chief ~ 0.5
  edge expert -> chief ~ 0.4
  output chief
}

optimize team {
  data = jsonl("team.jsonl", target = "answer")
  metric = contains
}
"""


def write_team(folder: Path, text: str = TEAM) -> Path:
    rows = [{"question": f"Number {n}?", "answer": f"<{n * 7 % 13}>"} for n in range(80)]
    write_rows(folder / "team.jsonl", rows)
    path = folder / "team.agraph"
    path.write_text(text, encoding="utf-8")
    return path


def test_gates_and_edges_are_learned_in_a_simulated_world(optimize: Verb, tmp_path: Path) -> None:
    path = write_team(tmp_path)
    assert heard(path) == (True, False)
    finished = optimize(path, "--runs", "480")
    assert (finished.code, finished.err) == (0, "")
    fool_is_heard, expert_is_heard = heard(path)
    assert expert_is_heard
    assert not fool_is_heard
    assert "expert.on" in finished.out
    before, after = (float(line.split()[2]) for line in finished.out.splitlines() if "held-out " in line[:9])
    assert after > before + 0.3


def test_a_trade_of_calls_decides_which_graph_is_written(optimize: Verb, tmp_path: Path) -> None:
    """The expert helps, and listening to it takes a second call."""
    for name, trade, best in (
        ("free", (), (False, True)),
        ("dear", ("--trade", "calls=1.5"), (False, False)),
    ):
        (folder := tmp_path / name).mkdir()
        path = write_team(folder)
        finished = optimize(path, "--runs", "480", *trade)
        assert (finished.code, finished.err) == (0, "")
        assert heard(path) == best
        graph = load_graph(str(path))[1]
        calls = sum(plan(graph, deployed(graph)).live)
        after = next(line for line in finished.out.splitlines() if line.startswith("held-out after"))
        assert after.endswith(f"  {calls}.0 model calls a run")
        assert (" after costs (" in finished.out) == bool(trade)
        assert "the result" in finished.out.partition("score against cost")[2]


PRICED = """\
agraph 1

model cheap = simulated(right = 0.6, cost_usd = 0.001)
model dear = simulated(right = 0.9, cost_usd = 0.05)

graph priced(question: str) -> str {
  node solver "Solves it." {
    model ~ { cheap: 0.4, dear: 0.6 }
    prompt = "{{ question }}"
  }
  output solver
}

optimize priced {
  data = jsonl("team.jsonl", target = "answer")
  metric = contains
}
"""


def test_a_trade_of_money_decides_which_model_is_written(optimize: Verb, tmp_path: Path) -> None:
    path = write_team(tmp_path, PRICED)
    kept = optimize(path, "--seed", "3")
    assert kept.code == 3, "the dear one answers better, and cost does not count"
    finished = optimize(path, "--seed", "3", "--trade", "usd=20")
    assert (finished.code, finished.err) == (0, "")
    assert deployed(load_graph(str(path))[1]).options == (0,)
    # The cheaper stands first, and each with what it costs.
    told = finished.out.partition("score against cost")[2].partition("\n\n")[0].splitlines()
    assert "$ a run" in told[2]
    assert [line.split()[2] for line in told[3:]] == ["0.00100", "0.05000"]
    assert "$0.05000 a run" in finished.out
    assert "$0.00100 a run" in finished.out


def test_a_file_that_is_the_best_already_is_left_alone(optimize: Verb, tmp_path: Path) -> None:
    text = TEAM.replace("on ~ 0.6", "on ~ 0.1").replace("expert -> chief ~ 0.4", "expert -> chief ~ 0.9")
    path = write_team(tmp_path, text)
    finished = optimize(path, "--runs", "480")
    assert finished.code == 3
    assert "is left as it is: " in finished.out.splitlines()[-1]
    assert path.read_text("utf-8") == text


def test_a_graph_that_answers_nothing_is_not_the_cheaper_one(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    # Whoever is heard, no answer is right: one voice is as good as two, and none is not.
    assert optimize(path, "--metric", "exact(output, row.question)").code == 0
    assert sum(heard(path)) == 1


# Limits, and what cannot be learned.


def test_a_budget_of_calls_is_a_hard_stop(optimize: Verb, tmp_path: Path) -> None:
    text = TEAM.replace("metric = contains", "metric = contains\n  budget = calls(2)")
    path = write_team(tmp_path, text)
    finished = optimize(path)
    assert (finished.code, finished.err) == (3, "")
    assert "ended early: 1 of 2 calls are spent, and the rest is kept for judging\n" in finished.out
    assert "is left as it is: nothing could be judged in time" in finished.out
    assert path.read_text("utf-8") == text


def test_what_a_search_found_until_a_budget_ended_it_is_judged(optimize: Verb, tmp_path: Path) -> None:
    text = TEAM.replace("metric = contains", "metric = contains\n  budget = calls(150)")
    finished = optimize(write_team(tmp_path, text))
    assert finished.code in (0, 3), finished
    assert "ended early: " in finished.out
    assert "held-out after" in finished.out
    spent = next(line for line in finished.out.splitlines() if "to learn" in line)
    assert 0 < int(spent.split("in all ")[1].split(" model call")[0]) <= 150


def test_a_budget_that_suffices_is_no_hindrance(optimize: Verb, tmp_path: Path) -> None:
    text = TEAM.replace("metric = contains", "metric = contains\n  budget = calls(100000)")
    assert optimize(write_team(tmp_path, text), "--runs", "480").code == 0


def test_a_budget_in_money_is_refused_while_costs_are_unknown(optimize: Verb, tmp_path: Path) -> None:
    text = TEAM.replace("metric = contains", "metric = contains\n  budget = usd(2.00)")
    text = text.replace("simulated(right = 0.05)", 'anthropic("any", base_url = "http://127.0.0.1:9")')
    path = write_team(tmp_path, text)
    assert_refused(optimize(path), "unknown", "budget = calls(")


def test_a_prompt_that_no_longer_matters_is_told_of(optimize: Verb, tmp_path: Path) -> None:
    """The fool is left out first, and then there is no use in another prompt of it."""
    fool = 'model = fool\n    prompt = "{{ question }}"'
    text = TEAM.replace(fool, fool.replace("prompt =", "prompt ~"))
    finished = optimize(write_team(tmp_path, text), "--runs", "480")
    assert finished.code == 0
    assert "no prompts proposed: the node that they are for does not reach the answer" in finished.out


def test_a_trade_in_money_is_refused_while_costs_are_unknown(optimize: Verb, tmp_path: Path) -> None:
    text = TEAM.replace("simulated(right = 0.05)", 'anthropic("any", base_url = "http://127.0.0.1:9")')
    finished = optimize(write_team(tmp_path, text), "--trade", "usd=1")
    assert_refused(finished, "what `any` costs is unknown", "trade calls, such as `calls=0.01`")


def test_of_all_models_that_may_be_asked_the_price_is_asked_for(optimize: Verb, tmp_path: Path) -> None:
    """The second option of a choice, and one that is fallen back on."""
    dear = 'model dear = anthropic("any", base_url = "http://127.0.0.1:9")'
    chosen = PRICED.replace("model dear = simulated(right = 0.9, cost_usd = 0.05)", dear)
    fallen = chosen.replace("~ { cheap: 0.4, dear: 0.6 }", "= cheap").replace(
        "0.001)", "0.001, fallback = [dear])"
    )
    for text in (chosen, fallen.replace("prompt =", "prompt ~")):
        refused = optimize(write_team(tmp_path, text), "--trade", "usd=1")
        assert_refused(refused, "what `any` costs is unknown")
    assert "no price of `any`" in optimize(write_team(tmp_path, chosen), "--estimate").out


@pytest.mark.parametrize(("verb", "as_both"), [("optimize", "dear"), ("eval", "cheap")])
def test_an_estimate_bounds_the_options_that_may_be_taken(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, verb: str, as_both: str
) -> None:
    """A search may take any of them, and an evaluation takes the likeliest; whichever stands first."""
    (tmp_path / "pyproject.toml").write_text(
        "[tool.agraph.prices]\none = { input = 1.0, output = 5.0 }\nother = { input = 5.0, output = 25.0 }\n"
    )
    models = PRICED.replace("0.4, dear: 0.6", "0.6, dear: 0.4")
    models = models.replace("simulated(right = 0.6, cost_usd = 0.001)", 'anthropic("one")')
    models = models.replace("simulated(right = 0.9, cost_usd = 0.05)", 'anthropic("other")')
    told = {
        name: in_process(capsys, verb, write_team(tmp_path, text), "--estimate").out
        for name, text in {
            "both": models,
            "turned": models.replace("{ cheap: 0.6, dear: 0.4 }", "{ dear: 0.4, cheap: 0.6 }"),
            "dear": models.replace('"one"', '"other"'),
            "cheap": models.replace('"other"', '"one"'),
        }.items()
    }
    assert told["dear"] != told["cheap"]
    assert told["both"] == told["turned"] == told[as_both]


def test_money_is_traded_and_foretold_for_the_graph_with_the_block(optimize: Verb, tmp_path: Path) -> None:
    """Another graph stands behind it, which has no data."""
    other = (
        PRICED.partition("graph priced")[2]
        .partition("optimize")[0]
        .replace("~ { cheap: 0.4, dear: 0.6 }", "= dear")
    )
    path = write_team(tmp_path, f"{PRICED}\ngraph other{other}")
    assert "runs of `priced`" in optimize(path, "--estimate").out
    assert optimize(path, "--seed", "3", "--trade", "usd=20").code == 0


def test_a_graph_without_learnables_is_refused(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path, TEXT.replace("vote ~ 0.5", "vote"))
    assert_refused(optimize(path), "graph `duel` has no edge, gate or choice, prompt, examples to learn")


def test_too_few_rows_are_refused(optimize: Verb, tmp_path: Path) -> None:
    assert_refused(optimize(write_duel(tmp_path, rows=7)), "7 rows are too few")


def test_rows_and_metric_of_the_command_line_go_before_those_of_the_file(
    optimize: Verb, tmp_path: Path
) -> None:
    path = write_duel(tmp_path)
    rows = [{"question": f"What is {n} + 1?", "liar_says": str(n)} for n in range(ROWS)]
    other = write_rows(tmp_path / "other.jsonl", rows)
    finished = optimize(path, "--data", other, "--target", "liar_says", "--metric", "number")
    # For these rows the first voice is right; it wins each tie already, so that the second is to be spared.
    assert finished.code == 0
    assert "at lower cost" in finished.out
    assert heard(path) == (True, False)


def test_a_model_without_a_key_stops_before_the_first_call(
    optimize: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
        monkeypatch.delenv(name)
    path = write_team(tmp_path, TEAM.replace("simulated(right = 0.95, latency_s = 0.0)", 'anthropic("any")'))
    assert_refused(optimize(path), "ANTHROPIC_API_KEY", "--model expert=simulated(…)")
    finished = optimize(path, "--model", "expert=simulated(right = 0.95)", "--runs", "480")
    assert finished.code == 0


# Which graph of a file.

BLOCK = 'optimize duel {\n  data = jsonl("duel.jsonl", target = "answer")\n}\n'
LAST = "graph last(question: str) -> str {\n  node a = question\n  output a\n}\n"


def test_the_graph_of_the_one_block_is_optimized_though_it_is_not_the_last(
    optimize: Verb, tmp_path: Path
) -> None:
    path = write_duel(tmp_path, TEXT + "\n" + LAST)
    assert optimize(path).code == 0
    assert rewritten(path.read_text("utf-8")) == rewritten(TEXT + "\n" + LAST)
    assert deployed(load_graph(f"{path}:duel")[1]).edges == (False, True)


def two_blocks() -> str:
    """A file of two graphs that are optimized."""
    second = (
        TEXT[TEXT.index("graph duel") :]
        .replace("duel(", "second(")
        .replace("optimize duel", "optimize second")
    )
    return TEXT + "\n" + second


def test_of_several_blocks_one_is_named(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path, two_blocks())
    assert_refused(optimize(path), "has 2 optimize blocks", f"`{path}:duel` or `{path}:second`")
    assert path.read_text("utf-8") == two_blocks()


@pytest.mark.parametrize("name", ["duel", "second"])
def test_the_named_graph_alone_is_rewritten(optimize: Verb, tmp_path: Path, name: str) -> None:
    path = write_duel(tmp_path, two_blocks())
    assert optimize(f"{path}:{name}").code == 0
    graphs = {graph.name: deployed(graph).edges for graph in load(str(path)).graphs}
    assert graphs == {"duel": (True, True), "second": (True, True), name: (False, True)}


def test_a_graph_without_a_block_is_optimized_on_what_the_command_line_says(
    optimize: Verb, tmp_path: Path
) -> None:
    path = write_duel(tmp_path, TEXT.replace(BLOCK, ""))
    assert_refused(optimize(path), "graph `duel` has no data set")
    assert optimize(path, "--data", tmp_path / "duel.jsonl", "--target", "answer").code == 0
    assert heard(path) == (False, True)


def test_a_graph_whose_parameters_have_defaults_is_optimized(optimize: Verb, tmp_path: Path) -> None:
    text = (
        TEXT.replace("duel(question: str)", "duel[sages = 2, say: tool = right](question: str)")
        .replace("node sage ", "node sage[sages] ")
        .replace("right(question)\n", "say(question)\n")
    )
    path = write_duel(tmp_path, text.replace("node liar ", "node liar[2] "))
    assert optimize(path).code == 0
    assert heard(path)[:2] == (False, False)
    assert any(heard(path)[2:])
    assert "[sages = 2, say: tool = right]" in path.read_text("utf-8")


# What is scored.


def test_columns_of_other_names_and_a_metric_over_answer_and_row(optimize: Verb, tmp_path: Path) -> None:
    text = """\
agraph 1

import std.vote

type Verdict { winner: str?, sure: bool }

tool wrong(question: str) -> str = recorded("duel.jsonl", key = "question", field = "wrong")
tool right(question: str) -> str = recorded("duel.jsonl", key = "question", field = "answer")

graph duel(ask: str) -> Verdict {
  node liar "Is always wrong." = wrong(ask)
  node sage "Is always right." = right(ask)
  node vote "Takes the majority." = vote.majority(inbox)
  node verdict -> Verdict = { winner: vote, sure: true }

  edge [liar, sage] -> vote ~ 0.5
  edge vote -> verdict
  output verdict
}

optimize duel {
  data = jsonl("duel.jsonl")
  columns = { ask: "question" }
  metric = exact(output.winner, row.answer)
  budget = calls(10)
}
"""
    path = write_duel(tmp_path, text)
    finished = optimize(path)
    assert (finished.code, finished.err) == (0, "")
    assert "held-out after   1.000" in finished.out
    assert heard(path)[:2] == (False, True)


def test_a_column_that_no_row_has_is_told(optimize: Verb, tmp_path: Path) -> None:
    text = TEXT.replace(
        'target = "answer")\n}', 'target = "answer")\n  metric = exact(output, row.anwser)\n}'
    )
    assert_refused(optimize(write_duel(tmp_path, text)), "has no column `anwser`", "did you mean `answer`?")


def test_money_beside_calls_in_a_budget_is_refused_while_costs_are_unknown(
    optimize: Verb, tmp_path: Path
) -> None:
    text = TEAM.replace("metric = contains", "metric = contains\n  budget = [usd(2), calls(5000)]")
    text = text.replace("simulated(right = 0.05)", 'anthropic("any", base_url = "http://127.0.0.1:9")')
    assert_refused(optimize(write_team(tmp_path, text)), "unknown", "budget = calls(")


def test_what_is_not_proven_is_written_unless_proof_is_required(optimize: Verb, tmp_path: Path) -> None:
    # Four held-out rows prove nothing.
    path = write_duel(tmp_path, rows=16)
    finished = optimize(path, "--require-significant")
    assert finished.code == 3
    assert "Better, not proven: higher on 4 held-out rows" in finished.out
    assert finished.out.endswith("is left as it is: the result is not proven\n")
    assert path.read_text() == TEXT
    assert optimize(path).code == 0
    assert path.read_text() != TEXT


def test_confidence_decides_what_is_proven(optimize: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path, rows=16)
    # Four of four won: one in eight by chance.
    finished = optimize(path, "--require-significant", "--confidence", "0.87")
    assert finished.code == 0
    assert "Improved: better on 4 held-out rows, +1.000 (87% interval" in finished.out


def test_an_estimate_says_what_the_rows_can_show(optimize: Verb, tmp_path: Path) -> None:
    assert (
        "judged on 30 held-out rows, a quarter of all: a gain of +0.24 is shown in four of"
        in optimize(write_duel(tmp_path, rows=120), "--estimate").out
    )
    assert (
        "judged on 3 held-out rows, a quarter of all: no gain at all is shown"
        in optimize(write_duel(tmp_path, rows=12), "--estimate").out
    )
