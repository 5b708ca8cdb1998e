"""Test results as JUnit XML, which build servers read."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

import attrs

from agraph.runtime.errors import FileError

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@attrs.frozen
class Case:
    """One test as a report shows it.

    Attributes:
        failure: What did not hold, in full; empty where all did.
        error: Why there was nothing to hold, in full; empty where there was.
    """

    name: str
    duration_s: float
    failure: str = ""
    error: str = ""


@attrs.frozen
class Suite:
    """The tests of one file.

    Attributes:
        unusable: Whether the file has errors; one case then says so.
    """

    path: str
    cases: tuple[Case, ...]
    unusable: bool = False


def write_junit(path: str, suites: Sequence[Suite]) -> None:
    """Write a report.

    Raises:
        FileError: The file cannot be written.
    """
    try:
        with open(path, "wb") as file:
            file.write(junit(suites))
    except OSError as error:
        raise FileError(f"cannot write `{path}`: {(error.strerror or str(error)).lower()}") from error


def junit(suites: Sequence[Suite]) -> bytes:
    """The report in UTF-8: a `testsuite` for each file, a `testcase` for each test."""
    root = ElementTree.Element("testsuites", _counts([case for suite in suites for case in suite.cases]))
    for suite in suites:
        attributes = {"name": _clean(suite.path), **_counts(suite.cases)}
        element = ElementTree.SubElement(root, "testsuite", attributes)
        for case in suite.cases:
            _append(element, suite.path, case)
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _append(suite: ElementTree.Element, path: str, case: Case) -> None:
    attributes = {"classname": _clean(path), "name": _clean(case.name), "time": f"{case.duration_s:.3f}"}
    element = ElementTree.SubElement(suite, "testcase", attributes)
    for tag, text in (("failure", case.failure), ("error", case.error)):
        if text:
            first = _clean(text.split("\n", 1)[0])
            ElementTree.SubElement(element, tag, {"message": first}).text = _clean(text)


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(bool(case.failure) for case in cases)),
        "errors": str(sum(bool(case.error) for case in cases)),
        "time": f"{sum(case.duration_s for case in cases):.3f}",
    }


def _clean(text: str) -> str:
    """The text without the characters that no XML can hold."""
    return _NOT_IN_XML.sub("\ufffd", text)
