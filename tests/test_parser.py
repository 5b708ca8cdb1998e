"""The parser: every form of the language is read, and every mistake is told once, in words."""

import os
import random
import string
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agraph.compiler import kinds, syntax
from agraph.compiler.build import Builder
from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.outline import MOST_PROBLEMS
from agraph.compiler.parser import build_machine, grammar_text, load_machine, parse
from agraph.compiler.phrases import TERMINALS
from agraph.compiler.source import Source, Span
from agraph.compiler.table import store_table, stored_table

DEBATE = '''\
agraph 1

import std.math

type Verdict { winner: "pro" | "con", why: str, score: float }

model fast  = anthropic("claude-haiku-4-5", max_tokens = 1024)
model smart = anthropic("claude-opus-5-5", fallback = [fast])

tool search(query: str) -> list[str] = python("tools:search")

graph debate(claim: str) -> Verdict {
  model = fast

  node pro[3] "Argues for the claim." -> str {
    model ~ { fast: 0.5, smart: 0.5 }
    tools = [search, math.calculate]
    prompt ~ """
      Argue for the claim: {{ claim }}
      Cite at least one source.
      {{ inbox }}
      """
  }

  node con "Argues against the claim." -> str {
    on ~ 0.9
    prompt ~ """
      Argue against the claim: {{ claim }}
      {{ inbox }}
      """
  }

  node judge "Decides who argued better." -> Verdict {
    model = smart
    prompt = """
      Claim: {{ claim }}
      {{ inbox.named }}
      """
  }

  edge [pro, con] -> judge ~ 0.5
  edge pro -> con          ~ 0.5
  edge con -> pro          ~ 0.5     # candidate edges may be cyclic: a sampled graph never is
  edge pro -> pro          ~ 0.1     # between members of the family, never to itself

  output judge
}

test debate "obvious" {
  model fast  = scripted("replies.jsonl")
  model smart = scripted("replies.jsonl")
  claim = "Water is wet"
  expect output.winner == "pro"
}

optimize debate {
  data   = jsonl("claims.jsonl", target = "winner")
  metric = exact(output.winner)
  budget = usd(2.00)
}
'''

TREE_OF_THOUGHTS = '''\
agraph 1
graph layer[m: model, branches = 3](question: str, so_far: str?) -> str {
  model = m
  node propose[branches] "Extends the solution by one step." {
    prompt ~ """
      {{ question }}
      So far: {{ so_far }}
      """
  }
  node rate[branches] "Rates a partial solution from 0 to 10." -> float {
    requires = 1
    prompt ~ """
      {{ question }}
      {{ propose }}
      """
  }
  edge propose[i] -> rate[i]
  node best "Keeps the best." = vote.best_of(propose, rate)
  edge [propose, rate] -> best
  output best
}

graph tree_of_thoughts[m: model, depth = 3, branches = 3](question: str) -> str {
  node step[depth] "One layer of the tree." ~ layer[m, branches](question, step)
  edge step[i] -> step[i + 1]
  output step[-1]
}
'''

INSTANCE = '''\
  node tot "Searches a tree of thoughts." ~ agents.tree_of_thoughts[m = fast, branches = 3](question) {
    step {
      propose.prompt ~ """
        …
        """
      propose.on ~ [[0.98, 0.91, 0.4], [0.9, 0.52, 0.31], [0.88, 0.2, 0.11]]   # a list for each layer
    }
  }
'''

