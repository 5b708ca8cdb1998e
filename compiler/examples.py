"""Demonstrations of a model node: records of what its prompt reads, and of its answer."""

from collections.abc import Iterator, Mapping, Sequence

from agraph.compiler import ir, kinds, syntax, types
from agraph.compiler.attributes import Said, Settings
from agraph.compiler.diagnostics import Findings, listed, nearest
from agraph.compiler.literals import describe, literal, literal_type, report_repeated_keys
from agraph.compiler.mismatch import report_mismatch
from agraph.compiler.prompts import prompt_reads

OUTPUT = "output"
"""The key of the answer."""


def read_examples(
    settings: Settings, node: str, type_: types.Type, inputs: Mapping[str, types.Type]
) -> tuple[ir.Example, ...]:
    """The demonstrations of a node; what is wrong with them is reported.

    Args:
        settings: Those of the node.
        node: Its name.
        type_: Of its message.
        inputs: The types of the graph's inputs.
    """
    said = settings.get("examples")
    if said is None:
        return ()
    if not isinstance(said.value, syntax.ListValue):
        said.findings.add(
            kinds.BAD_ATTRIBUTE, said.value.span, name="examples",
            wanted="a list of records, each with an `output`", found=describe(said.value),
        )  # fmt: skip
        return ()
    prompts = tuple(_prompts(settings))
    if not prompts:
        return ()
    known = {read.name for prompt in prompts for read in prompt_reads(prompt)}
    for item in said.value.items:
        _refuse_files(item, inputs, said.findings)
    found = (_example(item, sorted(known), node, type_, said.findings) for item in said.value.items)
    return tuple(example for example in found if example is not None)


def _refuse_files(item: syntax.Expression, inputs: Mapping[str, types.Type], findings: Findings) -> None:
    for entry in item.entries if isinstance(item, syntax.RecordValue) else ():
        name = entry.key.text
        if name in inputs and types.holds_files(inputs[name]):
            findings.add(kinds.FILE_IN_EXAMPLE, entry.key.span, name=name, type=types.show(inputs[name]))


def _prompts(settings: Settings) -> Iterator[syntax.String]:
    """The prompt, or every one that may be chosen."""
    options = [option for (attribute, _), option in settings.options.items() if attribute == "prompt"]
    said: list[Said | None] = [settings.get("prompt"), *options]
    for each in said:
        if each is not None and isinstance(each.value, syntax.String):
            yield each.value


def _example(
    item: syntax.Expression, known: Sequence[str], node: str, type_: types.Type, findings: Findings
) -> ir.Example | None:
    entries = item.entries if isinstance(item, syntax.RecordValue) else ()
    answer = next((entry for entry in entries if entry.key.text == OUTPUT), None)
    if answer is None:
        findings.add(kinds.BAD_EXAMPLE, item.span)
        return None
    report_repeated_keys(entries, findings)
    values = []
    for entry in entries:
        if entry is answer:
            continue
        if entry.key.text not in known:
            name = entry.key.text
            hint = nearest(name, known) or f"it reads {listed(known)}"
            findings.add(kinds.UNREAD_EXAMPLE, entry.key.span, node=node, name=name, hint=hint)
        values.append((entry.key.text, literal(entry.value, findings)))
    given = literal_type(answer.value)
    if not types.fits(given, type_):
        report_mismatch(f"the `output` of an example of `{node}`", given, type_, answer.value.span, findings)
    return ir.Example(tuple(values), literal(answer.value, findings))
