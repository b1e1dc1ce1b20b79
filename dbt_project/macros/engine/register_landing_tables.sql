{#
    The stream writes Parquet by path and owns no catalog, so on Spark each run declares the tables over those folders
    and picks up the hours that came or went since. A column that an older release did not know is added to its table;
    files from before have nulls there. On PostgreSQL the migrations have made the tables.
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
            poll_id string, source string, schema_version string, landed_at timestamp',
        'quarantine.crypto_prices': kafka_columns ~ ', raw_key binary, raw_value binary, schema_version string,
            source string, poll_id string, reason string, landed_at timestamp',
    } %}
    {% for table, columns in tables.items() %}
        {% do run_query('create schema if not exists ' ~ table.split('.')[0]) %}
        {% do run_query(
            'create table if not exists ' ~ table ~ ' (' ~ columns ~ ', landed_hour string) using parquet'
            ~ ' partitioned by (landed_hour)'
            ~ " location '${spark.coinloom.lake_root}/" ~ table.replace('.', '/') ~ "'"
        ) %}
        {% set known = run_query('show columns in ' ~ table).columns[0].values() %}
        {% set missing = [] %}
        {% for column in columns.split(',') if column.split()[0] not in known %}
            {% do missing.append(column) %}
        {% endfor %}
        {% if missing %}{% do run_query('alter table ' ~ table ~ ' add columns (' ~ missing | join(',') ~ ')') %}{% endif %}
        {% do run_query('msck repair table ' ~ table ~ ' sync partitions') %}
        {% do run_query('refresh table ' ~ table) %}
    {% endfor %}
{% endmacro %}
