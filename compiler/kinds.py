"""The prose of everything that the compiler has to say, one constant for each kind of mistake.

The codes are families: AG01 the text and its syntax, AG02 names and imports, AG03 types, AG04 edges, priors
and the output, AG05 nodes and their attributes, AG06 prompts, AG07 models and tools, AG08 optimize blocks,
AG09 parts of the language that this version does not run, AG10 graphs as nodes and choices, AG11 tests,
AG12 what is legal and probably not meant.
"""

from agraph.compiler.diagnostics import Kind

# AG01: the text and its syntax.

UNEXPECTED_TOKEN = Kind("AG0101", "error", "expected {expected}, found {found}")
STRAY_CHARACTER = Kind("AG0102", "error", "{found} means nothing here")
UNCLOSED_BRACKET = Kind("AG0103", "error", "`{opener}` is never closed", "write `{closer}` where it ends")
UNOPENED_BRACKET = Kind("AG0104", "error", "`{closer}` closes nothing", "remove it, or open it before")
MISMATCHED_BRACKET = Kind("AG0105", "error", "`{opener}` is closed by `{found}`", "close it by `{closer}`")
UNCLOSED_STRING = Kind(
    "AG0106",
    "error",
    "the string is not closed on its line",
    'end it with `"`; text of several lines stands between `"""` and `"""`',
)
UNCLOSED_BLOCK = Kind(
    "AG0107",
    "error",
    "the block of text is never closed",
    "write `{run}` as the first thing on the line after the text",
)
BLOCK_OPENING = Kind(
    "AG0108",
    "error",
    "the text of a block begins on the line after its opening quotes",
    'break the line after `{run}` and before the closing quotes, or use a string between single `"`',
)
BLOCK_INDENTATION = Kind(
    "AG0109",
    "error",
    "the line is not indented as the closing quotes of its block are",
    "begin it with the same blanks as the line of the closing `{run}`, or close an earlier block",
)
UNKNOWN_ESCAPE = Kind(
    "AG0110",
    "error",
    "unknown escape `{found}`",
    'the escapes are `\\n`, `\\r`, `\\t`, `\\"`, `\\\\`, `\\uXXXX` and `\\u{{X…}}`; a backslash is `\\\\`',
)
RESERVED_WORD = Kind("AG0111", "error", "`{name}` is a reserved word", "choose another name")
MISSING_HEADER = Kind("AG0112", "error", "the header is missing", "begin the file with the line `agraph 1`")
MISPLACED_HEADER = Kind(
    "AG0113", "error", "the header does not stand first", "write `agraph 1` once, before everything else"
)
UNSUPPORTED_VERSION = Kind(
    "AG0114",
    "error",
    "version `{found}` of the language is not known here",
    "this agraph reads version 1: `agraph 1`",
)
TOO_DEEP = Kind("AG0115", "error", "the nesting is deeper than {limit} levels")
NUL_CHARACTER = Kind("AG0116", "error", "the file holds a NUL character", "is it a text file in UTF-8?")
NUMBER_TOO_LARGE = Kind("AG0117", "error", "the number is too large")
TOO_MANY_ERRORS = Kind("AG0118", "error", "too many errors: only the first {limit} are shown")

# AG02: names and imports.

