"""Rows of panels → a dashboard as Grafana's JSON, by Grafana's own typed library.

Imported only where a dashboard is asked for: the library is nothing that the function should wait for at its start.
The library has one release for each version of Grafana's schema; this is 10.1's, which later ones read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders.common import VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, QueryVariable
from grafana_foundation_sdk.builders.dashboard import Row as RowBuilder
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel as TimeseriesBuilder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from krm_otel.collector.monitoring.panels import Panel, Row, Variable

_SOURCE: Final = DataSourceRef("prometheus", "${datasource}")
_HEIGHT: Final = 8
_ALL: Final = "$__all"


def dashboard(
    title: str, uid: str, tags: Sequence[str], rows: Sequence[Row], variables: Sequence[Variable], namespace: str
) -> str:
    """The text of a dashboard, the same on every run.

    Args:
        title: shown above it.
        uid: what Grafana knows it by.
        tags: what it can be searched by.
        rows: what it shows.
        variables: what can be chosen, beside the data source.
        namespace: chosen to begin with; empty: all.
    """
    made = Dashboard(title).uid(uid).tags(list(tags)).readonly().tooltip(DashboardCursorSync.CROSSHAIR)
    made = made.time("now-1h", "now").refresh("30s").timezone("browser")
    made = made.with_variable(DatasourceVariable("datasource").label("Data source").type("prometheus"))
    for variable in variables:
        made = made.with_variable(_variable(variable, namespace if variable.name == "namespace" else ""))
    for row in rows:
        made = made.with_row(RowBuilder(row.title))
        for panel in row.panels:
            made = made.with_panel(_panel(panel))
    plain = json.loads(JSONEncoder().encode(made.build()))
    for number, panel in enumerate(plain["panels"], 1):
        panel["id"] = number
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _variable(variable: Variable, chosen: str) -> QueryVariable:
    option = VariableOption(True, [chosen or "All"], [chosen or _ALL])
    return (
        QueryVariable(variable.name)
        .label(variable.title)
        .datasource(_SOURCE)
        .query(f"label_values({variable.series}, {variable.label})")
        .current(option)
        .multi(True)
        .include_all(True)
        .all_value(".*")  # series without the label, too
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


def _panel(panel: Panel) -> TimeseriesBuilder:
    made = TimeseriesBuilder().title(panel.title).datasource(_SOURCE).unit(panel.unit).min(0)
    made = made.span(panel.width).height(_HEIGHT).show_points(VisibilityMode.NEVER).fill_opacity(10)
    made = made.description(panel.description)
    # Under a cursor all lines, the highest first: there is one for each function.
    made = made.tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    made = made.legend(legend.show_legend(True))
    if panel.empty:
        made = made.no_value(panel.empty)
    for number, query in enumerate(panel.queries):
        target = Dataquery().ref_id("ABCDEFGH"[number]).datasource(_SOURCE).expr(query.expr).legend_format(query.legend)
        target = target.range()
        made = made.with_target(target.exemplar(True) if query.exemplars else target)
    return made
