"""Formatted files of every construct, and faults that can be planted into their statements one by one."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random

import attrs

from agraph.compiler.diagnostics import Diagnostic
from tests.compiling import compiled


@attrs.frozen
class Statement:
    """A line, or the lines of one text, with what a careless author may write instead.

    Attributes:
        text: As it should be.
        faults: By the kind of fault what stands there instead; empty where the line is left out.
        reach: How many lines below it a fault may be told.
    """

    text: str
    faults: Mapping[str, str] = {}
    reach: int = 0


@attrs.frozen
class Planted:
    """One fault of a file.

    Attributes:
        lines: The first and last line on which it may be told.
    """

    kind: str
    lines: tuple[int, int]


@attrs.frozen
class Faulty:
    """A file with faults in it."""

    text: str
    planted: tuple[Planted, ...]


def statements(random: Random) -> list[Statement]:
    """A file without mistakes, its constructs and their sizes drawn."""
    lines = [
        Statement("agraph 1"),
        Statement(""),
        Statement("import std.text"),
        Statement("import std.vote", {"misspelt word": "imprt std.vote", "unknown name": "import std.votes"}),
        Statement(""),
        Statement("type Verdict {"),
        Statement("  winner: str", {"word left out": "  winner:", "unknown name": "  winner: strng"}),
        Statement("  score: float", {"sign left out": "  score float", "misspelt word": "  score: flaot"}),
        Statement("}"),
        Statement(""),
        Statement(
            'model fast = anthropic("claude-haiku-4-5", max_tokens = 1024)',
            {
                "quote left out": 'model fast = anthropic("claude-haiku-4-5, max_tokens = 1024)',
                "parenthesis left out": 'model fast = anthropic("claude-haiku-4-5", max_tokens = 1024',
                "unknown name": 'model fast = antropic("claude-haiku-4-5", max_tokens = 1024)',
                "word left out": 'model = anthropic("claude-haiku-4-5", max_tokens = 1024)',
                "stray character": 'model fast = anthropic("claude-haiku-4-5", max_tokens = 1024);',
            },
            reach=1,
        ),
        Statement(
            'model smart = anthropic("claude-opus-5-5")',
            {
                "sign left out": 'model smart anthropic("claude-opus-5-5")',
                "misspelt word": 'modle smart = anthropic("claude-opus-5-5")',
            },
        ),
        Statement(
            'tool search(query: str) -> str = python("tools:search")',
            {
                "word left out": 'tool search(query: str) -> = python("tools:search")',
                "sign left out": 'tool search(query str) -> str = python("tools:search")',
                "parenthesis left out": 'tool search(query: str -> str = python("tools:search")',
                "wrong type": "tool search(query: str) -> str = 5",
            },
        ),
    ]
    names = [f"g{number}" for number in range(random.randint(1, 3))]
    for name in names:
        lines += graph(name, random)
    for name in names:
        lines += tail(name, random)
    return lines


def graph(name: str, random: Random) -> Iterator[Statement]:
    """The statements of a graph."""
    yield Statement("")
    yield Statement(
        f"graph {name}(question: str, hint: str?) -> str? {{",
        {
            "opening brace left out": f"graph {name}(question: str, hint: str?) -> str?",
            "word left out": f"graph {name}(question: str, hint: str?) -> {{",
            "misspelt word": f"grpah {name}(question: str, hint: str?) -> str? {{",
            "unknown name": f"graph {name}(question: str, hint: strng?) -> str? {{",
            "parenthesis left out": f"graph {name}(question: str, hint: str? -> str? {{",
        },
    )
    yield Statement("  model = fast", {"unknown name": "  model = fats", "sign left out": "  model fast"})
    names: list[str] = []
    for number in range(random.randint(2, 5)):
        node = f"n{number}"
        family = random.choice(["", "[3]"])
        yield Statement("")
        yield from model_node(f"{node}{family}", random) if number % 2 == 0 else function_node(node, random)
        names.append(node)
    yield Statement("")
    yield Statement(
        '  node last "Takes the majority." = vote.majority(inbox)',
        {
            "unknown name": '  node last "Takes the majority." = vote.majority(inbx)',
            "wrong type": '  node last "Takes the majority." -> list[float] = text.strip("a")',
            "quote left out": '  node last "Takes the majority. = vote.majority(inbox)',
            "parenthesis left out": '  node last "Takes the majority." = vote.majority(inbox',
            "misspelt word": '  ndoe last "Takes the majority." = vote.majority(inbox)',
            "word left out": '  node last "Takes the majority." = (inbox)',
            "stray character": "  node last 'Takes the majority.' = vote.majority(inbox)",
        },
        reach=1,
    )
    yield Statement("")
    for node in names:
        yield Statement(
            f"  edge {node} -> last ~ 0.5",
            {
                "bad prior": f"  edge {node} -> last ~ {random.choice(['1.5', '-0.5', '50', '[[0.5]]'])}",
                "unknown name": f"  edge {node}x9 -> last ~ 0.5",
                "word left out": f"  edge {node} last ~ 0.5",
                "misspelt word": f"  egde {node} -> last ~ 0.5",
                "sign left out": f"  edge {node} -> last 0.5",
                "wrong type": f'  edge {node} -> last ~ "often"',
                "stray character": f"  edge {node} → last ~ 0.5",
            },
        )
    yield Statement(
        f"  edge {names[0]} -> {names[1]}",
        {"word left out": f"  edge {names[0]} ->", "unknown name": f"  edge {names[0]} -> {names[1]}y7"},
    )
    yield Statement(
        "  output last",
        {"misspelt word": "  outptu last", "word left out": "  output", "unknown name": "  output lst"},
    )
    yield Statement("}", {"closing brace left out": ""}, reach=40)


def model_node(name: str, random: Random) -> Iterator[Statement]:
    """A node with a prompt."""
    yield Statement(
        f'  node {name} "Solves the problem." {{',
        {
            "opening brace left out": f'  node {name} "Solves the problem."',
            "quote left out": f'  node {name} "Solves the problem. {{',
            "word left out": '  node "Solves the problem." {',
            "misspelt word": f'  nod {name} "Solves the problem." {{',
            "bracket left out": f'  node {name.replace("]", "")} "Solves the problem." {{'
            if "]" in name
            else f'  node {name}[3 "Solves the problem." {{',
        },
        reach=1,
    )
    yield Statement(
        "    on ~ 0.9",
        {"bad prior": "    on ~ 1.9", "wrong type": '    on ~ "often"', "unknown attribute": "    onn ~ 0.9"},
    )
    if random.random() < 0.5:
        yield Statement(
            "    retries = 2",
            {
                "wrong type": '    retries = "two"',
                "unknown attribute": "    retry_count = 2",
                "sign left out": "    retries 2",
                "word left out": "    retries =",
            },
        )
    if random.random() < 0.5:
        yield Statement(
            "    tools = [search]",
            {
                "unknown name": "    tools = [serch]",
                "bracket left out": "    tools = [search",
                "wrong type": "    tools = 3",
            },
            reach=1,
        )
    if random.random() < 0.5:
        yield Statement(
            '    prompt ~ """\n      Solve this: {{ question }}\n      {{ inbox }}\n      """',
            {
                "unknown name": (
                    '    prompt ~ """\n      Solve this: {{ qestion }}\n      {{ inbox }}\n      """'
                ),
                "unclosed placeholder": (
                    '    prompt ~ """\n      Solve this: {{ question\n      {{ inbox }}\n      """'
                ),
                "quote left out": (
                    '    prompt ~ ""\n      Solve this: {{ question }}\n      {{ inbox }}\n      """'
                ),
                "closing quotes left out": (
                    '    prompt ~ """\n      Solve this: {{ question }}\n      {{ inbox }}'
                ),
            },
            reach=4,
        )
    else:
        yield Statement(
            '    prompt ~ "Solve this: {{ question }} {{ inbox }}"',
            {
                "unknown name": '    prompt ~ "Solve this: {{ qestion }} {{ inbox }}"',
                "unclosed placeholder": '    prompt ~ "Solve this: {{ question }} {{ inbox "',
                "quote left out": '    prompt ~ "Solve this: {{ question }} {{ inbox }}',
                "opening quote left out": '    prompt ~ Solve this: {{ question }} {{ inbox }}"',
                "unknown attribute": '    promt ~ "Solve this: {{ question }} {{ inbox }}"',
            },
        )
    yield Statement("  }", {"closing brace left out": ""}, reach=4)


