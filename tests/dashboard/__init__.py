"""The dashboard in a real browser, over a real PostgreSQL with a made market."""
