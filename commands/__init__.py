"""What a user calls: the `coinloom` command, and what its subcommands do with the packages below.

| read | for |
| --- | --- |
| `cli` | every subcommand with its options |
| `backfill`, `load`, `closed_hours` | history onto the topic, with a progress bar and a report |
| `stream` | the streaming job through spark-submit |
| `quarantine` | what was rejected, and sending it again |
| `build` | dbt, then publish; once, or again and again |
| `status`, `counts`, `marts` | what runs, and how far the prices have come |
| `check` | whether each stage is healthy, in one line and an exit code |
| `top/` | movers, the largest coins and health, live in the terminal |
| `demo` | all of it once |
"""
