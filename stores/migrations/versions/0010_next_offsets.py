"""How far the topic has landed, noted by the transaction of each batch: it goes back with the rows, and no further."""

from alembic import op

revision = "0010"
down_revision = "0009"

NEXT_OFFSETS = """
    create table landing.next_offsets (
        kafka_topic text not null,
        kafka_partition integer not null,
        next_offset bigint not null,
        primary key (kafka_topic, kafka_partition)
    )
"""
COMMENTS = {
    "table landing.next_offsets": "How far each partition of a topic has landed here, valid rows and rejected ones",
    "column landing.next_offsets.next_offset": "All that the topic had before this offset has landed here",
}


def upgrade() -> None:
    op.execute(NEXT_OFFSETS)
    for what, meaning in COMMENTS.items():
        op.execute(f"comment on {what} is '{meaning}'")


def downgrade() -> None:
    op.execute("drop table landing.next_offsets")
