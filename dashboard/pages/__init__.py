"""The pages. Each has `layout()`, empty, and `register(...)`, which has it filled when something was published.

| read | for |
| --- | --- |
| `movers`, `market_table` | who rises and falls; the whole market |
| `coin`, `coin_head` | one coin |
| `health`, `stages`, `builds`, `facts` | how the pipeline is |
"""
