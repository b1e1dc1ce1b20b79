"""Every interval, one poll of CoinGecko becomes one burst of messages that Kafka confirms.

| read | for |
| --- | --- |
| `run` | all of it, from start to stop |
| `schedule` | when a poll is due |
| `poller` | one poll: ask, keep, deliver, report |
| `coin_states` | what became of each coin that was asked for |
| `outbox` | what Kafka has not confirmed, on disk |
| `relay` | from the outbox to Kafka, in order |
| `recovery` | after a crash: what of the outbox is on the topic already |
| `reports` | every poll as a row in PostgreSQL |
"""