UNKNOWN_NAME = Kind("AG0201", "error", "`{name}` is not known here", "what can be read here: {known}")
UNKNOWN_TYPE = Kind(
    "AG0202", "error", "there is no type `{name}`", "declare it: `type {name} {{ answer: str }}`"
)
UNKNOWN_MODEL = Kind(
    "AG0203", "error", "there is no model `{name}`", 'declare it: `model {name} = anthropic("…")`'
)
UNKNOWN_TOOL = Kind(
    "AG0204",
    "error",
    "there is no tool or graph `{name}`",
    'declare it: `tool {name}(…) -> str = python("module:function")`',
)
UNKNOWN_NODE = Kind(
    "AG0205",
    "error",
    "there is no node `{name}` in this graph",
    "declare it: `node {name} …`; inputs are read without an edge",
)
UNKNOWN_GRAPH = Kind(
    "AG0206",
    "error",
    "there is no graph `{name}` in this file",
    "tests and `optimize` blocks stand in the file of their graph",
)
UNKNOWN_MODULE = Kind(
    "AG0207",
    "error",
    "nothing is imported as `{name}`",
    'add `import std.{name}` or `import "….agraph" as {name}` at the top',
)
NOT_IN_MODULE = Kind("AG0208", "error", "`{module}` has no {what} `{name}`")
DECLARED_TWICE = Kind("AG0209", "error", "`{name}` is declared twice", "give one of the two another name")
UNKNOWN_STD = Kind("AG0210", "error", "there is no std module `{name}`", "std has: {known}")
IMPORT_UNREADABLE = Kind("AG0211", "error", "`{path}` cannot be imported: {reason}")
IMPORT_HAS_ERRORS = Kind(
    "AG0212", "error", "`{path}` has errors of its own", "`agraph check` on that file shows them"
)
IMPORT_CYCLE = Kind(
    "AG0213", "error", "`{path}` imports itself: {cycle}", "move what both need into a third file"
)
RESERVED_NAME = Kind(
    "AG0214", "error", "`{name}` is a word of the language and cannot name {what}", "choose another name"
)
NAME_NEEDS_EDGE = Kind(
    "AG0215",
    "error",
    "`{node}` reads `{name}`, but no edge leads from `{name}` to it",
    "add `edge {name} -> {node}`",
)
INDEX_OUTSIDE_FAMILY = Kind(
    "AG0216",
    "error",
    "`index` is the number of a family's member, and `{node}` is one node",
    "declare a family, `node {node}[3] …`, or leave `index` out",
)
READS_ITSELF = Kind(
    "AG0217",
    "error",
    "`{name}` reads its own message, which is not there before it has run",
    "in a family, `edge {name}[i] -> {name}[i + 1]` lets each member read the one before",
)
IMPORT_NEEDS_NAME = Kind(
    "AG0218",
    "error",
    "the file's name in `{path}` cannot stand in an expression",
    'give it a name: `import "{path}" as …`',
)
UNKNOWN_INPUT = Kind(
    "AG0219",
    "error",
    "the graph has no input `{name}`",
    '`columns` names the column that an input takes: `{{ question: "problem" }}`',
)

# AG03: types.

TYPE_MISMATCH = Kind("AG0301", "error", "{what} is `{given}`, but `{wanted}` is wanted")
NOT_A_UNION = Kind(
    "AG0302", "error", "only literal texts can be joined by `|`", "for a value that may be absent, write `T?`"
)
BAD_TYPE_APPLICATION = Kind(
    "AG0303", "error", "`{name}[…]` is no type", "the one type with brackets is `list[T]`"
)
NO_SUCH_FIELD = Kind("AG0304", "error", "`{type}` has no field `{name}`")
RECURSIVE_TYPE = Kind(
    "AG0305",
    "error",
    "the type `{name}` contains itself",
    "a message is a finite value: leave the field out, or make it text",
)
TOO_MANY_ARGUMENTS = Kind("AG0306", "error", "`{name}` takes {wanted}, not {given}")
MISSING_ARGUMENT = Kind(
    "AG0307", "error", "`{name}` needs `{parameter}: {type}`", "write `{parameter} = …` in the call"
)
UNKNOWN_ARGUMENT = Kind("AG0308", "error", "`{name}` has no parameter `{argument}`")
ARGUMENT_TWICE = Kind("AG0309", "error", "`{argument}` is given twice", "remove one of the two")
MIXED_LIST = Kind(
    "AG0310",
    "error",
    "the items of {what} have different types: {types}",
    "make them one type, or read the senders by name",
)
MISSING_TYPE = Kind("AG0311", "error", "{what} has no type")
TYPE_UNKNOWABLE = Kind(
    "AG0312", "error", "the type of `{node}` depends on itself", "write it: `node {node} -> str = …`"
)
TYPE_TOO_DEEP = Kind(
    "AG0313", "error", "`{name}` holds records more than {limit} levels deep", "make one of them text"
)
LOOSE_LETTER = Kind(
    "AG0314", "error", "nothing tells what `{letter}` stands for", "name it in a parameter, or write a type"
)

# AG04: edges, priors, output.

