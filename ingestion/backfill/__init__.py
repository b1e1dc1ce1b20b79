"""The history of coins from CoinGecko onto the topic. What Kafka has confirmed is kept, and not asked for again.

| read | for |
| --- | --- |
| `run` | all of it: what to ask for, coin by coin |
| `backfill` | one chunk after the other: ask, send, keep |
| `checkpoint` | which spans of a coin are done |
"""
