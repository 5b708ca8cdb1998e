"""Random `.agraph` files with learnables of every shape, written in many styles."""

from collections.abc import Iterator

import attrs
from hypothesis import strategies as st

from agraph.compiler.loader import Unreadable
from agraph.compiler.source import Source
from agraph.compiler.strings import encode
from agraph.compiler.templates import Placeholder, split


def is_sound(text: str) -> bool:
    """Whether a text is a prompt of the generated graphs: its placeholders are closed and known."""
    return all(
        isinstance(part, str) or (isinstance(part, Placeholder) and part.path in ("inbox", "question"))
        for part in split(text)
    )


PROMPT_TEXTS = (
    st.lists(
        st.sampled_from(
            ['"', '"""', '""""', "#", "{", "}", "{{ inbox }}", "{{ question }}", '{{ "{{" }}', "~ 0.5",
             "é", "😀", "\t", " ", "\n", "\n\n", "\\", "\\n", "node x", "edge a -> b ~ 0.5", "}", "word",
             "\r", "\x07"]
        ),
        max_size=12,
    )
    .map("".join)
    .filter(is_sound)
)  # fmt: skip
"""Texts of prompts with everything in them that a careless writer would break."""

PROBABILITIES = st.integers(1, 999).map(lambda thousandths: thousandths / 1000)
"""Probabilities as the optimizer writes them."""


class NoFiles:
    """A loader of files that import nothing."""

    def std_modules(self) -> tuple[str, ...]:
        return ()

    def std(self, name: str) -> Source:
        raise AssertionError(name)

    def relative(self, path: str, importer: Source) -> Source | Unreadable:
        return Unreadable("there are no other files")


