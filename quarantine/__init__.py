"""What the stream rejected: why, where it is, and how it is sent again.

| read | for |
| --- | --- |
| `reasons` | why a message is here |
| `contents` | what reading gives, whatever the sink |
| `parquet_files`, `postgres_table`, `sinks` | the readers, and which one a sink has |
| `ended_hours` | counts that are kept between one look and the next |
| `replay` | what is here onto the topic again, each message once |
"""
