"""What tests and benchmarks share: made-up rows in landing, and the comparison of a table with the expected one.

| read | for |
| --- | --- |
| `landing` | updates as rows of landing in both sinks, without Kafka and Spark |
| `browsers` | the browser that looks at the dashboard |
| `compare` | the same rows, nulls in the same places, numbers within a tolerance |
"""
