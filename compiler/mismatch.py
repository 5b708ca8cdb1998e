"""Telling that a value is of another type than is wanted, and in a record which field it is."""

from agraph.compiler import kinds, types
from agraph.compiler.diagnostics import Findings, listed
from agraph.compiler.source import Span


def report_mismatch(
    what: str, given: types.Type, wanted: types.Type, span: Span, findings: Findings, hint: str | None = None
) -> None:
    """Report a value of a type that does not fit.

    Args:
        what: The value, for the message: `the output`.
        given: Its type.
        wanted: The type of the place.
        span: Where the value stands.
        findings: Where it is noted.
        hint: What to do about it; `None` leaves it to the fields of records, where they tell.
    """
    findings.add(
        kinds.TYPE_MISMATCH,
        span,
        what=what,
        given=types.show(given),
        wanted=types.show(wanted),
        hint=hint or _fields_at_fault(types.required(given), types.required(wanted)),
    )


def _fields_at_fault(given: types.Type, wanted: types.Type) -> str | None:
    """What keeps one record from being another, or `None` where they are no records."""
    if not isinstance(given, types.Record) or not isinstance(wanted, types.Record):
        return None
    there, expected = dict(given.fields), dict(wanted.fields)
    missing = [
        name
        for name, type_ in expected.items()
        if name not in there and not isinstance(type_, types.Optional)
    ]
    unknown = [name for name in there if name not in expected]
    other = [
        f"`{name}` should be `{types.show(type_)}`"
        for name, type_ in expected.items()
        if name in there and not types.fits(there[name], type_)
    ]
    reasons = [f"it lacks {listed(missing)}"] if missing else []
    reasons += [f"`{wanted.name}` has no {listed(unknown)}"] if unknown else []
    return "; ".join([*reasons, *other]) or None