@st.composite
def comments(draw: st.DrawFn) -> str:
    """What may stand at the end of a line."""
    return draw(st.sampled_from(["", "  # ~ 0.5", ' # "quote" {{ x }}', "\t# 😀 [0.1, 0.2]", "   "]))


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A prior as an author may write it."""
    return draw(st.sampled_from(["0.5", "0.50", "1e-1", "0.123456", "0.9", "5E-1", "0.250"]))


def nested(draw: st.DrawFn, shape: tuple[int, ...], holes: bool = False, row: int = 0) -> str:
    """Lists of numbers of a shape, with comments and line ends between them."""
    if not shape:
        return draw(numbers())
    gap = st.sampled_from(["", " ", "\n  ", "  # here\n  "])
    items = [
        "0" if holes and len(shape) == 1 and index == row else nested(draw, shape[1:], holes, index)
        for index in range(shape[0])
    ]
    return (
        "[" + draw(gap) + (", " + draw(gap)).join(items) + draw(st.sampled_from(["", ","])) + draw(gap) + "]"
    )


def examples() -> st.SearchStrategy[str]:
    """Lists of examples as an author may write them."""
    return st.sampled_from(
        ["[]", '[{ output: "é" }]', '[ # first\n    { output: "a\\n}" },\n  {output:"b"},\n]']
    )


@st.composite
def files(draw: st.DrawFn) -> str:
    """The text of a file that compiles and has edges, gates and prompts to learn."""
    size = draw(st.integers(1, 4))
    indent = draw(st.sampled_from(["  ", "\t", "    "]))

    def end() -> str:
        return draw(comments()) + "\n" + draw(st.sampled_from(["", "\n", "# a line\n"]))

    def prior(*shape: int, holes: bool = False) -> str:
        return draw(numbers()) if draw(st.booleans()) else nested(draw, shape, holes)

    def prompt() -> str:
        text = draw(PROMPT_TEXTS)
        like = draw(st.sampled_from(['"old"', '"""\n"""']))
        return encode(text, like, indent * 2, "\n")

    lines = [
        "agraph 1" + end(), 'model fast = anthropic("m")' + end(),
        "graph g(question: str) -> str {" + end(), indent + "model = fast" + end(),
        f'{indent}node a[{size}] "Answers. # not a comment" {{' + end(),
        f"{indent * 2}on ~ {prior(size)}" + end(), f"{indent * 2}prompt ~ {prompt()}" + end(),
        f"{indent * 2}examples ~ {draw(examples())}" + end(), indent + "}" + end(),
        f'{indent}node b "Says more." {{' + end(), f"{indent * 2}prompt ~ {prompt()}" + end(),
        f"{indent * 2}on ~ {prior()}" + end(), indent + "}" + end(),
        f'{indent}node c "Ends." {{' + end(), f"{indent * 2}prompt = {prompt()}" + end(),
        indent + "}" + end(),
        f"{indent}edge [a, b] -> c ~ {prior(size + 1)}" + end(),
        f"{indent}edge a -> b ~ {prior(size)}" + end(),
        f"{indent}edge b -> a ~ {prior(size)}" + end(),
    ]  # fmt: skip
    if size > 1:
        lines.append(f"{indent}edge a -> a ~ {prior(size, size, holes=True)}" + end())
    lines += [indent + "output c" + end(), "}" + draw(st.sampled_from(["", "\n", "  # end"]))]
    text = "".join(lines)
    if draw(st.booleans()):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + text


SIZE = 2
"""How many members the families have in files with instances."""


@attrs.frozen
class _Writer:
    """Writes a file with instances, drawing every detail of its style."""

    draw: st.DrawFn
    indent: str

    def choose(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def end(self) -> str:
        """The rest of a line, and what may stand before the next one."""
        return self.draw(comments()) + "\n" + self.choose("", "", "\n", "# a line\n", f"{self.indent}# }}\n")

    def prior(self, *shape: int) -> str:
        return self.draw(numbers()) if self.draw(st.booleans()) else nested(self.draw, shape)

    def prompt(self, depth: int) -> str:
        like = self.choose('"old"', '"""\n"""')
        return encode(self.draw(PROMPT_TEXTS), like, self.indent * depth, "\n")

    def block(self, lines: list[str], depth: int) -> str:
        """The block of an instance at a depth of indentation, missing or empty ones among them."""
        kept = [line for line in lines if self.draw(st.booleans())]
        if not kept:
            return self.choose("", " {}", " { }", " {\n" + self.indent * depth + "}")
        if len(kept) == 1 and "\n" not in kept[0] and self.draw(st.booleans()):
            return f" {{ {kept[0]} }}"
        inside = "".join(self.indent * (depth + 1) + line + self.end() for line in kept)
        return " {" + self.end() + inside + self.indent * depth + "}"

    def leaf_lines(self, depth: int, *around: int) -> list[str]:
        """Lines of a block about a graph `leaf`, inside families of these sizes."""
        said = self.choose("a -> b ~ " + self.prior(*around, SIZE), "a -> b")
        return [
            f"a.on ~ {self.prior(*around, SIZE)}",
            f"a.prompt ~ {self.prompt(depth + 1)}",
            f"b.prompt {self.choose('~', '=')} {self.prompt(depth + 1)}",
            f"b.examples ~ {self.draw(examples())}",
            f"b.model ~ {{ smart: {self.prior(*around)}, fast: {self.prior(*around)} }}",
            "edge b -> a = false",
            f"edge {said}",
            f"edge [ a,b ] -> c ~ {self.prior(*around, SIZE + 1)}",
        ]

    def middle_lines(self, depth: int, *around: int) -> list[str]:
        """Lines of a block about a graph `middle`, those of its inner instances among them."""
        return [
            f"first{self.block(self.leaf_lines(depth + 1, *around), depth + 1) or ' {}'}",
            f"chain{self.block(self.leaf_lines(depth + 1, *around, SIZE), depth + 1) or ' {}'}",
            f"edge [first, chain] -> end ~ {self.prior(*around, SIZE + 1)}",
        ]

    def sign(self) -> str:
        return self.choose("~", "=")

    def graphs(self) -> Iterator[str]:
        """The statements of the file."""
        one, two = self.indent, self.indent * 2
        yield f"graph leaf[size = {SIZE}](question: str, more: str?) -> str {{"
        yield f"{one}model = fast"
        yield f'{one}node a[size] "Answers." {{'
        yield f"{two}on ~ {self.draw(numbers())}"
        yield f"{two}prompt ~ {self.prompt(2)}"
        yield f"{one}}}"
        yield f'{one}node b "Says more." {{'
        yield f"{two}model ~ {{ fast: {self.draw(numbers())}, smart: 3 }}"
        yield f"{two}prompt ~ {self.prompt(2)}"
        yield f"{two}examples ~ []"
        yield f"{one}}}"
        yield f'{one}node c "Ends." {{ prompt = "{{{{ inbox }}}}" }}'
        yield f"{one}edge [a, b] -> c ~ {self.draw(numbers())}"
        yield f"{one}edge a -> b ~ {self.draw(numbers())}"
        yield f"{one}edge b -> a ~ {self.draw(numbers())}"
        yield f"{one}output c"
        yield "}"
        yield "graph middle(question: str) -> str {"
        yield f"{one}model = fast"
        yield f"{one}node first {self.sign()} leaf[{SIZE}](question){self.block(self.leaf_lines(1), 1)}"
        chain = self.block(self.leaf_lines(1, SIZE), 1)
        yield f"{one}node chain[{SIZE}] {self.sign()} leaf(question,\n{two}chain){chain}"
        yield f"{one}edge chain[i] -> chain[i + 1]"
        yield f'{one}node end "Ends." {{ prompt = "{{{{ inbox }}}}" }}'
        yield f"{one}edge [first, chain] -> end ~ {self.draw(numbers())}"
        yield f"{one}output end"
        yield "}"
        yield "graph main(question: str) -> str {"
        yield f"{one}model = fast"
        yield f'{one}node x "Searches." ~ middle(question){self.block(self.middle_lines(1), 1)}'
        family = self.block(self.middle_lines(1, SIZE), 1)
        yield f"{one}node y[{SIZE}] {self.sign()} middle(question = question){family}"
        yield f"{one}node z {self.sign()} leaf(question,\n{two}{two}null){self.block(self.leaf_lines(1), 1)}"
        yield f'{one}node last "Ends." {{ prompt ~ {self.prompt(2)} }}'
        yield f"{one}edge [x, y, z] -> last ~ {self.prior(SIZE + 2)}"
        yield f"{one}output last"


@st.composite
def composed_files(draw: st.DrawFn) -> str:
    """The text of a file that compiles and whose last graph is made of instances with blocks of all kinds."""
    writer = _Writer(draw, draw(st.sampled_from(["  ", "\t", "    "])))
    head = ["agraph 1", 'model fast = anthropic("m")', 'model smart = anthropic("n")']
    lines = [line + writer.end() for line in (*head, *writer.graphs())]
    text = "".join(lines) + "}" + draw(st.sampled_from(["", "\n", "  # end"]))
    if draw(st.booleans()):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + text
