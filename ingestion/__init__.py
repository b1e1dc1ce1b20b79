"""The way in: prices from CoinGecko, or from a file of history, onto the Kafka topic.

| read | for |
| --- | --- |
| `__main__` | `python -m ingestion`, the poller |
| `coingecko/` | CoinGecko's API: what it is asked, what it answers, what that may cost |
| `polling/` | the newest prices, every interval, for as long as it runs |
| `backfill/` | the history that CoinGecko has, once |
| `price_files/` | history from a file, once |
| `messages` | one price update, and the message that carries it |
| `producer`, `sender`, `topic` | the connection to Kafka; sending with count; reading back |
| `clients` | how all of these open kafka-python's clients |
| `exceptions` | what can go wrong, as one tree |

What comes live waits in the outbox of `polling/` until Kafka has confirmed it, because nobody could ask for it again.
History can be asked for again, so it goes through the `sender`, which is faster and forgets what a crash cuts off.
"""
