"""What became of each build of production, as dbt itself tells it."""

from alembic import op

revision = "0007"
down_revision = "0006"

BUILDS = """
    create table operations.builds (
        build_id bigint generated always as identity primary key,
        began_at timestamptz not null,
        ended_at timestamptz not null,
        command text not null,
        target text not null,
        outcome text not null check (outcome in ('passed', 'failed')),
        failed_node text,
        failure text,
        models_passed integer not null,
        models_failed integer not null,
        models_skipped integer not null,
        models_warned integer not null,
        tests_passed integer not null,
        tests_failed integer not null,
        tests_skipped integer not null,
        tests_warned integer not null,
        seconds_in_models double precision not null,
        seconds_in_tests double precision not null,
        slowest_nodes jsonb not null
    )
"""
COMMENTS = {
    "table operations.builds": "One row per dbt command that builds in production; none for one that was killed",
    "column operations.builds.began_at": "When it had the build lock: what it waited for another build is not in it",
    "column operations.builds.ended_at": "When its last node had ended, before the lock was let go",
    "column operations.builds.command": "As dbt names it: build, run, retry, seed, snapshot or clone",
    "column operations.builds.target": "The target of dbt: spark or postgres",
    "column operations.builds.outcome": "passed or failed",
    "column operations.builds.failed_node": "The first model or test that failed; null if it ended before any",
    "column operations.builds.failure": "First line of what that failed with; null if all passed",
    "column operations.builds.models_passed": "Models, and seeds and snapshots, that were built",
    "column operations.builds.models_skipped": "Those that were not tried, because one before them had failed",
    "column operations.builds.seconds_in_models": "Sum over all of them: more than it took, for several run at once",
    "column operations.builds.seconds_in_tests": "The same of the tests",
    "column operations.builds.slowest_nodes": "At most 10 models and tests, the slowest first: [{node, seconds}, ...]",
}


def upgrade() -> None:
    op.execute("create schema operations")
    op.execute(BUILDS)
    op.execute("create index on operations.builds (ended_at)")
    for what, meaning in COMMENTS.items():
        op.execute(f"comment on {what} is '{meaning}'")


def downgrade() -> None:
    op.execute("drop schema operations cascade")
