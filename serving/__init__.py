"""The PostgreSQL side: its schemas and roles, and the marts that BI tools read."""
