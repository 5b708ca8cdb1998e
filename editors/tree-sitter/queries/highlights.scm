; What comes later wins where two patterns meet, so the general ones stand first.

; Names

(type_name) @type
(type_application . (name) @type)
((type_name) @type.builtin
  (#any-of? @type.builtin "str" "int" "float" "bool"))
((type_application . (name) @type.builtin)
  (#eq? @type.builtin "list"))
(parameter kind: (name) @type.builtin)
(type_declaration name: (name) @type)

(graph_declaration name: (name) @function)
(tool_declaration name: (name) @function)
(model_declaration name: (name) @constant)
(test_declaration graph: (name) @function)
(optimize_declaration graph: (name) @function)
(node name: (name) @variable)
(block name: (name) @variable)

(typed_name name: (name) @variable.parameter)
(parameter name: (name) @variable.parameter)
(type_declaration (typed_name name: (name) @property))
(named name: (name) @variable.parameter)
(entry key: (name) @property)
(field name: (name) @property)

(setting . (path) @attribute)
(setting option: (path) @variable)

(call callee: (reference) @function.call)
(call callee: (field name: (name) @function.call))
(call callee: (brackets of: (reference) @function.call))
(call callee: (brackets of: (field name: (name) @function.call)))

((reference) @variable.builtin
  (#any-of? @variable.builtin "inbox" "index"))

; Words

[
  "agraph"
  "type"
  "model"
  "tool"
  "graph"
  "test"
  "optimize"
  "node"
  "edge"
  "output"
  "expect"
] @keyword

[
  "import"
  "as"
] @keyword.import

[
  (true)
  (false)
  (null)
] @constant.builtin

; Literals

(comment) @comment
(number) @number
(string) @string
(escape) @string.escape

; Only prompts and system texts are templates, and none in a test, whose inputs may have any name.
(graph_declaration body: (body
  [
    (setting . (path (name) @_last .) value: (string (interpolation) @string.special))
    (setting . (path (name) @_last .) (learnable value: (string (interpolation) @string.special)))
  ])
  (#any-of? @_last "prompt" "system"))
(node body: (body
  [
    (setting . (path (name) @_last .) value: (string (interpolation) @string.special))
    (setting . (path (name) @_last .) (learnable value: (string (interpolation) @string.special)))
  ])
  (#any-of? @_last "prompt" "system"))
(block body: (body
  [
    (setting . (path (name) @_last .) value: (string (interpolation) @string.special))
    (setting . (path (name) @_last .) (learnable value: (string (interpolation) @string.special)))
  ])
  (#any-of? @_last "prompt" "system"))

; Marks

[
  "="
  "->"
  "=="
  "!="
  "<="
  ">="
  "<"
  ">"
  "+"
  "-"
  "|"
  "?"
] @operator

[
  "("
  ")"
  "["
  "]"
  "{"
  "}"
] @punctuation.bracket

[
  ","
  "."
  ":"
] @punctuation.delimiter

; What can be learned: the sign with its value, and the sign alone.
(learnable) @learnable
(learnable "~" @keyword.operator)