STATEMENTS = [
    INSTANCE,
    "edge [pro, con] -> judge ~ [0.91, 0.12, 0.88, 0.4]",
    "edge first[i] -> second[i]        # {{ first }}: what I said\nedge first -> second ~ 0.5",
    "edge a[i] -> a[i + 1]",
    "edge a[-1] -> x.judge\nedge x.judge -> b[i - 1]\nedge a[i-1] -> b[0]",
    "edge a -> b = 0.5",
    'node t "…" = g(…)'.replace("…", "x"),
    'node t "x" ~ g(x) { judge.prompt = "y" }',
    'node vote "Takes the majority." -> str = vote.majority(inbox)',
    "node last = vote.majority(text.last_number(inbox))",
    "node nothing = null",
    "node one = { a: 1, 'b' }".replace("'b'", '"b c": [true, false, null]'),
    "node a\nnode b[2]\nnode c[n] -> str?\nnode d -> types.Answer",
    'node a -> ("a" | "b")? { on = false }',
    "node n {\n  on ~ [0.9, 0.2]\n  model ~ { fast: [0.9, 0.2], smart: [0.1, 0.8] }\n}",
    'node n {\n  tools a = [x]\n  tools ~ { a: 1 }\n  prompt b = """\n    x\n    """\n  prompt ~ { b: 1 }\n}',
    'node n {\n  examples ~ [\n    { q: "q", output: "a" },\n\n    { q: "r", output: "b", }, # c\n  ]\n}',
    'node n {\n  when = kind == "math"\n  on_error = fail\n  requires = 2\n  timeout = 1.5e3\n}',
    "node n { cache = false }",
    "node n { max_turns = 3 }",
    'model = simulated(phrases = { "step by step": 0.1 }, right = -0.5)',
    "output [a, b]",
    "model = fast\nprompt = x\ntest = y\ngraph = z\ntype = a\nas = b\nimport = c\nagraph = 3",
]

ITEMS = [
    "import std.math as m\nimport std.text",
    'import "other.agraph"\nimport "other.agraph" as other',
    "type T {\n  a: str\n  b: int, c: list[list[str?]]?,\n\n  # more\n  output: bool\n}",
    "type Empty { }\ntype Also {\n}",
    'tool lookup(q: str,) -> str = recorded("answers.jsonl", key = "question", field = "model_a")',
    'tool files(a: T) = mcp("command")\ntool pick(a: list[T], b: a.U) -> T = python("m:f")',
    "graph g(prompt: str, test: str, model: str, graph: str, type: str, as: str) { output prompt }",
    "graph g[m: model, t: tool, k: int = 2, n = 3](\n  a: str,\n  b: str\n) -> str {\n  output a\n}",
    'optimize g {\n  columns = { question: "problem" }\n  metric = python("m:f")\n}',
    "test g {\n  model agents.fast = simulated()\n  target = [1]\n  expect a != null\n  expect a.b >= 3\n}",
]


def file_of(statements: str) -> str:
    return f"agraph 1\ngraph g(a: str) {{\n{statements}\n}}\n"


def read(text: str) -> tuple[syntax.File, tuple[Diagnostic, ...]]:
    return parse(Source("x.agraph", text))


def tree(text: str) -> syntax.File:
    file, diagnostics = read(text)
    assert diagnostics == ()
    return file


def found(text: str) -> list[tuple[str, str]]:
    """The code of every finding, and the text that it shows."""
    source = Source("x.agraph", text)
    return [(finding.code, source.slice(finding.span)) for finding in parse(source)[1]]


def statements(text: str) -> tuple[syntax.Statement, ...]:
    (graph,) = tree(file_of(text)).items
    assert isinstance(graph, syntax.GraphDeclaration)
    return graph.body


def value(text: str) -> syntax.Expression:
    (setting,) = statements(f"x = {text}")
    assert isinstance(setting, syntax.Setting)
    return setting.value


# The language.


def test_the_grammar_has_no_clashes() -> None:
    machine = build_machine(grammar_text(), Builder(), strict=True)
    assert {"NAME", "BLOCK"} < {terminal.name for terminal in machine.terminals}


def test_every_terminal_has_a_phrase() -> None:
    machine = build_machine(grammar_text(), Builder())
    assert {terminal.name for terminal in machine.terminals} - set(machine.ignore_tokens) <= TERMINALS


@pytest.mark.parametrize("text", [DEBATE, TREE_OF_THOUGHTS], ids=["debate", "tree of thoughts"])
def test_the_long_examples_parse(text: str) -> None:
    assert tree(text).items


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_parse(text: str) -> None:
    assert statements(text)


@pytest.mark.parametrize("text", ITEMS)
def test_items_parse(text: str) -> None:
    assert tree("agraph 1\n" + text).items


