"""Training curves as SVG that sits inside an HTML page and takes the page's colours."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from robolearn.errors import MissingDependencyError

# Drawn in these colours, which are then replaced by the page's own (light or dark).
_PLACEHOLDERS = {
    "#010203": "var(--ink)",
    "#010204": "var(--muted)",
    "#010205": "var(--line)",
    "#010206": "var(--series-1)",
    "#010207": "var(--series-2)",
}
_INK, _MUTED, _LINE, _SERIES_1, _SERIES_2 = _PLACEHOLDERS
_LOG_SCALE_FROM_RATIO = 20.0


@dataclass(frozen=True)
class Curve:
    """One line of a chart: `values` over `updates`."""

    label: str
    updates: Sequence[int]
    values: Sequence[float]


def make_curves(history: Sequence[Mapping[str, Any]], metric: str) -> list[Curve]:
    """Takes a metric's curves, train and validation, out of the records of `metrics.jsonl`.

    Args:
        history: records with `update`, `split` and metrics.
        metric: the metric's name; records without it are passed over.

    Returns:
        A curve for each split that has the metric.
    """
    curves = []
    for split in ("train", "validation"):
        rows = [row for row in history if row["split"] == split and metric in row]
        if rows:
            updates = [int(row["update"]) for row in rows]
            curves.append(Curve(split, updates, [float(row[metric]) for row in rows]))
    return curves


def describe_curves(name: str, curves: Sequence[Curve]) -> str:
    """Says in words what the chart shows, for those who cannot see it."""
    parts = []
    for curve in curves:
        best = min(range(len(curve.values)), key=curve.values.__getitem__)
        parts.append(
            f"{curve.label} from {curve.values[0]:.3g} to {curve.values[-1]:.3g},"
            f" lowest {curve.values[best]:.3g} at update {curve.updates[best]}"
        )
    return f"{name} over updates: " + "; ".join(parts)


def draw_curves(curves: Sequence[Curve], chart_id: str) -> str:
    """Draws curves over updates; the first is thin, as it is noisy, the second has markers.

    Args:
        curves: one or two curves.
        chart_id: unique in the page.

    Returns:
        An `<svg>` element without size, script or external reference.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError(
            "charts need matplotlib: pip install 'robolearn[report]'"
        ) from error

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": chart_id, "font.size": 10}):
        figure = Figure(figsize=(5.4, 2.9), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        styles = ({"linewidth": 1.4}, {"linewidth": 1.8, "marker": "o", "markersize": 3.5})
        for curve, colour, style in zip(curves, (_SERIES_1, _SERIES_2), styles, strict=False):
            axes.plot(curve.updates, curve.values, color=colour, label=curve.label, **style)  # type: ignore[arg-type]
        _style_axes(axes, curves)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return _clean_svg(buffer.getvalue(), chart_id)


def _style_axes(axes: Any, curves: Sequence[Curve]) -> None:
    """Sets scale, grid and colours."""
    from matplotlib.ticker import LogLocator

    values = [value for curve in curves for value in curve.values]
    if min(values) > 0 and max(values) > _LOG_SCALE_FROM_RATIO * min(values):
        axes.set_yscale("log", subs=[])
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(lambda value, _: _format_tick(value))
    axes.set_xlabel("updates", color=_MUTED)
    axes.set_xlim(left=0)
    axes.grid(axis="y", color=_LINE, linewidth=0.8)
    axes.tick_params(which="both", color=_LINE, labelcolor=_MUTED, length=3)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_LINE)
    if len(curves) > 1:
        axes.legend(frameon=False, labelcolor=_INK, loc="upper right")


def _format_tick(value: float) -> str:
    """Writes small numbers as 2.5e-4: shorter than 0.00025."""
    if value == 0 or abs(value) >= 1e-3:
        return f"{value:g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def _clean_svg(svg: str, chart_id: str) -> str:
    """Leaves only the `<svg>` element, coloured by the page and with ids of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'id="', f'id="{chart_id}-', svg)
    svg = re.sub(r'href="#', f'href="#{chart_id}-', svg)
    svg = re.sub(r"url\(#", f"url(#{chart_id}-", svg)
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    for placeholder, colour in _PLACEHOLDERS.items():
        svg = svg.replace(placeholder, colour)
    return svg.strip()
