"""The loop that builds and publishes as soon as something has landed, with a dbt that stays warm.

| read | for |
| --- | --- |
| `landed` | has something landed, cheaply |
| `project_files` | has the dbt project changed |
| `loop` | when a build starts, and when again after a failure |
| `errors`, `messages` | a build that failed; the words between the loop and the process that builds |
| `worker_process` | the process that builds: started, asked, ended when it hangs |
| `worker` | what runs in it |
| `warm_dbt` | dbt, imported and parsed once |
"""
