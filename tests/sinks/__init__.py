"""What the stream writes at once, into a real lake and a real PostgreSQL, by the batch."""
