"""What the poller reports: its polls, and the coins that CoinGecko does not answer for."""

from alembic import op

revision = "0004"
down_revision = "0003"

POLLS = """
    create table ingestion.polls (
        poll_id text primary key,
        polled_at timestamptz not null,
        seconds double precision not null,
        coins_asked integer not null,
        coins_answered integer not null,
        messages integer not null,
        error text,
        coins_unknown integer not null,
        coins_retired integer not null,
        coins_unpriced integer not null,
        messages_waiting integer not null
    )
"""
COIN_STATES = """
    create table ingestion.coin_states (
        coin_id text,
        vs_currency text,
        since timestamptz,
        state text not null,
        primary key (coin_id, vs_currency, since)
    )
"""
COMMENTS = {
    "table ingestion.polls": "One row per poll of CoinGecko",
    "column ingestion.polls.polled_at": "When it was answered, or when it failed",
    "column ingestion.polls.coins_asked": "The ids asked for, or without ids the N of the top N",
    "column ingestion.polls.coins_answered": "Of these, those that are there in every quote currency",
    "column ingestion.polls.messages": "How many messages it became, one per coin and quote currency",
    "column ingestion.polls.error": "Why there was no answer; null for a poll that was answered",
    "column ingestion.polls.coins_unknown": "Ids that CoinGecko has never answered for, in any quote currency",
    "column ingestion.polls.coins_retired": "Ids that it answered for once, and no more",
    "column ingestion.polls.coins_unpriced": "Coins that it answers for without a price",
    "column ingestion.polls.messages_waiting": "Messages, of any poll, that Kafka has not confirmed; they wait on disk",
    "table ingestion.coin_states": "One row per change: what became of a coin in a quote currency, and since when",
    "column ingestion.coin_states.state": "unknown, retired, unpriced, or answered: with a price again",
}


def upgrade() -> None:
    op.execute("create schema ingestion")
    op.execute(POLLS)
    op.execute("create index on ingestion.polls (polled_at)")
    op.execute(COIN_STATES)
    for what, meaning in COMMENTS.items():
        op.execute(f"comment on {what} is '{meaning}'")


def downgrade() -> None:
    op.execute("drop schema ingestion cascade")
