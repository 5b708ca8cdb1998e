"""A graph with everything in it that a drawing shows: a family, gates, edges that are deployed and not."""

DRAWN = """\
agraph 1

import std.vote

model fast = simulated(right = 0.7)

graph panel(question: str) -> str {
  model = fast

  node solver[2] "Solves & checks." {
    on ~ [0.9, 0.25]
    prompt = \"\"\"
      {{ question }}
      \"\"\"
  }
  node critic "Finds \\"<mistakes>\\"; 100%." {
    prompt = \"\"\"
      {{ question }}
      {{ inbox }}
      \"\"\"
  }
  node idle {
    on = false
    prompt = "{{ question }}"
  }
  node picky {
    requires = 2
    prompt = "{{ inbox }}"
  }
  node vote "Takes the majority." -> str = vote.majority(inbox)

  edge solver -> vote ~ 0.75
  edge solver -> critic
  edge solver -> picky
  edge [critic, idle, picky] -> vote ~ [0.125, 0.5, 0.5]

  output vote
}
"""
