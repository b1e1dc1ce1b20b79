"""Checks that the dbt project is described and tested, as its own files say it is.

* `__main__.py`: builds on an empty PostgreSQL, for the manifest and the catalog that all linters read, and runs them
* `columns.py`: which columns have to be described, and which tested; dbt-coverage counts
"""
