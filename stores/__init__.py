"""Where things are kept, and how to get at them: PostgreSQL, the Thrift Server, the lake's files, small files of ours.

| read | for |
| --- | --- |
| `database`, `thrift`, `composing` | connections; SQL from names that are quoted |
| `migrate`, `migrations/` | schemas, landing tables and roles in PostgreSQL |
| `lake_files`, `landing`, `arrivals` | where the lake's files are; how far the stream has come; what came lately |
| `landed_rows` | rows in PostgreSQL by when they landed |
| `next_offsets` | how far the topic has landed in PostgreSQL, by its own account |
| `tls`, `kafka`, `kafka_obstacle` | what encrypts, the options of Kafka's clients, and why one of them is not let in |
| `keepalive` | when it is noticed that a machine is gone |
| `private_files` | files for their owner only |
| `state_file` | a SQLite file for what has to outlive a process |
"""
