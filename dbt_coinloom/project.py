"""Which of the projects that dbt may run here is ours."""

PROJECT = "coinloom"
