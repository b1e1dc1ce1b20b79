"""A seeded stand-in for the part of CoinGecko's API v3 that Coinloom uses.

A market is a function of seed, number of coins and market time; nothing that was asked before changes an answer.

| read | for |
| --- | --- |
| `__main__`, `server`, `app` | the command line, the process, the HTTP paths and errors |
| `query`, `rows`, `charts`, `rounding`, `timestamps` | parameters in, JSON fields out |
| `faults`, `faulty`, `spoiling` | what goes wrong on the way, when asked to |
| `recording` | what was answered, kept in a file, when asked to |
| `clock`, `schedule` | which moment is shown; when caches and coins are renewed |
| `market`, `snapshot`, `history` | the whole market at a moment, in one quote currency; a coin over time |
| `paths`, `readings`, `chance` | prices and activity over time, and what they say at a moment |
| `catalogue`, `naming`, `oddity`, `records`, `assets` | which coins there are, and what is strange about some |
"""
