"""A history as the warehouse meets it: in batches, with builds between them that end well or badly."""

from dataclasses import dataclass

from tests.warehouse.history import Backfill, ClockJump, Disturbances, History, Segment, Series, gap_before

# Tests that look at one column each: hundreds of statements, which a selection brings along.
ONCE_A_DAY = ("test_name:unique", "test_name:not_null")


@dataclass(frozen=True)
class Run:
    """A dbt command: to its end, or killed so long after it began with the model `kill_at`."""

    arguments: tuple[str, ...] = ()
    command: str = "build"
    kill_at: str | None = None
    kill_after_ms: int = 0
    pause_seconds: int = 0


@dataclass(frozen=True)
class Batch:
    """`part` in a thousand of what comes in all lands in an hour so much after the one before; then builds run."""

    part: int
    hours_later: int
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Story:
    history: History
    batches: tuple[Batch, ...]


def only(models: str, command: str = "build", *, anew: bool = False) -> Run:
    """A build of some models; `anew`: their history, too."""
    return Run(("--select", *models.split(), "--exclude", *ONCE_A_DAY, *(["--full-refresh"] if anew else [])), command)


def without(models: str) -> Run:
    """A build of all models but some."""
    return Run(("--exclude", *models.split(), *ONCE_A_DAY))


def failing(variable: str) -> Run:
    """A build that fails where this variable of dbt is used: it names a column that is not there."""
    return Run(("--vars", f"{variable}: no_such_column"))


def killed(at: str, *arguments: str) -> Run:
    return Run(arguments, kill_at=at, kill_after_ms=300)


LONG = Series(0, "usd", 1.0, 1e-3, 0, (Segment(0, 1500, 1.5), Segment(11, 900, 1), Segment(10, 1400, 1)), 0)
SPARSE = Series(1, "usd", 5.6e-11, 0.05, 30, (Segment(0, 3000, 0.1), Segment(1, 900, 0.02)), 0)
DORMANT = Series(2, "usd", 64_000.0, 1e-3, 500, (Segment(0, 700, 1), Segment(300, 40, 1)), 60)
FLAT = Series(3, "usd", 0.1, 0.0, 1000, (Segment(0, 1200, 0.5), Segment(9, 1600, 1)), 20)
NEW = Series(4, "eur", 1.0, 1e-3, 3000, (Segment(0, 1000, 1),), 0)
VANISHED = Series(0, "eur", 1.0, 1e-3, 0, (Segment(0, 30, 1), Segment(12, 200, 1)), 30)

# Something of everything, for those who have time for one story only.
A_BAD_WEEK = Story(
    History(
        seed=1,
        series=(LONG, SPARSE, DORMANT, FLAT, NEW, VANISHED),
        disturbances=Disturbances(duplicates=300, revisions=30, slow=30, too_late=30, stragglers=3),
        backfills=(
            Backfill(0, fetched_hour=70, stretch=gap_before(LONG, 1), revisions=3),  # two segments become one
            Backfill(4, fetched_hour=75, stretch=Segment(-500, 300, 0.7), revisions=0),  # before the first bar
        ),
        clock_jumps=(
            ClockJump(5, hour=40, hours_ahead=200, moves_event_time=True),
            ClockJump(1, hour=50, hours_ahead=26, moves_event_time=False),
        ),
    ),
    (
        Batch(500, hours_later=0, runs=(Run(),)),
        Batch(100, hours_later=1, runs=(killed("int_minute_bars", "--full-refresh"), Run())),
        Batch(200, hours_later=1, runs=(killed("int_prices"), only("+int_minute_bars"))),
        Batch(100, hours_later=0, runs=(failing("top_n"),)),
        Batch(90, hours_later=30, runs=()),
        Batch(9, hours_later=1, runs=(Run(),)),
        Batch(1, hours_later=1, runs=()),
    ),
)

