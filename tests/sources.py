"""Random `.agraph` files with learnables of every shape, written in many styles."""

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
        indent + "}" + end(),
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
