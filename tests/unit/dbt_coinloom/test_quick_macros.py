from collections.abc import Iterator
from typing import Any

import pytest
from dbt.clients.jinja import MacroGenerator, MacroStack
from dbt.context import manifest, providers
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.contracts.graph.nodes import Macro
from dbt.exceptions import PackageNotFoundForMacroError
from dbt.node_types import NodeType

from dbt_coinloom.quick_macros import QuickBuilder, QuickMacros

# Names of the project, of a package that it uses, of an adapter, of the one below it, and of dbt.
NAMES = {
    "coinloom": ["ours", "in_all", "of_dbt"],
    "dbt_utils": ["of_utils", "in_all"],
    "dbt_spark": ["of_adapter", "in_all", "of_dbt", "create_table"],
    "dbt_postgres": ["below", "create_table"],
    "dbt": ["of_dbt", "in_all", "create_table", "of_dbt_alone"],
}
INTERNAL = ["dbt_spark", "dbt_postgres", "dbt"]
CONTEXT: dict[str, Any] = {"target": "spark"}
STACK = MacroStack()


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    manifest.MacroNamespaceBuilder = providers.MacroNamespaceBuilder = MacroNamespaceBuilder  # type: ignore[attr-defined]


def macro(package: str, name: str) -> Macro:
    path = f"macros/{name}.sql"
    return Macro(
        name=name,
        resource_type=NodeType.Macro,
        package_name=package,
        path=path,
        original_file_path=path,
        unique_id=f"macro.{package}.{name}",
        macro_sql=f"{{% macro {name}() %}}{package}{{% endmacro %}}",
    )


MACROS = {package: {name: macro(package, name) for name in names} for package, names in NAMES.items()}


def namespace(builder: type[MacroNamespaceBuilder], root: str, own: str) -> MacroNamespace:
    return builder(root, own, STACK, INTERNAL, "a node").build_namespace(MACROS, CONTEXT)


def described(member: Any) -> Any:
    """What a macro is called with, by name where it is a package of them."""
    if isinstance(member, dict):
        return {name: described(macro) for name, macro in member.items()}
    assert isinstance(member, MacroGenerator)
    return member.macro.unique_id, member.context is CONTEXT, member.node, member.stack is STACK


@pytest.mark.parametrize("own", ["coinloom", "dbt_utils", "dbt"])
@pytest.mark.parametrize("root", ["coinloom", "dbt_utils"])
def test_each_name_means_what_it_means_to_dbt(root: str, own: str) -> None:
    quick, dbts = (namespace(builder, root, own) for builder in (QuickBuilder, MacroNamespaceBuilder))
    given: dict[str, Any] = {}
    given.update(quick)
    assert {name: described(member) for name, member in given.items()} == {name: described(dbts[name]) for name in dbts}
    assert len(quick) == len(dbts) == len(list(quick))
    for package in (None, "dbt", "coinloom", "dbt_utils"):
        for name in given:
            found, expected = (one.get_from_package(package, name) for one in (quick, dbts))
            assert found == expected is None or described(found) == described(expected)


def test_a_package_that_nobody_has_is_refused() -> None:
    with pytest.raises(PackageNotFoundForMacroError):
        namespace(QuickBuilder, "coinloom", "coinloom").get_from_package("dbt_spark", "of_adapter")


def test_a_macro_is_called() -> None:
    named = QuickBuilder("coinloom", "coinloom", STACK, INTERNAL).build_namespace(MACROS, CONTEXT)
    called = named["in_all"]
    assert isinstance(called, MacroGenerator)
    assert called() == "coinloom"


def test_only_our_project_is_given_macros_so() -> None:
    QuickMacros("coinloom")
    assert manifest.MacroNamespaceBuilder is providers.MacroNamespaceBuilder is QuickBuilder
    QuickMacros("jaffle_shop")
    assert manifest.MacroNamespaceBuilder is providers.MacroNamespaceBuilder is MacroNamespaceBuilder
