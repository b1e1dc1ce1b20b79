{#
    The stream writes Parquet by path and owns no catalog, so on Spark each command declares the tables over those folders
    and picks up the hours that came since. Hours that went, or came with an older name than the newest known, are picked
    up by daily runs and full refreshes: they look at every hour there is. A column that an older release did not know is
    added to its table; files from before have nulls there. On PostgreSQL the migrations have made the tables.
#}
{% macro register_landing_tables() %}
    {% if execute %}{{ adapter.dispatch('register_landing_tables')() }}{% endif %}
{% endmacro %}

{% macro default__register_landing_tables() %}{% endmacro %}

{% macro spark__register_landing_tables() %}
    {% set kafka_columns = 'kafka_topic string, kafka_partition int, kafka_offset bigint, produced_at timestamp' %}
    {% set tables = {
        'landing.crypto_prices': kafka_columns ~ ', coin_id string, symbol string, name string, vs_currency string,
            price double, market_cap double, market_cap_rank int, volume_24h double, high_24h double, low_24h double,
            last_updated_at timestamp, is_event_time_imputed boolean, fetched_at timestamp,
            poll_id string, source string, schema_version string, landed_at timestamp,
            price_change_24h_pct double',
        'quarantine.crypto_prices': kafka_columns ~ ', raw_key binary, raw_value binary, schema_version string,
            source string, poll_id string, reason string, landed_at timestamp',
    } %}
    {% for table, columns in tables.items() %}
        {% set known = lake_table(table, columns ~ ', landed_hour string', partition_by='landed_hour') %}
        {% set missing = [] %}
        {% for column in columns.split(',') if column.split()[0] not in known %}
            {% do missing.append(column) %}
        {% endfor %}
        {% if missing %}{% do run_query('alter table ' ~ table ~ ' add columns (' ~ missing | join(',') ~ ')') %}{% endif %}
        {% set newest = newest_registered_hour(table) %}
        {% if newest and not (var('test_whole_history') or flags.FULL_REFRESH) %}
            {% do register_hours_since(newest, table) %}
        {% else %}
            {% do run_query('msck repair table ' ~ table ~ ' sync partitions') %}
        {% endif %}
        {% do run_query('refresh table ' ~ table) %}
    {% endfor %}
{% endmacro %}

{# The newest hour that the table knows and that holds rows, but none of the future; '' if there is none. #}
{% macro newest_registered_hour(table) %}
    {% set this_hour = 'landed_hour=' ~ run_started_at.strftime('%Y-%m-%dT%H') %}
    {% set known = run_query('show partitions ' ~ table).columns[0].values() | select('le', this_hour) | list %}
    {% if known %}
        {% set newest = known | max | replace('landed_hour=', '') %}
        {% set a_row = 'select 1 from ' ~ table ~ " where landed_hour = '" ~ newest ~ "' limit 1" %}
        {% if run_query(a_row).rows %}{{ return(newest) }}{% endif %}
    {% endif %}
    {{ return('') }}
{% endmacro %}

{# A pattern finds the folders: `msck` compares every hour of the history with the catalog, a second for 500 of them. #}
{% macro register_hours_since(newest, table) %}
    {% set later = [] %}
    {% for place in range(newest | length) if newest[place] in '012345678' %}
        {% do later.append('landed_hour=' ~ newest[:place] ~ '[' ~ (newest[place] | int + 1) ~ '-9]*') %}
    {% endfor %}
    {% set folder = '${spark.coinloom.lake_root}/' ~ table.replace('.', '/') %}
    {% set hours = run_query(
        "select distinct regexp_extract(_metadata.file_path, 'landed_hour=([^/]+)', 1) from parquet.`"
        ~ folder ~ '/{landed_hour=' ~ newest ~ ',' ~ later | join(',') ~ '}`'
    ).columns[0].values() %}
    {% for hour in hours if hour != newest %}
        {% do run_query('alter table ' ~ table ~ " add if not exists partition (landed_hour = '" ~ hour ~ "')") %}
    {% endfor %}
{% endmacro %}
