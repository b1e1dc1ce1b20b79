"""Publish: from the schema `warehouse` of either target to the marts in PostgreSQL that BI tools read.

| read | for |
| --- | --- |
| `build_lock` | one build or publish at a time |
| `publish` | the marts, each in one transaction |
| `marts` | which marts there are, their keys and periods |
| `changes` | which hours differ from the published ones |
| `source`, `lake`, `warehouse` | what is read: on Spark, or in PostgreSQL |
| `mart_table` | what is written: rows that differ, in periods that changed |
"""