FIXED_CYCLE = Kind(
    "AG0401",
    "error",
    "fixed edges form a cycle: {cycle}",
    "remove one of them, or make it a candidate: `{statement} ~ 0.5`",
)
SELF_EDGE = Kind(
    "AG0402",
    "error",
    "`{name}` cannot send to itself",
    "remove the edge, or make `{name}` a family: `edge {name} -> {name}` joins different members",
)
EDGE_TWICE = Kind(
    "AG0403", "error", "`{sender}` and `{receiver}` are joined twice", "leave the pair out of one of the two"
)
BAD_EDGE_END = Kind(
    "AG0404", "error", "an edge starts and ends at a node, a member such as `a[0]`, or a list of those"
)
EDGE_CHAIN = Kind("AG0405", "error", "an edge has two ends", "write one `edge` statement for each arrow")
NO_SUCH_MEMBER = Kind("AG0406", "error", "`{name}` has the members 0 to {last}, not {index}")
NOT_A_FAMILY = Kind(
    "AG0407",
    "error",
    "`{name}` is one node, not a family",
    "leave the brackets out, or declare `node {name}[3] …`",
)
INDEX_ONE_SIDED = Kind(
    "AG0408",
    "error",
    "`[{name}]` stands on one side of the edge only",
    "write `[{name}]` on both sides, or the family's name alone for all members",
)
UNEQUAL_FAMILIES = Kind(
    "AG0409",
    "error",
    "`[{name}]` joins families of different sizes: {sizes}",
    "give them one size, or name the members: `a[0] -> b[1]`",
)
BAD_PRIOR = Kind(
    "AG0410", "error", "a probability is a number from 0 to 1, or lists of those; this is {found}"
)
PRIOR_OUT_OF_RANGE = Kind("AG0411", "error", "{value} is no probability", "write a number from 0 to 1")
PRIOR_SHAPE = Kind("AG0412", "error", "expected {wanted}, found {given}")
PRIOR_FOR_NO_EDGE = Kind(
    "AG0413",
    "error",
    "{value} is the probability of an edge that cannot be: {reason}",
    "write 0 in its place",
)
PRIOR_SETTLED = Kind("AG0414", "warning", "a probability of {value} never learns")
NO_OUTPUT = Kind("AG0415", "error", "the graph `{graph}` has no output", "end it with `output NODE`")
OUTPUT_TWICE = Kind("AG0416", "error", "the graph `{graph}` has two outputs", "leave one of them out")
BAD_OUTPUT = Kind("AG0417", "error", "an output is a node, a family or a member such as `a[0]`")
GATED_OUTPUT = Kind("AG0418", "error", "the output node `{node}` cannot be switched off", "leave `on` out")
BAD_FAMILY_SIZE = Kind("AG0419", "error", "a family's size is a whole number from 1 to {largest}")
NO_EDGE_LEFT = Kind(
    "AG0420",
    "error",
    "this statement joins no two nodes",
    "a node never sends to itself, and what `[i]` joins is not joined again",
)
EQUALS_BEFORE_PRIOR = Kind(
    "AG0421",
    "error",
    "an edge's probability stands after `~`",
    "write `~` before it, or leave it out for a fixed edge",
)
TOO_MANY_PAIRS = Kind(
    "AG0422", "error", "this statement joins {count} pairs of nodes, more than {limit}", "join fewer members"
)

# AG05: nodes and their attributes.

UNKNOWN_ATTRIBUTE = Kind("AG0501", "error", "{what} has no attribute `{name}`")
BAD_ATTRIBUTE = Kind("AG0502", "error", "`{name}` is {wanted}; this is {found}")
NOT_LEARNABLE = Kind("AG0503", "error", "`{name}` cannot be learned", "write `{name} = …`")
ATTRIBUTE_TWICE = Kind("AG0504", "error", "`{name}` is set twice", "remove one of the two")
NO_WORK = Kind(
    "AG0505",
    "error",
    "the node `{node}` does nothing",
    "give it a `prompt`, or a right side: `node {node} = …`",
)
TWO_WORKS = Kind(
    "AG0506",
    "error",
    "the node `{node}` has a right side, so it cannot have `{name}`",
    "remove one of the two",
)
NO_MODEL = Kind(
    "AG0507",
    "error",
    "the node `{node}` has a prompt and no model",
    "set `model = …` in the node or in the graph",
)
NO_DESCRIPTION = Kind(
    "AG0508",
    "error",
    "the node `{node}` has a learnable prompt and no description",
    'say what it is for, which is all that prompt search is told: `node {node} "Judges the answers." …`',
)
MISPLACED_STATEMENT = Kind("AG0509", "error", "{what} has no place in {where}")
LEARNABLE_CALL = Kind(
    "AG0510", "error", "a right side that is no graph has nothing to learn", "write `=` before it"
)
MISPLACED_COMPARISON = Kind(
    "AG0511", "error", "a comparison stands after `when` and `expect` only", "compute it in a tool"
)
NOT_A_COMPARISON = Kind("AG0512", "error", '`{name}` takes one comparison, such as `kind == "math"`')
TOOL_PARAMETERS_UNTYPED = Kind(
    "AG0513",
    "error",
    "a model cannot use `{tool}`: its parameters have type variables",
    "declare a tool with the types that the model shall give",
)
BAD_EXPRESSION = Kind("AG0514", "error", "{found} cannot stand here")
NO_OPTIONS = Kind("AG0515", "error", "`{name}` has no options to name", "write `{name} = …`")
UNORDERED = Kind(
    "AG0516", "error", "`{operator}` compares numbers or texts, not `{type}`", "compare a field, or use `==`"
)
FILE_FROM_MODEL = Kind(
    "AG0517",
    "error",
    "{what} is `{type}`, but a model writes no files, and is shown them in its prompt only",
    "a file comes from an input, or from a tool that a function node calls",
)

