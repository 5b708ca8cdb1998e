"""A thousand runs at once, in a process that may open fewer files than that."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agraph.testing import MessagesServer, ReceivedRequest, text
from agraph.testing.behaviours import Message
from tests.commands import DEADLINE_S

RUNS = 1000

FILES = 256
"""As many as some systems allow unless they are asked for more."""

TEXT = """\
agraph 1

model fast = anthropic("any-model", base_url = "{base_url}")

graph ask(question: str) -> str {{
  node answer "Answers." {{
    model = fast
    prompt = "{{{{ question }}}}"
  }}
  output answer
}}
"""

SCRIPT = """
import asyncio, json, resource, sys
from agraph.graph_argument import load_graph
from agraph.runtime.frame import Row
from agraph.runtime.plan import deployed
from agraph.runtime.session import Session

_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[3]), most))
_, graph = load_graph(sys.argv[1])

async def answers(runs):
    async with Session(graph, concurrency=runs) as session, asyncio.TaskGroup() as group:
        rows = [Row(str(number), {"question": str(number)}) for number in range(runs)]
        tasks = [group.create_task(session.run(deployed(graph), row)) for row in rows]
    return [task.result().value for task in tasks]

print(json.dumps(asyncio.run(answers(int(sys.argv[2])))))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_thousand_graphs_run_at_once_and_each_gets_its_own_answer(tmp_path: Path) -> None:
    def echo(request: ReceivedRequest) -> Message:
        return text(f"{request.prompt}!")

    with MessagesServer(echo) as server:
        path = tmp_path / "ask.agraph"
        path.write_text(TEXT.format(base_url=server.base_url))
        arguments = [str(path), str(RUNS), str(FILES)]
        finished = subprocess.run(
            [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, timeout=DEADLINE_S
        )
        assert finished.returncode == 0, finished.stderr
        assert json.loads(finished.stdout) == [f"{number}!" for number in range(RUNS)]
        assert len(server.requests) == RUNS
