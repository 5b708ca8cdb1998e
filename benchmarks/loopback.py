"""The loopback server in a process of its own, so that it does not share one with what is measured."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SERVE = """
import sys
from agraph.testing import MessagesServer, slow, text
with MessagesServer(slow(float(sys.argv[1]), text("4"))) as server:
    print(server.base_url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def loopback(latency_s: float) -> Iterator[str]:
    """The address of a server that answers each request after so many seconds, as long as this lasts."""
    command = [sys.executable, "-c", _SERVE, str(latency_s)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            # The server ends at the end of its input.
            process.stdin.close()
