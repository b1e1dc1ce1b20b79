#!/bin/sh
# Airflow with our DAGs on http://127.0.0.1:8080, its state in .coinloom/airflow. `make airflow` calls this, with what is
# set in .env in the environment.
# The servers must be up: 'coinloom up --no-build' (Airflow builds instead of the loop).
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
export AIRFLOW_HOME="${AIRFLOW_HOME:-$PWD/.coinloom/airflow}"
export AIRFLOW__CORE__DAGS_FOLDER="$PWD/airflow/dags"
export AIRFLOW__CORE__LOAD_EXAMPLES=False
export AIRFLOW__API__HOST="${AIRFLOW__API__HOST:-127.0.0.1}"
export AIRFLOW__API__PORT="${AIRFLOW__API__PORT:-8080}"
# Tasks report to the API; a port changed above must be changed here too, or every task fails.
export AIRFLOW__CORE__EXECUTION_API_SERVER_URL="http://127.0.0.1:$AIRFLOW__API__PORT/execution/"
# Airflow's two log servers (ports 8793 and 8794) listen on every address, and no setting changes that; they answer only
# to a token that Airflow signs.
exec airflow standalone
