[
  (body)
  (type_declaration)
  (list)
  (record)
  (inputs)
  (call)
  (string)
] @fold
