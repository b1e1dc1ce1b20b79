"""What Coinloom adds to dbt: dbt imports each module whose name begins with dbt_ and starts its `plugins`."""

from dbt_coinloom.build_lock import OneBuildAtATime
from dbt_coinloom.checked_server import CheckedServer
from dbt_coinloom.kept_sessions import KeptSessions
from dbt_coinloom.quick_injection import QuickInjection
from dbt_coinloom.quick_macros import QuickMacros
from dbt_coinloom.quiet_loggers import QuietLoggers
from dbt_coinloom.rare_collections import RareCollections
from dbt_coinloom.whole_history import WholeHistoryInTurns

plugins = [
    OneBuildAtATime,
    WholeHistoryInTurns,
    CheckedServer,
    KeptSessions,
    RareCollections,
    QuietLoggers,
    QuickInjection,
    QuickMacros,
]
