[
  (body)
  (type_declaration)
  (list)
  (record)
  (inputs)
  (parameters)
  (call)
] @indent.begin

[
  ")"
  "]"
  "}"
] @indent.branch @indent.end

(string) @indent.auto
