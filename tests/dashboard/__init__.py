"""The dashboard in a real browser, and its like in a terminal, over a real PostgreSQL with a made market."""
