"""The streaming job: from the Kafka topic to landing and quarantine, as Parquet files or PostgreSQL tables.

| read | for |
| --- | --- |
| `job` | what spark-submit runs |
| `side_by_side` | one query a sink, none stops another |
| `landing` | the query of one sink |
| `lost_messages`, `topic_id` | what is gone from the topic before it was landed, or from PostgreSQL after it |
| `checkpoint_note` | what is known for that, beside the checkpoint |
| `transforms` | messages as typed rows, valid or with a reason |
| `staging` | a batch computed, as files aside |
| `parquet_sink`, `postgres_sink` | those files into a sink, once |
| `hadoop_files` | files on any file system of Hadoop |
"""