# AG06: prompts.

UNCLOSED_PLACEHOLDER = Kind(
    "AG0601",
    "error",
    "a `{{{{` is not closed on its line",
    'write `}}}}` after the name, or `{{{{ "{{{{" }}}}` for the braces themselves',
)
BAD_PLACEHOLDER = Kind(
    "AG0602",
    "error",
    "`{text}` is no placeholder",
    'write a name with fields, as in `{{{{ judge.winner }}}}`, or `{{{{ "{{{{" }}}}` for braces',
)
IGNORED_INBOX = Kind(
    "AG0603",
    "warning",
    "the prompt of `{node}` ignores what comes along its candidate edges",
    "put `{{{{ inbox }}}}` where the messages belong",
)
FILE_IN_TEXT = Kind(
    "AG0604",
    "error",
    "`{path}` is `{type}`, and {where} shows no files",
    "show the file itself in the prompt",
)

# AG07: models and tools.

BAD_MODEL = Kind(
    "AG0701", "error", 'a model is a provider with its options, such as `anthropic("claude-haiku-4-5")`'
)
UNKNOWN_PROVIDER = Kind("AG0702", "error", "there is no provider `{name}`", "the providers are {known}")
BAD_BINDING = Kind(
    "AG0703",
    "error",
    'a tool is `python("module:function")` or `recorded("file.jsonl", key = "…", field = "…")`',
)
NOT_A_LITERAL = Kind(
    "AG0704", "error", "{found} cannot stand here", "write a number, a text in quotes, a list or a record"
)
RECORDED_PARAMETERS = Kind(
    "AG0705",
    "error",
    "a recorded tool takes one argument, and `{name}` has {count}",
    "keep the one that is looked up in the column `key`",
)
BAD_FALLBACK = Kind("AG0706", "error", "`fallback` is a list of models", "as in `fallback = [fast]`")
FALLBACK_CYCLE = Kind(
    "AG0707", "error", "the model `{name}` falls back on itself: {cycle}", "leave one of them out"
)

# AG08: optimize blocks.

BAD_DATA = Kind(
    "AG0801", "error", '`data` is `jsonl("file", target = "column")`, or the same with `json` or `csv`'
)
BAD_METRIC = Kind("AG0802", "error", "a metric is one of {known}")
BAD_BUDGET = Kind(
    "AG0803",
    "error",
    "a budget is `usd(2.00)`, `calls(500)`, `tokens(1e6)` or `time(600)` in seconds, or a list of those",
)
BAD_COLUMNS = Kind("AG0804", "error", '`columns` names a column for each input: `{{ question: "problem" }}`')
OPTIMIZED_TWICE = Kind("AG0805", "error", "the graph `{name}` has two optimize blocks", "make them one")
CALL_IN_METRIC = Kind(
    "AG0806",
    "error",
    "a metric reads `output` and the columns of `row`, and calls nothing; this calls `{name}`",
    'call it in a node before the output, or write the metric in Python: `python("module:function")`',
)
BAD_PYTHON_METRIC = Kind("AG0807", "error", 'a metric in Python is `python("module:function")`')

# AG09: parts of the language that this version does not run.

NO_MCP = Kind(
    "AG0906",
    "error",
    "`mcp` tools are not supported by this version",
    'wrap the tool in a Python function: `python("module:function")`',
)

# AG10: graphs as nodes, and choices.

