"""A twentieth less time in Python for a `dbt build`: its parts are given the names of all macros more quickly.

Each model, test and hook gets the 600 macros as names to call. dbt makes each of them by three constructors, and looks
for each name in five places. Here it is one constructor, and the places are put one over the other.
Measured: docs/decisions/0012-a-short-build-on-spark.md.
"""

from collections.abc import Iterator, KeysView, Mapping
from typing import Any

from dbt.clients.jinja import MacroGenerator, MacroStack
from dbt.context import manifest, providers
from dbt.context.macros import FlatNamespace, MacroNamespace, MacroNamespaceBuilder, NamespaceMember
from dbt.contracts.graph.nodes import Macro
from dbt.include.global_project import PROJECT_NAME as DBT
from dbt.plugins.manager import dbtPlugin

from dbt_coinloom.project import PROJECT


class QuickMacros(dbtPlugin):
    """Has the parts of a build get their macros from QuickBuilder, in a process that runs dbt for this project."""

    def initialize(self) -> None:
        builder = QuickBuilder if self.project_name == PROJECT else MacroNamespaceBuilder
        manifest.MacroNamespaceBuilder = providers.MacroNamespaceBuilder = builder  # type: ignore[attr-defined]


class QuickMacro(MacroGenerator):
    """One of dbt's, made at once."""

    def __init__(self, macro: Macro, context: dict[str, Any], node: Any, stack: MacroStack) -> None:
        self.macro = macro
        self.context = context
        self.node = node
        self.stack = stack


class QuickNamespace(MacroNamespace):
    """dbt's, with what each name means looked up before."""

    def __init__(
        self, roots: FlatNamespace, own: FlatNamespace, internal: FlatNamespace, packages: dict[str, FlatNamespace]
    ) -> None:
        super().__init__(roots, own, internal, packages)
        self._meant: dict[str, NamespaceMember] = {**internal, DBT: internal, **packages, **roots, **own}

    def __getitem__(self, name: str) -> NamespaceMember:
        return self._meant[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._meant)

    def __len__(self) -> int:
        return len(self._meant)

    def keys(self) -> KeysView[str]:
        return self._meant.keys()


class QuickBuilder(MacroNamespaceBuilder):
    """Makes the namespace of dbt's own builder."""

    def build_namespace(
        self, macros_by_package: Mapping[str, Mapping[str, Macro]], ctx: dict[str, Any]
    ) -> MacroNamespace:
        made: dict[str, FlatNamespace] = {
            package: {name: QuickMacro(macro, ctx, self.node, self.thread_ctx) for name, macro in macros.items()}
            for package, macros in macros_by_package.items()
        }
        internal: FlatNamespace = {}
        for package in reversed(self.internal_package_names_order):
            internal |= made.pop(package, {})
        own = made.get(self.search_package, {})
        root = made.get(self.root_package, {}) if self.root_package != self.search_package else {}
        return QuickNamespace(root, own, internal, made)
