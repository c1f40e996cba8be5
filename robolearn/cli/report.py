"""`report.html`, one file that opens anywhere, and `report.json` with the same figures."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robolearn.cli.charts import describe_curves, draw_curves, make_curves
from robolearn.cli.progress import format_duration
from robolearn.errors import MissingDependencyError, RobolearnError
from robolearn.metrics import summarize
from robolearn.rollout import EpisodeResult
from robolearn.specs import Array

MAX_STRIPS = 4  # film strips shown of successes, and of failures
MAX_VIDEO_BYTES = 3_500_000  # a larger one stays beside the report; with it the file is < 6 MB
_FRAME_WIDTH_PX = 200

# Figures shown as tiles, in this order: key -> label and how it is written.
_TILES = {
    "demonstrations": ("demonstrations recorded", "{:,}"),
    "updates": ("training updates", "{:,}"),
    "parameters": ("parameters", "{:,}"),
    "seconds_total": ("wall-clock time in all", "duration"),
    "data_wait_fraction": ("of training spent waiting for data", "{:.1%}"),
    "steps_median": ("steps, median of successes", "{:.0f}"),
}


@dataclass(frozen=True)
class Strip:
    """A few frames of one episode.

    Attributes:
        seed: the episode's seed.
        frames: uint8 RGB, HWC.
        times_s: when each frame was, from the episode's start [s].
    """

    seed: int
    frames: Sequence[Array]
    times_s: Sequence[float]


@dataclass(frozen=True)
class Report:
    """What a report says. Whatever is left empty has no place in it.

    Attributes:
        title: e.g. "pick_place from images".
        results: the evaluated episodes.
        control_period_s: time of a step [s].
        figures: further headline figures: plain keys and values, into `report.json` as they are.
        real_time: figures of episodes on a real clock, as `real_time_run` gathers them.
        deployment: the report of a deployment of the same policy, to be part of this one.
        history: records of training, as in `metrics.jsonl`: `update`, `split`, metrics.
        strips: film strips; success or failure follows from the result with the same seed.
        video: an MP4 file.
        stages_s: wall-clock time of each stage [s], in their order.
        commands: command lines that reproduce the result.
        provenance: as of `provenance.collect_provenance`.
        config: the resolved configuration, as YAML.
        notices: what must be known before the figures are read, e.g. that Ctrl-C came.
    """

    title: str
    results: Sequence[EpisodeResult]
    control_period_s: float
    figures: Mapping[str, Any] = field(default_factory=dict)
    real_time: Mapping[str, Any] = field(default_factory=dict)
    deployment: Report | None = None
    history: Sequence[Mapping[str, Any]] = ()
    strips: Sequence[Strip] = ()
    video: Path | None = None
    stages_s: Mapping[str, float] = field(default_factory=dict)
    commands: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    config: str = ""
    notices: Sequence[str] = ()

    def get_figures(self) -> dict[str, Any]:
        """Returns the content of `report.json`.

        Raises:
            RobolearnError: if there are no episodes, or a figure would hide one that is computed.
        """
        computed: dict[str, Any] = {"title": self.title, **summarize(self.results).to_json()}
        if self.stages_s:
            computed["seconds_by_stage"] = dict(self.stages_s)
        if self.deployment is not None:
            computed["deployment"] = self.deployment.get_deployment_figures()
        for key, value in {**self.real_time, **self.figures}.items():
            if key in computed:
                raise RobolearnError(f"the report computes {key!r} itself: leave it out of figures")
            computed[key] = value
        if self.stages_s:
            computed.setdefault("seconds_total", sum(self.stages_s.values()))
        computed["episode_results"] = [self._describe_episode(result) for result in self.results]
        computed["notices"] = list(self.notices)
        computed["commands"] = list(self.commands)
        computed["provenance"] = dict(self.provenance)
        return computed

    def get_deployment_figures(self) -> dict[str, Any]:
        """Returns the figures of episodes on a real clock, as another report holds them."""
        rows = [self._describe_episode(result) for result in self.results]
        return {**summarize(self.results).to_json(), **self.real_time, "episode_results": rows}

    def _describe_episode(self, result: EpisodeResult) -> dict[str, Any]:
        return {
            "seed": result.seed,
            "success": result.success,
            "truncated": result.truncated,
            "steps": result.num_steps,
            "seconds": round(result.num_steps * self.control_period_s, 6),
        }


def write_report(report: Report, folder: Path, name: str = "report") -> Path:
    """Writes `<name>.html` and `<name>.json` into the folder.

    Returns:
        The path of the HTML file.

    Raises:
        RobolearnError: as `Report.get_figures`.
        MissingDependencyError: if a package of the extra `report` is missing.
    """
    figures = report.get_figures()
    html = render_report(report)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(figures, indent=2, allow_nan=False)
    for suffix, content in ((".json", text + "\n"), (".html", html)):
        partial = folder / f"{name}{suffix}.partial"
        partial.write_text(content, encoding="utf-8")
        partial.replace(folder / f"{name}{suffix}")
    return folder / f"{name}.html"


def render_report(report: Report) -> str:
    """Returns the report as one HTML page without any external reference."""
    try:
        import jinja2
    except ImportError as error:
        raise MissingDependencyError(
            "reports need jinja2: pip install 'robolearn[report]'"
        ) from error
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = format_duration
    figures = report.get_figures()
    return environment.get_template("report.html.j2").render(
        report=report,
        figures=figures,
        instruction=report.results[0].instruction,
        failed_seeds=[row["seed"] for row in figures["episode_results"] if not row["success"]],
        tiles=_make_tiles(figures),
        deployments=_find_deployments(report),
        stages=_make_stages(report.stages_s),
        charts=_make_charts(report.history),
        strips=_make_strips(report),
        video=_make_video(report.video),
    )


def _make_tiles(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns key, value, text and label of each headline figure there is."""
    tiles = []
    for key, (label, form) in _TILES.items():
        value = figures.get(key)
        if value is not None:
            text = format_duration(value) if form == "duration" else form.format(value)
            tiles.append({"key": key, "value": value, "text": text, "label": label})
    return tiles


