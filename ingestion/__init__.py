"""The way in: prices from CoinGecko, or from a file of history, onto the Kafka topic. Read `__main__.py` first."""
