# One image for all of Coinloom's own services: poller, stream, Thrift Server, Spark master and worker, build, Airflow.
FROM python:3.11-slim-bookworm

# The slim image leaves out manual pages, whose folder the Java package expects.
RUN mkdir -p /usr/share/man/man1 \
    && apt-get update \
    && apt-get install -y --no-install-recommends openjdk-17-jre-headless procps \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 10001 coinloom \
    && mkdir -p /data/coinloom /data/lake /opt/jars \
    && chown -R coinloom /data /opt/jars

ENV VIRTUAL_ENV=/opt/venv \
    PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    COINLOOM_HOME=/data/coinloom \
    LAKE_ROOT=/data/lake \
    JARS_FOLDER=/opt/jars

WORKDIR /opt/coinloom
# What others have written first, so that a change of our code does not install it anew. Compiled here, because the
# user that runs it may not write there.
COPY pyproject.toml requirements.lock ./
RUN python3 -m venv /opt/uv && /opt/uv/bin/python -m pip install --no-cache-dir uv==0.13.9 \
    && python3 -m venv /opt/venv \
    && /opt/uv/bin/uv pip install --no-cache --compile-bytecode --constraint requirements.lock \
        --group airflow --requirements pyproject.toml

COPY README.md ./
COPY building building
COPY coinloom coinloom
COPY commands commands
COPY dashboard dashboard
COPY dbt_coinloom dbt_coinloom
COPY health health
COPY ingestion ingestion
COPY maintenance maintenance
COPY monitoring monitoring
COPY quarantine quarantine
COPY serving serving
COPY simulator simulator
COPY spark_streaming spark_streaming
COPY stack stack
COPY stores stores
RUN /opt/uv/bin/uv pip install --no-cache --compile-bytecode --no-deps --editable . \
    && python3 -m compileall -q .

USER coinloom
# Fetched here, so that a container starts without the network.
RUN coinloom setup --no-env-file --s3 && rm -rf ~/.ivy2

COPY --chown=coinloom dbt_project dbt_project
COPY profiles profiles
COPY airflow airflow
CMD ["coinloom", "--help"]
