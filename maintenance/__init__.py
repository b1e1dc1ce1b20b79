"""What keeps lake and tables small and quick for years: few large files, and nothing older than the settings allow.

| read | for |
| --- | --- |
| `run` | what `coinloom maintain` does, table by table |
| `compaction` | one table: which hours are due, and the order of steps that no kill can hurt |
| `object_store` | the same in an object store, where other steps are safe |
| `committed_batches` | which files can never be written again |
| `rewriting` | the rows of many files, sorted, in few |
| `retention` | what is removed when it is older than the settings allow |
| `landing_retention` | how landing is removed without losing what was made of it |
| `turns` | hours that are removed one by one, and builds between them |
| `exchange` | two folders change places, in one step |
| `errors` | what can stop it |

See docs/decisions/0024-hours-are-compacted-by-an-exchange.md and, for object stores,
docs/decisions/0032-hours-in-an-object-store.md.
"""