def test_the_tree_has_what_the_author_wrote() -> None:
    file = tree(DEBATE)
    assert file.version is not None
    assert file.version.value == 1
    assert [type(item).__name__ for item in file.items] == [
        "Import",
        "TypeDeclaration",
        "ModelDeclaration",
        "ModelDeclaration",
        "ToolDeclaration",
        "GraphDeclaration",
        "TestDeclaration",
        "OptimizeDeclaration",
    ]
    graph = file.items[5]
    assert isinstance(graph, syntax.GraphDeclaration)
    node = graph.body[1]
    assert isinstance(node, syntax.NodeDeclaration)
    assert node.name.text == "pro"
    assert isinstance(node.count, syntax.Number)
    assert node.body is not None
    prompt = node.body[2]
    assert isinstance(prompt, syntax.Setting)
    assert prompt.learnable
    assert isinstance(prompt.value, syntax.String)
    assert prompt.value.value.startswith("Argue for the claim: {{ claim }}\nCite")
    assert DEBATE[prompt.sign.start] == "~"


def test_offsets_carry_their_sign() -> None:
    (edge,) = statements("edge a[i-1] -> a[i + 2]")
    assert isinstance(edge, syntax.EdgeDeclaration)
    amounts = []
    for end in edge.ends:
        assert isinstance(end, syntax.Brackets)
        offset = end.arguments[0].value
        assert isinstance(offset, syntax.Offset)
        amounts.append(offset.amount)
    assert amounts == [-1, 2]


@pytest.mark.parametrize(
    ("text", "expected"), [("-3", -3), ("0.25", 0.25), ("1e3", 1000.0), ("-2.5E-1", -0.25)]
)
def test_numbers(text: str, expected: float) -> None:
    number = value(text)
    assert isinstance(number, syntax.Number)
    assert (number.value, type(number.value)) == (expected, type(expected))


def test_a_learnable_edge_is_told_from_a_set_one() -> None:
    learnable = [
        edge.learnable
        for edge in statements("edge a -> b ~ 1\nedge a -> b = 1\nedge a -> b")
        if isinstance(edge, syntax.EdgeDeclaration)
    ]
    assert learnable == [True, False, False]


def test_marks_of_one_type_are_one() -> None:
    (node,) = statements("node a -> str" + "?" * 5_000)
    assert isinstance(node, syntax.NodeDeclaration)
    assert isinstance(node.type, syntax.TypeOptional)
    assert isinstance(node.type.item, syntax.TypeName)


def without_spans(node: object) -> object:
    if isinstance(node, tuple):
        return tuple(map(without_spans, node))
    if not attrs.has(type(node)) or isinstance(node, Span):
        return None if isinstance(node, Span) else node
    fields = attrs.fields(type(node))  # type: ignore[arg-type]
    return type(node).__name__, *(without_spans(getattr(node, field.name)) for field in fields)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("text", [DEBATE, TREE_OF_THOUGHTS])
def test_line_ends_tabs_comments_and_a_byte_order_mark_change_no_meaning(text: str, newline: str) -> None:
    written = text.replace("{\n", "{ # why\n\n").replace(", ", " ,\t").replace("agraph 1", "agraph\t1 # x")
    written = "\ufeff" + written.replace("\n", newline).removesuffix(newline)
    assert without_spans(tree(written)) == without_spans(tree(text))


def test_a_byte_order_mark_is_counted_in_spans() -> None:
    version = tree("\ufeffagraph 1").version
    assert version is not None
    assert version.span == Span(8, 9)


def test_mixed_line_ends_are_read() -> None:
    assert len(statements("a = 1\r\nb = 2\nc = [\r\n1,\n2]\r\n")) == 3


def test_every_construct_spans_its_own_text() -> None:
    (setting,) = statements('prompt = f(a, b = ["x" , { k: -1 }]).c[0] # rest')
    assert isinstance(setting, syntax.Setting)
    text = file_of('prompt = f(a, b = ["x" , { k: -1 }]).c[0] # rest')
    source = Source("", text)
    assert source.slice(setting.span) == 'prompt = f(a, b = ["x" , { k: -1 }]).c[0]'
    brackets = setting.value
    assert isinstance(brackets, syntax.Brackets)
    assert source.slice(brackets.value.span) == 'f(a, b = ["x" , { k: -1 }]).c'
    assert isinstance(brackets.value, syntax.Field)
    call = brackets.value.value
    assert isinstance(call, syntax.Call)
    assert [source.slice(argument.span) for argument in call.arguments] == ["a", 'b = ["x" , { k: -1 }]']


