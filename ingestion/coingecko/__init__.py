"""CoinGecko's API: what we ask, what comes back, and what that may cost.

| read | for |
| --- | --- |
| `client` | a request with its retries, and all pages of a poll |
| `plans`, `budget` | host and headers of a plan; calls a minute and credits a month |
| `markets` | `/coins/markets`, the newest prices |
| `charts`, `spans` | `/coins/{id}/market_chart/range`, the history; which spans one request can answer |
| `answers`, `refusals` | an answer of the shape that we asked for, or the error that fits |
"""