def function_node(name: str, random: Random) -> Iterator[Statement]:
    """A node with a right side."""
    yield Statement(
        random.choice(
            [
                f'  node {name} "Looks it up." = search(question)',
                f'  node {name} "Joins." = text.join([question, hint], " ")',
            ]
        ),
        {
            "unknown name": f'  node {name} "Looks it up." = search(qestion)',
            "wrong type": f'  node {name} "Looks it up." -> int = search(question)',
            "parenthesis left out": f'  node {name} "Looks it up." = search(question',
            "bracket left out": f'  node {name} "Joins." = text.join([question, hint, " ")',
            "sign left out": f'  node {name} "Looks it up." search(question)',
            "word left out": f'  node {name} "Looks it up." =',
            "stray character": f'  node {name} "Looks it up." = search(question);',
            "quote left out": f'  node {name} "Joins." = text.join([question, hint], ")',
        },
        reach=1,
    )


def tail(graph: str, random: Random) -> Iterator[Statement]:
    """The test and the optimize block of a graph."""
    yield Statement("")
    yield Statement(
        f'test {graph} "It answers." {{',
        {
            "opening brace left out": f'test {graph} "It answers."',
            "misspelt word": f'tset {graph} "It answers." {{',
            "quote left out": f'test {graph} "It answers. {{',
            "unknown name": f'test {graph}x "It answers." {{',
        },
    )
    yield Statement(
        '  question = "What is 6 * 7?"', {"wrong type": "  question = 6", "unknown name": '  qestion = "?"'}
    )
    yield Statement(
        '  hint = "Count."', {"sign left out": '  hint "Count."', "quote left out": '  hint = "Count.'}
    )
    yield Statement(
        "  model fast = simulated(right = 1)", {"unknown name": "  model fast = simulted(right = 1)"}
    )
    yield Statement(
        '  expect output == "42"',
        {
            "word left out": "  expect output ==",
            "unknown name": '  expect outpt == "42"',
            "sign left out": '  expect output "42"',
            "stray character": '  expect output = "42"',
        },
    )
    yield Statement("}", {"closing brace left out": ""}, reach=12)
    if random.random() < 0.5:
        yield Statement("")
        yield Statement(f"optimize {graph} {{", {"misspelt word": f"optimise {graph} {{"})
        yield Statement(
            '  data = jsonl("rows.jsonl", target = "answer")',
            {
                "wrong type": "  data = 4",
                "parenthesis left out": '  data = jsonl("rows.jsonl", target = "answer"',
                "unknown attribute": '  datas = jsonl("rows.jsonl", target = "answer")',
            },
            reach=1,
        )
        yield Statement(
            "  metric = exact", {"unknown name": "  metric = exacct", "sign left out": "  metric exact"}
        )
        yield Statement(
            "  budget = calls(200)", {"wrong type": "  budget = 200", "word left out": "  budget = (200)"}
        )
        yield Statement("}", {"closing brace left out": ""}, reach=12)


