"""`coinloom top`: the movers, the largest coins and the pipeline's health in a terminal.

| read | for |
| --- | --- |
| `seen` | what is shown: the marts as the dashboard reads them, and the verdicts |
| `following` | looking again and again, beside whoever draws |
| `screen` | what was seen, drawn as wide and as high as the terminal is |
| `tables`, `sparkline` | the boards, the largest coins, and the line of each |
| `live` | the screen that follows, until q or Ctrl-C |
| `once` | the same, printed once: as text or as JSON |
"""
