"""Pictures of the market; their colours that differ by theme are in assets/figures.css.

| read | for |
| --- | --- |
| `treemap` | the market at a glance |
| `candles` | one coin's bars and indicators |
| `sparkline` | a line of a few hours, as SVG |
| `ink` | colours, and text from outside that stays text |
"""