KINDS = sorted({kind for seed in range(20) for each in statements(Random(seed)) for kind in each.faults})
"""The kinds of fault."""


def planted(random: Random, kinds: Sequence[str]) -> Faulty:
    """A file with a fault of each of these kinds, in different statements that do not stand side by side."""
    while True:
        lines = statements(random)
        chosen: dict[int, str] = {}
        for kind in kinds:
            places = [
                number
                for number, each in enumerate(lines)
                if kind in each.faults and not _depends(number, kind, lines, chosen)
            ]
            if places:
                chosen[random.choice(places)] = kind
        if len(chosen) == len(kinds):
            return _written(lines, chosen)


_HIDDEN_BY = {"  model = fast": "model fast", "= search(": "tool "}
"""What stands in lines of which nothing may be told where one that begins so is not read."""


def _depends(number: int, kind: str, lines: Sequence[Statement], chosen: Mapping[int, str]) -> bool:
    """Whether a fault would hide another one.

    That is so where they stand side by side, where both braces of a body are lost, in a test whose graph
    cannot be told, where what is not read is named, and where a node without a name may be any that is not
    known.
    """
    if any(abs(number - other) <= 1 or _hides(number, other, lines) for other in chosen):
        return True
    faults = [*chosen.items(), (number, kind)]
    if any(_is_nameless(*fault, lines) for fault in faults) and any(
        _names_end(place, lines) for place, _ in faults
    ):
        return True
    test = _test(number, lines)
    if test is not None and any(_test(other, lines) == test and test in (number, other) for other in chosen):
        return True
    body = _body(number, lines)
    return body is not None and any(_body(other, lines) == body for other in chosen)