BEGIN = "int_build_offsets int_new_prices int_build_clocks int_build_scope"
RETRY = Run(command="retry")
# Each model is in one of them.
LEFT_OUT = (
    "ohlc_5m crypto_table top_5_losers int_late_prices stg_quarantine__crypto_prices",
    "int_minute_bars ohlc_1h int_moving_windows int_top_5_candidates int_build_hour_versions",
    "int_prices ohlc_1d int_macd int_rsi top_5_gainers coin_overview",
    f"{BEGIN} stg_builds__hour_versions stg_landing__crypto_prices",
    "int_bar_prices int_minute_bars_observed int_minute_bars_filled int_indicator_bars int_segments "
    "int_exponential_moving_averages",
)

# Something of everything that befalls builds, on something of everything that lands; every model is left out once.
EVERYTHING = Story(
    A_BAD_WEEK.history,
    (
        Batch(400, hours_later=0, runs=(Run(),)),
        Batch(100, hours_later=1, runs=(killed("int_minute_bars", "--full-refresh"), Run())),
        Batch(100, hours_later=1, runs=(killed("int_prices"), without(f"{LEFT_OUT[0]} {LEFT_OUT[2]}"), Run())),
        Batch(100, hours_later=5, runs=(without(f"{LEFT_OUT[1]} {LEFT_OUT[4]}"), failing("top_n"), RETRY)),
        Batch(100, hours_later=5, runs=(without(LEFT_OUT[3]), Run(command="run"))),
        Batch(190, hours_later=30, runs=(only("+int_minute_bars"),)),
        Batch(9, hours_later=1, runs=(only("int_prices ohlc_1d", anew=True),)),
        Batch(1, hours_later=1, runs=()),
    ),
)

# The same lands, for a target on which a build takes long: of what befalls builds, one of each kind.
IN_SHORT = Story(
    A_BAD_WEEK.history,
    (
        Batch(500, hours_later=0, runs=(Run(),)),
        Batch(200, hours_later=1, runs=(killed("int_prices"),)),
        Batch(100, hours_later=1, runs=(failing("top_n"),)),
        Batch(190, hours_later=30, runs=(only("+int_minute_bars"),)),
        Batch(9, hours_later=1, runs=(only("int_prices ohlc_1d", anew=True),)),
        Batch(1, hours_later=1, runs=()),
    ),
)

# What people do who select, exclude, retry and try things out. Each part lands in hours of its own, and a plain build
# follows, so that what was forgotten stays forgotten.
IN_PARTS = Story(
    History(
        seed=2,
        series=(
            Series(0, "usd", 1.0, 1e-3, 0, (Segment(0, 2400, 0.5), Segment(60, 600, 1)), 0),
            Series(1, "usd", 64_000.0, 1e-3, 100, (Segment(0, 2600, 0.3),), 0),
            Series(2, "eur", 5.6e-11, 0.05, 400, (Segment(0, 2300, 0.2),), 0),
        ),
        disturbances=Disturbances(duplicates=30, revisions=10, slow=10, too_late=3, stragglers=3),
        backfills=(Backfill(0, fetched_hour=42, stretch=Segment(-900, 60, 1.0), revisions=3),),
        clock_jumps=(),
    ),
    (
        Batch(300, hours_later=0, runs=(Run(),)),
        *(Batch(70, hours_later=5, runs=(without(left_out), Run())) for left_out in LEFT_OUT),
        Batch(70, hours_later=5, runs=(Run(command="run"), failing("top_n"), RETRY)),
        Batch(70, hours_later=5, runs=(without("ohlc_5m"), only("ohlc_5m"), killed("ohlc_1h", "--select", "ohlc_1h"))),
        Batch(
            70,
            hours_later=5,
            runs=(Run(), only("int_prices ohlc_1d", anew=True), only("crypto_table", "run", anew=True)),
        ),
        Batch(70, hours_later=1, runs=(Run(),)),
        # After all that is made anew or was left unfinished, which would mend what is lost here.
        Batch(70, hours_later=5, runs=(without("int_build_clocks"), Run())),
    ),
)
