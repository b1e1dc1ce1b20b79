"""Pictures of the market; their colours that differ by theme are in assets/widgets.css.

| read | for |
| --- | --- |
| `treemap` | the market at a glance |
| `candles`, `panes` | one coin's bars and indicators; where they are drawn |
| `sparkline` | a line of a few hours, as SVG |
| `ink` | colours |
"""