@pytest.mark.parametrize(
    "written", ["node n", "node n[2]", "node n -> (str)", 'node n "x"', "node n = 1", "node n { }"]
)
def test_a_node_spans_to_its_last_part(written: str) -> None:
    (node,) = statements(f"  {written}  # comment ]")
    assert Source("", file_of(f"  {written}  # comment ]")).slice(node.span) == written


# Recovery.

FAULTS = {
    "missing value": ("model = fast\n", "model =\n", "AG0101"),
    "stray character": ("{ fast: 0.5, smart", "{ fast: 0.5; smart", "AG0102"),
    "missing arrow": ("edge pro -> con ", "edge pro con ", "AG0101"),
    "unclosed list": ("math.calculate]", "math.calculate", "AG0103"),
    "mismatched bracket": ("fallback = [fast])", "fallback = [fast})", "AG0105"),
    "unopened bracket": ("exact(output.winner)", "exact(output.winner))", "AG0104"),
    "unclosed string": ('"Argues against the claim."', '"Argues against the claim.', "AG0106"),
    "unclosed string in a call": ('("claude-haiku-4-5",', '("claude-haiku-4-5,', "AG0106"),
    "text beside the opening quotes": ('prompt = """\n      Claim', 'prompt = """Claim', "AG0108"),
    "unindented text": ("      Cite at", "  Cite at", "AG0109"),
    "unknown escape": ("Water is wet", r"Water \is wet", "AG0110"),
    "reserved word": ("tool search(query:", "tool search(index:", "AG0111"),
    "unclosed call": ("usd(2.00)", "usd(2.00", "AG0103"),
    "bad type": ("score: float", "score float", "AG0101"),
    "unknown declaration": ("import std.math", "imprt std.math", "AG0101"),
    "comparison by one sign": ('output.winner == "pro"', 'output.winner = "pro"', "AG0101"),
    "missing brace": ("  output judge\n}", "  output judge\n", "AG0103"),
}


def with_faults(*names: str) -> str:
    text = DEBATE
    for name in names:
        right, wrong, _ = FAULTS[name]
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    return text


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_is_one_finding(name: str) -> None:
    assert [code for code, _ in found(with_faults(name))] == [FAULTS[name][2]]


@pytest.mark.parametrize(("first", "second"), list(combinations(FAULTS, 2)))
def test_two_faults_are_two_findings(first: str, second: str) -> None:
    codes = sorted(code for code, _ in found(with_faults(first, second)))
    assert codes == sorted([FAULTS[first][2], FAULTS[second][2]])


@pytest.mark.parametrize("text", [DEBATE, TREE_OF_THOUGHTS, file_of(INSTANCE)])
def test_statements_read_one_by_one_make_the_same_tree(text: str) -> None:
    file, diagnostics = read(text + "oops")
    assert len(diagnostics) == 1
    assert file.items == tree(text).items


def test_what_can_be_read_beside_a_fault_is_in_the_tree() -> None:
    file, _ = read(with_faults("missing arrow"))
    graph = file.items[5]
    assert isinstance(graph, syntax.GraphDeclaration)
    assert len(graph.body) == len(statements_of_debate()) - 1


def statements_of_debate() -> tuple[syntax.Statement, ...]:
    graph = tree(DEBATE).items[5]
    assert isinstance(graph, syntax.GraphDeclaration)
    return graph.body


def test_faults_in_a_head_and_in_its_body_are_told_both() -> None:
    assert found(file_of("node -> str {\n  a = \n  b = ;\n}")) == [
        ("AG0101", "->"),
        ("AG0101", ""),
        ("AG0102", ";"),
    ]


def test_each_field_of_a_type_is_read_on_its_own() -> None:
    assert found("agraph 1\ntype T {\n  a str\n  b: int\n  c: [\n}\n")[:1] == [("AG0101", "str")]
    assert found("agraph 1\ntype T {\n  a str\n  b: int\n  c: =\n}\n") == [("AG0101", "str"), ("AG0101", "=")]


def test_two_statements_on_a_line_are_refused() -> None:
    assert found(file_of("a = 1 b = 2")) == [("AG0101", "b")]
    assert found("agraph 1 graph g() { }") == [("AG0101", "graph")]
    assert found("agraph 1\ngraph g() { } graph h() {\n}\n") == [("AG0101", "graph")]


