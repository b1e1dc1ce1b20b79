"""The embedded stack: broker, PostgreSQL, Thrift Server and our own processes on this machine, without containers."""