RECURSION = Kind(
    "AG1001", "error", "`{name}` contains itself: {cycle}", "for depth, use a family of a compile-time size"
)
TOO_MANY_NODES = Kind("AG1002", "error", "the graph has more than {limit} nodes")
NOT_A_CONSTANT = Kind(
    "AG1003",
    "error",
    "{found} is known only when the graph runs",
    "in brackets stand whole numbers, models and tools",
)
PARAMETER_KIND = Kind("AG1004", "error", "`{name}` is a {wanted}, and gets a {given}")
BAD_PARAMETER_KIND = Kind(
    "AG1005", "error", "a compile-time parameter cannot be `{name}`", "it is an `int`, a `model` or a `tool`"
)
NO_INNER_NODES = Kind(
    "AG1006", "error", "`{name}` has no nodes inside", "only a graph used as a node has: `node {name} = g(…)`"
)
NESTED_INSTANCE = Kind(
    "AG1007",
    "error",
    "the graph `{name}` cannot be called inside an expression",
    "make it a node of its own, `node x = {name}(…)`, and join it by an edge",
)
NO_SUCH_INNER_NODE = Kind("AG1008", "error", "`{name}` has no node `{node}` inside")
NO_SUCH_EDGE = Kind(
    "AG1009",
    "error",
    "`{name}` has no edge `{edge}` inside",
    "a line of a block names an edge with its ends exactly as the graph declares them",
)
NO_SUCH_INSTANCE = Kind("AG1010", "error", "`{name}` has no graph `{inner}` inside")
LEARNABLE_DEFAULT = Kind(
    "AG1011", "error", "a default cannot be learned", "write `{name} ~ …` in the nodes that shall learn it"
)
NOT_A_CHOICE = Kind(
    "AG1012",
    "error",
    "after `{name} ~` stands a choice among options with their weights",
    "as in `{name} ~ {{ first: 0.5, second: 0.5 }}`",
)
UNKNOWN_OPTION = Kind("AG1013", "error", "there is no option `{name}` of `{kind}` in this node")
OPTION_WITHOUT_CHOICE = Kind(
    "AG1014",
    "error",
    "the option `{name}` is never chosen",
    "name it in a choice: `{attribute} ~ {{ {name}: 0.5, … }}`",
)
WEIGHT_OUT_OF_RANGE = Kind("AG1015", "error", "{value} is no weight", "write a number above 0")
BAD_EXAMPLE = Kind(
    "AG1016",
    "error",
    "an example is a record of what the prompt reads, and `output`",
    'as in `{{ question: "1 + 1", output: "2" }}`',
)
PRIOR_NOT_FOR_INSTANCE = Kind(
    "AG1017",
    "error",
    "`{line}` of `{graph}` has {given}, where `{name}` wants {wanted}",
    "write `{written}` into the block of `{instance}`{where}",
)
UNREAD_EXAMPLE = Kind("AG1018", "error", "the prompt of `{node}` reads no `{name}`")
FILE_IN_EXAMPLE = Kind(
    "AG1019", "error", "`{name}` is `{type}`, and an example shows no files", "leave it out of the example"
)

# AG11: tests, and what stands for a graph by itself.

NEEDS_PARAMETERS = Kind(
    "AG1101",
    "error",
    "the graph `{name}` only runs inside another: it has no default for {parameters}",
    "give defaults in its brackets, or name a graph that uses it",
)

# AG12: what is legal and probably not meant; told by `agraph check` of files without errors.

NOTHING_TO_LEARN = Kind(
    "AG1201", "warning", "nothing can be learned about this candidate edge: {reason}", "{remedy}"
)
LOST_NODE = Kind(
    "AG1202",
    "warning",
    "no path leads from `{node}` to the output",
    "join it by an edge to what shall hear it, or remove it",
)
NO_ANSWER_DEPLOYED = Kind(
    "AG1203",
    "warning",
    "the graph `{graph}` gives no output as it is deployed",
    "raise a prior to 0.5 or more: what lies below is not there when the graph runs",
)
FIXED_PROMPT = Kind(
    "AG1204",
    "warning",
    "the prompt of `{node}` is fixed, though `{graph}` is optimized",
    "write `prompt ~ …` for what may be learned",
)
UNUSED_IMPORT = Kind("AG1205", "warning", "nothing of `{name}` is used", "remove the import")
UNUSED_MODEL = Kind("AG1206", "warning", "no node uses the model `{name}`", "remove it")
UNUSED_TOOL = Kind("AG1207", "warning", "no node uses the tool `{name}`", "remove it")
NOT_DESCRIBED = Kind(
    "AG1208",
    "warning",
    "the node `{node}` has no description",
    'say in a sentence what it is for: `node {node} "…"`',
)
NEEDLESS_ALLOWANCE = Kind(
    "AG1209", "warning", "nothing on this line is told as {code}", "remove `{code}` from the comment"
)
