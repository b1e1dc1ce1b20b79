"""Hypothesis draws stories: a history, the batches into which it is cut, and the builds after each."""

from hypothesis import strategies as st

from tests.warehouse.history import Backfill, ClockJump, Disturbances, History, Segment, Series, gap_before
from tests.warehouse.story import LEFT_OUT, RETRY, Batch, Run, Story, failing, only, without
from tests.warehouse.warehouse import KEYS

HOURS = 96  # of a history
# dbt fails at a late or an early model when a variable names a column that is not there.
FAILING = st.sampled_from(["top_n", "bollinger_width", "max_stale_minutes"])
PARTS = st.sampled_from(
    [
        *("+int_minute_bars", "int_prices+", "crypto_table", "crypto_table+", "int_segments+", "ohlc_5m", "+ohlc_1d"),
        *("1+int_prices", "+int_build_scope", "staging", "intermediate", "marts"),
        *("path:models/intermediate/bars", "test_type:data"),
    ]
)
MADE_ANEW = st.sampled_from(["crypto_table", "int_prices", "int_minute_bars+", "ohlc_1h+", "+ohlc_5m", "top_5_gainers"])
WRITTEN = [table.split(".")[1] for table in KEYS] + ["int_build_offsets", "int_build_clocks", "int_build_scope"]
MODELS = [model for left_out in LEFT_OUT for model in left_out.split()]
COUNTS = st.sampled_from([3, 0, 1, 30, 300])

# Hypothesis begins with the least of everything and the first of alternatives: these must make a story as well.
SILENCES = st.sampled_from([10, 11, 0, 1, 9, 12, 60]) | st.integers(13, 1500)
SEGMENTS = st.builds(
    Segment,
    silence=SILENCES,
    minutes=st.integers(200, 1600) | st.sampled_from([1, 2, 19, 20, 21, 35]),
    rate=st.sampled_from([0.5, 1.0, 1.5, 0.1, 0.02]),
)
SERIES = st.builds(
    Series,
    coin=st.integers(0, 30),
    vs_currency=st.sampled_from(["usd", "eur"]),
    level=st.sampled_from([1.0, 5.6e-11, 64_000.0]),
    step=st.sampled_from([1e-3, 0.0, 1e-8, 0.05]),
    first_minute=st.integers(0, 2500),
    segments=st.lists(SEGMENTS, min_size=2, max_size=6).map(tuple),
    dormant_hours=st.sampled_from([30, 0, 0, 20, 60]),
)
RUNS = st.one_of(
    *[st.just(Run())] * 3,
    PARTS.map(only),
    st.builds(only, PARTS, st.just("run")),
    st.builds(only, MADE_ANEW, st.sampled_from(["build", "run"]), anew=st.just(True)),
    st.lists(st.sampled_from(MODELS), min_size=1, max_size=3).map(" ".join).map(without),
    st.just(Run(command="run")),
    st.just(RETRY),
    FAILING.map(failing),
    st.builds(
        Run,
        arguments=st.sampled_from([(), (), ("--full-refresh",), ("--select", "int_prices+")]),
        kill_at=st.sampled_from(WRITTEN),
        kill_after_ms=st.sampled_from([0, 100, 300, 1000, 3000]),
        pause_seconds=st.sampled_from([0, 0, 5]),
    ),
)
BATCHES = st.builds(
    Batch,
    part=st.sampled_from([100, 10, 1, 1000]),
    hours_later=st.sampled_from([0, 1, 2, 200]),
    runs=st.lists(RUNS, min_size=1, max_size=2).map(tuple) | st.just(()),
)


@st.composite
def histories(draw: st.DrawFn) -> History:
    series = draw(st.lists(SERIES, min_size=5, max_size=12, unique_by=lambda one: (one.coin, one.vs_currency)))
    return History(
        seed=draw(st.integers(0, 2**32)),
        series=tuple(series),
        disturbances=draw(st.builds(Disturbances, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)),
        backfills=tuple(draw(st.lists(backfills(series), max_size=3))),
        clock_jumps=tuple(draw(st.lists(clock_jumps(series), max_size=2))),
    )


@st.composite
def backfills(draw: st.DrawFn, series: list[Series]) -> Backfill:
    at = draw(st.integers(0, len(series) - 1))
    gaps = [gap_before(series[at], segment) for segment in range(len(series[at].segments))]
    anywhere = st.builds(Segment, silence=st.integers(-3000, 5000), minutes=st.integers(1, 600), rate=st.just(0.7))
    stretch = draw(anywhere | st.sampled_from(gaps))
    return Backfill(at, draw(st.integers(0, 2 * HOURS)), stretch, draw(COUNTS))


def clock_jumps(series: list[Series]) -> st.SearchStrategy[ClockJump]:
    return st.builds(
        ClockJump,
        series=st.integers(0, len(series) - 1),
        hour=st.integers(1, HOURS),
        hours_ahead=st.sampled_from([1, 26, 200, 9000]),
        moves_event_time=st.booleans(),
    )


def stories() -> st.SearchStrategy[Story]:
    return st.builds(Story, histories(), st.lists(BATCHES, min_size=2, max_size=5).map(tuple))