def test_a_missing_brace_points_at_the_opener() -> None:
    text = DEBATE.replace('      """\n  }\n\n  node judge', '      """\n\n  node judge')
    ((finding),) = read(text)[1]
    assert finding.code == kinds.UNCLOSED_BRACKET.code
    assert (
        Source("", text).position(finding.labels[0].span.start)[0]
        == text[: text.index("node con")].count("\n") + 1
    )


def test_a_missing_list_end_points_at_the_opener() -> None:
    text = file_of("  tools = [\n    a,\n    b\n  prompt = ;\n  on = 1")
    unclosed, stray = read(text)[1]
    assert text[unclosed.labels[0].span.start] == "["
    assert stray.code == kinds.STRAY_CHARACTER.code


def test_a_brace_too_many_is_found_where_it_stands() -> None:
    assert found(file_of("  node a {\n  }\n  }\n  output a")) == [("AG0104", "}")]
    assert found(file_of("output a") + "}\n") == [("AG0104", "}")]


def test_a_brace_too_many_amid_a_body_does_not_end_it() -> None:
    assert found(DEBATE.replace("  model = fast\n", "  model = fast\n}\n")) == [("AG0104", "}")]


@pytest.mark.parametrize("head", ["-> Verdict {\n", '"Argues for the claim." -> str {\n', '"obvious" {\n'])
def test_a_body_without_its_first_brace_is_read_all_the_same(head: str) -> None:
    text = DEBATE.replace(head, head.replace(" {", ""), 1).replace("on ~ 0.9", "on ~ ;")
    messages = {finding.message for finding in read(text)[1]}
    assert messages == {"expected `{`, found the end of the line", "`;` means nothing here"}


def test_after_an_unclosed_block_the_next_item_is_read() -> None:
    text = DEBATE.replace('{{ inbox.named }}\n      """', "{{ inbox.named }}") + "optimize {\n}\n"
    assert found(text) == [("AG0107", '"""'), ("AG0101", "{")]


def test_statements_outside_of_a_graph_are_told_with_the_first_of_a_row() -> None:
    text = "agraph 1\nnode a = 1\nnode b {\n  on = ?\n}\nedge a -> b\ntype A { x: str }\noutput b\n"
    assert found(text) == [("AG0101", "node"), ("AG0101", "?"), ("AG0101", "output")]


def test_a_brace_too_few_is_not_made_up_for_by_a_later_one() -> None:
    text = "agraph 1\ngraph g() {\n  node a {\n    on = 1\n\n  node b\n    on = 2\n  }\n}\n"
    assert [code for code, _ in found(text)] == ["AG0103", "AG0101"]
    assert found(text.replace("on = 1", "on = 1\n  }").replace("node b", "node b {")) == []


def test_a_block_closed_by_a_later_one_is_told_by_its_indentation() -> None:
    text = DEBATE.replace('Cite at least one source.\n      {{ inbox }}\n      """', "Cite")
    assert {code for code, _ in found(text)} == {"AG0107"}


