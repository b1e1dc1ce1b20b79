"""Metrics for Prometheus, and messages to a webhook when the state of a stage changes: `coinloom monitor`.

| read | for |
| --- | --- |
| `server` | all of it, from start to stop |
| `look` | one look at the pipeline, every MONITOR_INTERVAL_SECONDS |
| `counts` | polls and builds since the start |
| `metrics`, `families` | the newest look as metrics, at each scrape |
| `watch` | which changes of state are worth a message, and when |
| `told` | what the receiver was told last, on disk |
| `messages` | a change in words, as JSON or for Slack |
| `webhook` | to the receiver, in order, however long it is away |

`prometheus/` has alert rules with their tests, `grafana/` a dashboard; docs/monitoring.md describes both.
"""