def _is_nameless(number: int, kind: str, lines: Sequence[Statement]) -> bool:
    """Whether a node loses its name: what is said of its edges may be about any that is not known."""
    return kind == "word left out" and lines[number].text.startswith("  node ")


def _names_end(number: int, lines: Sequence[Statement]) -> bool:
    """Whether a fault stands in what names nodes."""
    return lines[number].text.startswith(("  edge ", "  output "))


def _hides(one: int, other: int, lines: Sequence[Statement]) -> bool:
    """Whether a fault of one of two lines can hide a fault of the other."""
    first, second = lines[one].text, lines[other].text
    return any(
        (hidden in first and second.startswith(hiding)) or (hidden in second and first.startswith(hiding))
        for hidden, hiding in _HIDDEN_BY.items()
    )


def _test(number: int, lines: Sequence[Statement]) -> int | None:
    """The first line of the test that a line is in, or `None` for one that is in none."""
    heads = (place for place in range(number, -1, -1) if not lines[place].text.startswith((" ", "}")))
    head = next(heads, None)
    return head if head is not None and lines[head].text.startswith("test ") else None


def _body(number: int, lines: Sequence[Statement]) -> int | None:
    """The line that opens the body which a line opens or closes, or `None` for another."""
    text = lines[number].text
    if text.endswith("{"):
        return number
    if text.strip() != "}":
        return None
    indentation = len(text) - 1
    return max(
        place
        for place, each in enumerate(lines[:number])
        if each.text.endswith("{") and len(each.text) - len(each.text.lstrip()) == indentation
    )


def _written(lines: Sequence[Statement], chosen: Mapping[int, str]) -> Faulty:
    texts: list[str] = []
    found: list[Planted] = []
    line = 1
    for number, each in enumerate(lines):
        text = each.faults[chosen[number]] if number in chosen else each.text
        if number in chosen:
            last = line + each.text.count("\n") + each.reach
            found.append(Planted(chosen[number], (line - (not text), last)))
            if not text:
                continue
        texts.append(text)
        line += text.count("\n") + 1
    return Faulty("\n".join([*texts, ""]), tuple(found))


@attrs.frozen
class Told:
    """What the compiler says of a file with faults.

    Attributes:
        missed: The faults that no finding is about.
        spurious: The findings that are about no fault.
    """

    missed: tuple[Planted, ...]
    spurious: tuple[Diagnostic, ...]


def told(faulty: Faulty) -> Told:
    """Compare the findings of a file with the faults in it: each finding is about one fault at most."""
    left = [each for each in compiled(faulty.text).diagnostics if each.severity == "error"]
    missed = []
    for fault in sorted(faulty.planted, key=lambda fault: fault.lines[1] - fault.lines[0]):
        about = next((each for each in left if _is_about(each, fault)), None)
        if about is None:
            missed.append(fault)
        else:
            left.remove(about)
    return Told(tuple(missed), tuple(left))


def _is_about(diagnostic: Diagnostic, fault: Planted) -> bool:
    first, last = fault.lines
    spans = [diagnostic.span, *(label.span for label in diagnostic.labels)]
    return any(first <= diagnostic.source.position(span.start)[0] <= last for span in spans)
