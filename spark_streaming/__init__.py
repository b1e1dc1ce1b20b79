"""The streaming job: from the Kafka topic to landing and quarantine, as Parquet files or PostgreSQL tables."""
