"""Which columns have to be described, and which tested.

dbt-coverage counts the columns that are, but of two things it knows nothing. A view between staging and marts does not
describe once more the columns that it passes on. And only those columns need a test that are never null: the test
`well_formed` of a table lists them.
"""

import json
from contextlib import redirect_stdout
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

from dbt_coverage import CoverageType, do_compute

JSON = dict[str, Any]


def without_columns(manifest: JSON, catalog: JSON) -> list[str]:
    """The models of which there is nothing to look at; or the project, if it has no model."""
    models = _models(manifest)
    nothing = [model["name"] for model in models if not _columns_in(catalog, model)]
    return nothing if models else [manifest["metadata"]["project_name"]]


def undescribed(manifest: JSON, catalog: JSON, folder: Path) -> list[str]:
    """The columns that are not described where they are made."""
    return sorted(_missed(_with_descriptions_passed_on(manifest, catalog), catalog, folder, CoverageType.DOC))


def without_grain(manifest: JSON) -> list[str]:
    """The marts of which no test `well_formed` says what a row stands for."""
    return [model["name"] for model in _models(manifest) if _is_mart(model) and not _never_null(model, manifest)]


def untested(manifest: JSON, catalog: JSON, folder: Path) -> list[str]:
    """The columns of a grain, and the others that are never null, that have no test of their own."""
    never_null = {
        f"{model['schema']}.{model['name']}.{column}"
        for model in _models(manifest)
        for column in _never_null(model, manifest)
    }
    return sorted(never_null & _missed(manifest, catalog, folder, CoverageType.TEST))


def _models(manifest: JSON) -> list[JSON]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def _is_mart(model: JSON) -> bool:
    return bool(model["fqn"][1] == "marts")


def _is_view_in_between(model: JSON) -> bool:
    return bool(model["fqn"][1] == "intermediate" and model["config"]["materialized"] == "kept_view")


def _columns_in(catalog: JSON, model: JSON) -> set[str]:
    return set(catalog["nodes"].get(model["unique_id"], {}).get("columns", {}))


def _never_null(model: JSON, manifest: JSON) -> set[str]:
    found: set[str] = set()
    for test in manifest["nodes"].values():
        metadata = test.get("test_metadata") or {}
        if metadata.get("name") == "well_formed" and test["attached_node"] == model["unique_id"]:
            found.update(metadata["kwargs"]["one_row_per"], metadata["kwargs"].get("never_null", []))
    return found


def _with_descriptions_passed_on(manifest: JSON, catalog: JSON) -> JSON:
    """A copy in which each view in between describes the columns, too, that its parents have under the same name."""
    copy = deepcopy(manifest)
    nodes = copy["nodes"] | copy["sources"]

    def described(node: JSON) -> JSON:
        if node["resource_type"] == "model" and _is_view_in_between(node):
            for parent in node["depends_on"]["nodes"]:
                for name, column in described(nodes[parent]).items():
                    if name in _columns_in(catalog, node):
                        node["columns"].setdefault(name, column)
        columns: JSON = node["columns"]
        return columns

    for model in _models(copy):
        described(model)
    return copy


def _missed(manifest: JSON, catalog: JSON, folder: Path, kind: CoverageType) -> set[str]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "catalog.json").write_text(json.dumps(catalog))
    with redirect_stdout(StringIO()):  # a line for every model
        report = do_compute(run_artifacts_dir=folder, cov_report=folder / f"{kind.value}.json", cov_type=kind)
    print(f"dbt-coverage: {len(report.covered)} of {len(report.total)} columns ({kind.value})")
    return {f"{column.table_name}.{column.column_name}" for column in report.misses}
