"""Runs a program against tests, in a process of its own.

The process has a time limit, an empty environment, and neither the user's packages nor the network. All of
that keeps out mistakes and not malice: it is no sandbox.
"""

import asyncio
import json
import sys
import tempfile

TIME_LIMIT_S = 5.0
_LONGEST = 2000

_RUNNER = """\
import json, sys, traceback

def refuse(event, arguments):
    if event.startswith("socket."):
        raise PermissionError("the network is off")

def told(error, names):
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in names:
            said = str(error) or names[frame.filename].split("\\n")[frame.lineno - 1].strip()
            return f"line {frame.lineno} of the {frame.filename}: {type(error).__name__}: {said}"
    return f"{type(error).__name__}: {error}"

given = json.load(sys.stdin)
report, sys.stderr = sys.stderr, sys.stdout
sys.addaudithook(refuse)
namespace = {"__name__": "program"}
try:
    for name in ("program", "tests"):
        exec(compile(given[name], name, "exec"), namespace)
except BaseException as error:
    print(told(error, given), file=report)
    sys.exit(1)
"""


async def run_tests(program: str, tests: str) -> dict[str, bool | str]:
    """Whether the tests pass, and what went wrong where they do not.

    Args:
        program: Python that needs the standard library alone.
        tests: Python that raises where the program is wrong, such as `assert f(1) == 2`.
    """
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", "-c", _RUNNER, cwd=folder, env={},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        given = json.dumps({"program": program, "tests": tests}).encode()
        try:
            _, errors = await asyncio.wait_for(process.communicate(given), TIME_LIMIT_S)
        except TimeoutError:
            return {"passed": False, "said": f"it did not end within {TIME_LIMIT_S:g} seconds"}
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    said = errors.decode(errors="replace").strip()[-_LONGEST:]
    return {"passed": process.returncode == 0, "said": said}