# Messages.


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("a =\n", "expected a value, found the end of the line", None),
        ("a = [1 2]", "expected `,` or `]`, found `2`", None),
        ("a: 1", "expected a name, `=`, `~` or `{`, found `:`", "a value is given with `=`"),
        ('nod a "x" { }', "expected `=` or `~`, found a string", "did you mean `node`?"),
        ("node 3", "expected a name, found `3`", None),
        ("edge a\n", "expected `->`, found the end of the line", None),
        ("edge a -> 3", "expected a name or `[`, found `3`", None),
        ("node a -> {\n}", "expected a type, found `{`", None),
        ("a[i +] = 1", "expected a name, `=`, `~` or `{`, found `[`", None),
        ("a = b[i + x]", "expected a whole number, found `x`", None),
        ("= 1", "expected a statement, found `=`", None),
        ("a = .5", "expected a value, found `.`", "a digit stands before the point: `0.5`"),
        ("edge a -> b 0.5", "expected `->`, `=`, `~` or the end of the line, found `0.5`", None),
        ("edge a -> b ~ [0.5 2.5e-3]", "expected `,` or `]`, found `2.5e-3`", None),
        ("edge a => b", "expected `->`, found `=>`", "an arrow is written `->`"),
        ("edge a > b", "expected `->`, found `>`", "an arrow is written `->`"),
        (
            "a = f(x + 1)",
            "expected `=`, `,` or `)`, found `+`",
            "there are no operators; a tool can calculate",
        ),
        (
            "a = f(claude-haiku)",
            "expected `=`, `,` or `)`, found `-`",
            'a name has no `-`, and a text stands between `"`',
        ),
        ("a = 1_000", "expected the end of the line, found `_000`", None),
        ("expect a = b", "expected the end of the line, found `=`", "two values are compared with `==`"),
        ("a = 'x'", "`'` means nothing here", 'strings stand between `"`'),
        ("a = \u00a01", "the character U+00A0 means nothing here", "it is a no-break space; use a plain one"),
    ],
)
def test_a_syntax_error_says_what_was_expected_and_found(text: str, message: str, hint: str | None) -> None:
    (finding,) = read(file_of(text))[1]
    assert (finding.message, finding.hint) == (message, hint)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("modle x = f()", "expected a declaration, found `modle`", "did you mean `model`?"),
        (
            "def f(x)",
            "expected a declaration, found `def`",
            "it begins with `import`, `type`, `model`, `tool`, `graph`, `test` or `optimize`",
        ),
        ("node x", "expected a declaration, found `node`", "`node` stands between the braces of a graph"),
        ("model x", "expected `=`, found the end of the file", None),
        ("import", "expected a name or a string, found the end of the file", None),
        ("graph g {\n}", "expected `(` or `[`, found `{`", None),
    ],
)
def test_an_item_error_says_what_was_expected_and_found(text: str, message: str, hint: str | None) -> None:
    (finding,) = read("agraph 1\n" + text)[1]
    assert (finding.message, finding.hint) == (message, hint)


@pytest.mark.parametrize(
    "word", ["inbox", "index", "null", "true", "false", "node", "edge", "output", "expect"]
)
@pytest.mark.parametrize(
    "declaration",
    [
        "graph WORD() { }",
        "graph g(WORD: str) { }",
        "graph g[WORD = 1]() { }",
        "graph g() {\n  node WORD\n}",
        "graph g() {\n  node n {\n    prompt WORD = 1\n  }\n}",
        "model WORD = f()",
        "tool WORD(a: str) = f()",
        "tool t(WORD: str) = f()",
        "type WORD { }",
        "import std.math as WORD",
    ],
)
def test_a_reserved_word_names_nothing(declaration: str, word: str) -> None:
    assert found("agraph 1\n" + declaration.replace("WORD", word)) == [("AG0111", word)]


def test_fields_keys_and_arguments_may_be_called_as_they_like() -> None:
    assert tree(
        "agraph 1\ntype T { index: int, output: str, null: str }\n" + "model m = f(inbox = { edge: a.node })"
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "AG0112"),
        ("# only a comment\n\n", "AG0112"),
        ("\ufeff", "AG0112"),
        ("import std.math\n", "AG0112"),
        ("import std.math\nagraph 1\n", "AG0113"),
        ("agraph 1\nagraph 1\n", "AG0113"),
        ("agraph 2\nanother language {{{", "AG0114"),
        ("agraph 2\ngraph g() { }", "AG0114"),
        ("agraph 1.0\n", "AG0114"),
        ("agraph one\n", "AG0101"),
        ("agraph 1\nmodel a = f(\0)\n", "AG0116"),
        ("agraph 1\nmodel a = f(" + "9" * 5_000 + ")\n", "AG0117"),
        ("agraph 1\nmodel a = f(1e999)\n", "AG0117"),
        ("agraph 1\nmodel a = " + "[" * 100_000, "AG0115"),
        ("agraph 1\nmodel a = " + "[" * 100_000 + "]" * 100_000, "AG0115"),
        ("agraph 1\ngraph g() {" + "a {\n" * 100_000, "AG0115"),
        ("agraph 1\nmodel a = b" + ".c" * 10_000, "AG0115"),
        ("agraph 1\nmodel a = b" + "()" * 10_000, "AG0115"),
        ("agraph 1\nmodel a = f(\r)\n", "AG0102"),
        ("agraph 1\n" + '"' * 100_001, "AG0107"),
    ],
)
def test_a_file_that_is_none_gets_one_clear_finding(text: str, code: str) -> None:
    codes = [finding.code for finding in read(text)[1]]
    assert codes == [code]


# Robustness.


