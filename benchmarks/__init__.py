"""Measurements of what Coinloom claims about its speed; results and how to read them in README.md."""
