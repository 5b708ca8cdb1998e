"""The words of the language where a statement begins, each with what it is for."""

from collections.abc import Mapping

ITEMS: Mapping[str, str] = {
    "agraph": "the version of the language, on the first line: `agraph 1`",
    "import": "brings what another file declares",
    "type": "declares a record type",
    "model": "declares a model: a provider with its options",
    "tool": "gives a function a type",
    "graph": "declares a graph of nodes and edges",
    "test": "says what a graph shall answer, offline",
    "optimize": "says on which data a graph is optimized, and by which metric",
}
"""What begins an item of a file."""

GRAPH_STATEMENTS: Mapping[str, str] = {
    "node": "a step that reads messages and has one value, which is its message",
    "edge": "the way from one node's message to another node; a candidate with `~`",
    "output": "the node, member or family whose value is the graph's answer",
}
"""What begins a statement of a graph, besides its defaults."""

ATTRIBUTES: Mapping[str, str] = {
    "prompt": "the text that the model is sent; after `~` it is learnable, or a choice",
    "model": "which model the node asks; after `~` a choice",
    "system": "a prompt that is sent as system text",
    "tools": "the tools that the model is offered; after `~` a choice",
    "max_turns": "how many replies the node may take to an answer, tool calls included",
    "examples": "rows that the model is shown before its own",
    "on": "`true` or `false`; after `~` the probability that the node is there",
    "when": "one comparison; the node is skipped where it is false",
    "requires": "the fewest messages that the node can work with",
    "retries": "how often a failed node tries again",
    "timeout": "seconds for each try",
    "on_error": "`fail`: the run fails; `skip`: the node sends nothing; or a value to give instead",
    "cache": "`false`: the node's calls are not shared",
}

TEST_STATEMENTS: Mapping[str, str] = {
    "expect": "one comparison that shall hold after the run",
    "model": "a model in the place of one of the graph's own: `model fast = scripted(…)`",
    "target": "the right answer, for simulated models",
}

OPTIMIZE_STATEMENTS: Mapping[str, str] = {
    "data": 'the rows: `jsonl("file", target = "column")`, or `json` or `csv`',
    "metric": "how an answer is scored",
    "budget": "when to stop, such as `calls(500)`",
    "columns": "the data's column for an input of another name",
    "proposer": "the model that proposes prompts",
}

TYPES: Mapping[str, str] = {
    "str": "texts", "int": "whole numbers", "float": "finite numbers", "bool": "`true` and `false`",
    "list": "lists: `list[T]`", "image": "pictures", "file": "documents: a PDF or a text",
}  # fmt: skip

READ_EVERYWHERE: Mapping[str, str] = {
    "inbox": "the list of all messages that came and are not read by name",
}
