"""One version of a file with all that is known of it."""

from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property

import attrs

from agraph.compiler import Compilation, compile_source
from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.loader import Loader
from agraph.compiler.names import Module
from agraph.compiler.source import Source
from agraph.editing.occurrences import occurrences
from agraph.editing.symbols import Known, Occurrence, Symbol
from agraph.lints import findings_of


@attrs.frozen(eq=False)
class Analysis:
    """A file as the compiler sees it, and the names in it.

    Attributes:
        std_modules: The names of the std modules.
        known: The names of the graphs of this file and of those that it imports.
    """

    compilation: Compilation
    std_modules: tuple[str, ...]
    known: Known = attrs.field(factory=Known)

    @property
    def module(self) -> Module:
        """The file with its names resolved."""
        return self.compilation.module

    @property
    def source(self) -> Source:
        """The text."""
        return self.module.source

    @cached_property
    def findings(self) -> tuple[Diagnostic, ...]:
        """Everything that there is to say about the file, as `agraph check` does."""
        return findings_of(self.compilation)

    @cached_property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """Every place that names something, in the order of the text."""
        return occurrences(self.module, self.compilation.lowered, self.known)

    @cached_property
    def modules(self) -> Mapping[str, Module]:
        """The file and everything that it imports, by path."""
        found: dict[str, Module] = {}
        waiting = [self.module]
        while waiting:
            each = waiting.pop()
            if each.source.path not in found:
                found[each.source.path] = each
                waiting.extend(each.imports.values())
        return found

    def occurrence_at(self, offset: int) -> Occurrence | None:
        """The name in which a place lies, or behind which it stands; `None` where there is none."""
        last = bisect_right(self._starts, offset)
        for occurrence in reversed(self.occurrences[max(0, last - 2) : last]):
            if occurrence.span.start <= offset <= occurrence.span.end:
                return occurrence
        return None

    @cached_property
    def _starts(self) -> list[int]:
        return [occurrence.span.start for occurrence in self.occurrences]

    def declaration(self, symbol: Symbol) -> tuple[Source, Occurrence] | None:
        """The file that declares a symbol, and where; `None` where that is not among what it imports."""
        module = self.modules.get(symbol.path)
        if module is None:
            return None
        found = self.occurrences if module is self.module else occurrences(module, {}, self.known)
        declaring = (each for each in found if each.declares and each.symbol == symbol)
        first = next(declaring, None)
        return None if first is None else (module.source, first)


def analyzed(source: Source, loader: Loader) -> Analysis:
    """All that is known of a file."""
    analysis = Analysis(compile_source(source, loader), loader.std_modules())
    # Looked at here, where nobody waits for it.
    _ = analysis.occurrences, analysis.findings
    return analysis