def _find_deployments(report: Report) -> list[dict[str, Any]]:
    """Returns the figures of what ran on a real clock: this report's episodes, or a part of it."""
    parts = [part for part in (report, report.deployment) if part is not None and part.real_time]
    return [part.get_deployment_figures() for part in parts]


def _make_stages(stages_s: Mapping[str, float]) -> list[dict[str, Any]]:
    """Returns name, time and share of each stage."""
    total_s = sum(stages_s.values())
    return [
        {"name": name, "seconds": seconds, "share": seconds / total_s if total_s else 0.0}
        for name, seconds in stages_s.items()
    ]


def _make_charts(history: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Draws each metric of the training records, those with a validation curve first."""
    names = [key for row in history for key in row if key not in ("update", "split", "seconds")]
    curves = {name: make_curves(history, name) for name in dict.fromkeys(names)}
    charts = []
    for index, name in enumerate(sorted(curves, key=lambda name: -len(curves[name]))):
        title = name.replace("_", " ")
        charts.append(
            {
                "title": title,
                "svg": draw_curves(curves[name], f"chart{index}"),
                "alt": describe_curves(title, curves[name]),
            }
        )
    return charts


def _make_strips(report: Report) -> dict[str, list[dict[str, Any]]]:
    """Returns the film strips of successes and of failures, as many as are shown."""
    by_seed = {result.seed: result for result in report.results}
    strips: dict[str, list[dict[str, Any]]] = {"success": [], "failure": []}
    for strip in report.strips:
        if strip.seed not in by_seed:
            raise RobolearnError(f"the film strip of seed {strip.seed} has no evaluated episode")
        rows = strips["success" if by_seed[strip.seed].success else "failure"]
        if len(rows) == MAX_STRIPS:
            continue
        frames = [
            {"uri": _encode_frame(frame), "seconds": seconds}
            for frame, seconds in zip(strip.frames, strip.times_s, strict=True)
        ]
        seconds = by_seed[strip.seed].num_steps * report.control_period_s
        rows.append({"seed": strip.seed, "frames": frames, "seconds": seconds})
    return strips


def _encode_frame(frame: Array) -> str:
    """Returns a frame as a data URI, no wider than it is shown."""
    from PIL import Image

    image = Image.fromarray(frame)
    if image.width > _FRAME_WIDTH_PX:
        height = round(image.height * _FRAME_WIDTH_PX / image.width)
        image = image.resize((_FRAME_WIDTH_PX, height), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=82)
    return _to_data_uri("image/jpeg", buffer.getvalue())


def _make_video(path: Path | None) -> dict[str, Any] | None:
    """Returns the video as a data URI, or its name and size if it is too large for that."""
    if path is None:
        return None
    size = path.stat().st_size
    if size > MAX_VIDEO_BYTES:
        return {"uri": None, "name": path.name, "mib": size / 2**20}
    return {"uri": _to_data_uri("video/mp4", path.read_bytes()), "name": path.name}


def _to_data_uri(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