def test_noise_gets_a_bounded_list_of_findings() -> None:
    noise = "".join(random.Random(7).choices(string.printable, k=10_000_000))
    _, diagnostics = read(noise)
    assert len(diagnostics) == MOST_PROBLEMS + 1
    assert diagnostics[-1].code == kinds.TOO_MANY_ERRORS.code


WORDS = 'graph node edge output model type test a b1 = ~ -> { } ( ) [ ] , : . | ? == 1 -2.5 "s" " """ # \\ é'
BREAKS = ("\n", "\n  ", "\r\n", " ", "\t", '"""\nt\n"""', "\nagraph 1\n", "\ngraph g() {\n", "\n}\n")
TOKENS = st.sampled_from(WORDS.split()) | st.sampled_from(BREAKS)


@settings(max_examples=300)
@given(st.lists(TOKENS, max_size=40).map(" ".join))
def test_any_text_is_answered_with_spans_inside_it(text: str) -> None:
    file, diagnostics = read(text)
    assert file.span == Span(0, len(text))
    for finding in diagnostics:
        assert 0 <= finding.span.start <= finding.span.end <= len(text)


@settings(max_examples=200)
@given(place=st.integers(0, len(DEBATE) - 1), insert=TOKENS | st.just(""), length=st.integers(0, 12))
def test_one_edit_makes_few_findings(place: int, insert: str, length: int) -> None:
    _, diagnostics = read(DEBATE[:place] + insert + DEBATE[place + length :])
    assert len(diagnostics) <= 20


# The stored table.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cache"
    monkeypatch.setenv("AGRAPH_CACHE_DIR", str(path))
    return path


def parses() -> bool:
    builder = Builder()
    builder.begin(Source("", "model a = f()"))
    model = load_machine(builder).parse("model a = f()", start="item")
    return isinstance(model, syntax.ModelDeclaration)


def test_the_table_is_stored_and_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parses()
    (table,) = folder.iterdir()
    assert table.name.startswith("parser-")
    monkeypatch.setattr("agraph.compiler.parser.build_machine", None)
    assert parses()


@pytest.mark.parametrize(
    "damage", [b"", b"noise", b"\x80\x05]\x94.", b"\x80\x05}\x94(\x8c\x04data\x94}\x8c\x04memo}u."]
)
def test_a_damaged_table_is_built_again(folder: Path, damage: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parses()
    (table,) = folder.iterdir()
    table.write_bytes(damage or table.read_bytes()[:10_000])
    assert parses()
    monkeypatch.setattr("agraph.compiler.parser.build_machine", None)
    assert parses()


def test_a_folder_that_cannot_be_made_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AGRAPH_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert parses()
    assert stored_table("x") is None


def test_no_temporary_file_is_left(folder: Path) -> None:
    store_table("x", b"table")
    assert stored_table("x") == b"table"
    assert [path.name for path in folder.iterdir()] == ["parser-x.bin"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user who is not root")
def test_a_folder_that_cannot_be_written_is_done_without(folder: Path) -> None:
    folder.mkdir(mode=0o500)
    assert parses()
    assert list(folder.iterdir()) == []


def test_two_processes_at_once_both_parse(folder: Path) -> None:
    program = (
        "from agraph.compiler.parser import parse\n"
        "from agraph.compiler.source import Source\n"
        "assert parse(Source('x', 'agraph 1\\n'))[1] == ()\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("line", ["typeVerdict { winner: str }", "graphg(q: str) -> str {}", "modelm = f()"])
def test_a_word_that_begins_an_item_ends_with_a_blank(line: str) -> None:
    _, diagnostics = parse(Source("main.agraph", f"agraph 1\n{line}\n"))
    assert [diagnostic.code for diagnostic in diagnostics][:1] == ["AG0101"]


def test_a_word_run_together_with_a_name_is_answered_among_other_mistakes() -> None:
    _, diagnostics = parse(Source("main.agraph", 'a\nagraph 1\ntypeVerdict { winner: "pro" | int }\n'))
    assert diagnostics


def test_a_letter_that_no_name_has_is_told_what_names_are_made_of() -> None:
    _, diagnostics = parse(Source("main.agraph", "agraph 1\ngraph g(q: str) -> str {\n  node ünï = q\n}\n"))
    assert diagnostics[0].code == kinds.STRAY_CHARACTER.code
    assert "a to z" in (diagnostics[0].hint or "")
