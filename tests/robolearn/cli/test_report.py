from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from robolearn.cli.report import MAX_STRIPS, MAX_VIDEO_BYTES, Report, Strip, write_report
from robolearn.errors import RobolearnError
from robolearn.metrics import success_interval
from robolearn.rollout import EpisodeResult

VOID = {"meta", "img", "br", "link", "input"}


class Page(HTMLParser):
    """Checks nesting, and gathers what tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open_tags: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open_tags == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open_tags.pop() == tag

    def handle_data(self, data):
        if self.open_tags and self.open_tags[-1] != "style":
            self.text += data

    def find(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def _make_results(num_episodes=10, failures=(3, 7)):
    return [
        EpisodeResult(
            "t", "do t", 100 + i, 20 + i, 0.0, i not in failures, i not in failures, i in failures
        )
        for i in range(num_episodes)
    ]


def _make_strip(seed, num_frames=8, size=(48, 64)):
    frames = np.random.default_rng(seed).integers(0, 255, (num_frames, *size, 3), np.uint8)
    return Strip(seed, list(frames), [0.06 * i for i in range(num_frames)])


def _make_full_report(tmp_path):
    video = tmp_path / "video.mp4"
    video.write_bytes(b"not really a video")
    history = [
        {"update": u, "split": s, "seconds": 1.0, "loss": 1 / u, **extra}
        for u in (50, 100, 150)
        for s, extra in (("train", {"learning_rate": 1e-4}), ("validation", {}))
    ]
    return Report(
        title="pick_place from images",
        results=_make_results(),
        control_period_s=0.05,
        figures={
            "observation": "images",
            "demonstrations": 200,
            "updates": 6000,
            "parameters": 1283654,
            "data_wait_fraction": 0.03125,
            "seconds_total": 612.25,
            "seed": 4,
        },
        history=history,
        strips=[_make_strip(100), _make_strip(103)],
        video=video,
        stages_s={"record": 100.5, "train": 400.0, "evaluate": 111.75},
        commands=["make demo", "robolearn evaluate checkpoint=runs/demo"],
        provenance={"commit": "abc123", "commit_dirty": True, "machine": {"cores": 2}},
        config="task: pick_place\n",
    )


def _write(report, folder):
    path = write_report(report, folder)
    html = path.read_text(encoding="utf-8")
    return html, Page(html), json.loads((folder / "report.json").read_text())


def test_page_is_well_formed_and_every_figure_equals_that_of_the_json(tmp_path):
    _, page, figures = _write(_make_full_report(tmp_path), tmp_path)
    shown = {}
    for attributes in page.find("data"):
        place = figures
        for part in attributes["data-key"].split("."):
            place = place[part]
        shown[attributes["data-key"]] = place
        assert attributes["value"] == str(place)
    assert set(shown) >= {
        "success_rate",
        "success_rate_low",
        "success_rate_high",
        "successes",
        "episodes",
        "observation",
        "demonstrations",
        "updates",
        "parameters",
        "data_wait_fraction",
        "seconds_total",
        "seconds_by_stage.train",
    }
    for text in ("80%", "8 of 10", "1,283,654", "10:12", "3.1%", "6:40", "(with uncommitted"):
        assert text in page.text
    assert (figures["success_rate"], figures["episodes"]) == (0.8, 10)
    assert (figures["success_rate_low"], figures["success_rate_high"]) == success_interval(8, 10)
    assert figures["seed"] == 4
    assert figures["episode_results"][3] == {
        "seed": 103,
        "success": False,
        "truncated": True,
        "steps": 23,
        "seconds": 1.15,
    }


def test_page_asks_nothing_of_the_outside(tmp_path):
    html, page, _ = _write(_make_full_report(tmp_path), tmp_path)
    for tag, attributes in page.elements:
        assert tag not in ("script", "link", "iframe", "object", "base")
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href", "xlink:href", "poster", "srcset", "action", "data"):
                assert re.match(r"data:|#", value)
    assert all(url.startswith(("#", "data:")) for url in re.findall(r"url\(([^)]*)\)", html))
    assert "@import" not in html
    assert "://" not in html
    (video,) = page.find("video")
    assert base64.b64decode(video["src"].split(",", 1)[1]) == b"not really a video"


def test_ids_are_unique_and_references_lead_somewhere(tmp_path):
    html, page, _ = _write(_make_full_report(tmp_path), tmp_path)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = re.findall(r'href="#([^"]+)"', html) + re.findall(r"url\(#([^)]+)\)", html)
    targets += re.findall(r'aria-labelledby="([^"]+)"', html)
    assert targets
    assert set(targets) <= set(ids)


def test_pictures_and_tables_can_be_read_aloud(tmp_path):
    _, page, _ = _write(_make_full_report(tmp_path), tmp_path)
    images = page.find("img")
    assert len(images) == 16
    assert images[0]["alt"] == "Seed 100 (success) at 0.0 s"
    assert images[15]["alt"] == "Seed 103 (failure) at 0.4 s"
    assert all(attributes.get("scope") in ("col", "row") for attributes in page.find("th"))
    assert len(page.find("caption")) == len(page.find("table"))
    charts = [a["aria-label"] for _, a in page.elements if a.get("role") == "img"]
    assert charts[0].startswith("loss over updates: train from 0.02 to 0.00667, lowest")
    assert [len(page.find(tag)) for tag in ("html", "main", "h1", "title")] == [1, 1, 1, 1]


def test_hostile_strings_stay_text(tmp_path):
    bad = "\"></pre></style><script>alert(1)</script><img src=x onerror=alert(2)>'&{{ 1009*1013 }}"
    report = replace(
        _make_full_report(tmp_path),
        title=bad,
        results=[EpisodeResult("t", bad, 100, 5, 0.0, True, True, False)],
        strips=[_make_strip(100)],
        figures={"observation": bad, "seed": bad},
        history=[{"update": 1, "split": "train", bad: 0.5}],
        stages_s={bad: 2.0},
        commands=[bad],
        provenance={bad: bad, "commit": bad, "machine": {bad: bad}},
        config=bad,
        notices=[bad],
    )
    html, page, _ = _write(report, tmp_path)
    assert page.find("script") == []
    assert all(attributes["src"].startswith("data:") for attributes in page.find("img"))
    assert "<script" not in html
    assert "1022117" not in page.text
    assert page.text.count(bad) >= 8


def test_what_is_left_out_has_no_place_in_the_page(tmp_path):
    report = Report("reach", _make_results(failures=()), 0.05)
    html, page, figures = _write(report, tmp_path)
    for heading in ("Training", "Film strips", "Where the time went", "Reproduce", "configuration"):
        assert heading not in page.text
    for tag in ("video", "svg", "img", "details", "pre"):
        assert page.find(tag) == []
    assert "There were no failures." in page.text
    assert "seconds_total" not in figures
    assert "None" not in html


@pytest.mark.parametrize(
    ("failures", "strip_seeds", "said"),
    [
        ((), [100], {"Failures": "There were none."}),
        (range(10), [100], {"Successes": "There were none."}),
        ((3,), [100], {"Failures": "None was filmed."}),
    ],
)
def test_missing_film_strips_say_why(tmp_path, failures, strip_seeds, said):
    strips = [_make_strip(seed) for seed in strip_seeds]
    _, page, _ = _write(
        Report("t", _make_results(failures=failures), 0.05, strips=strips), tmp_path
    )
    for heading, text in said.items():
        assert re.search(heading + r"\s+" + re.escape(text), page.text)


def test_a_large_video_stays_outside_and_the_page_below_6_mb(tmp_path):
    report = replace(
        _make_full_report(tmp_path),
        results=_make_results(200, failures=range(100)),
        strips=[_make_strip(100 + i, size=(360, 480)) for i in range(0, 200, 4)],
    )
    report.video.write_bytes(bytes(MAX_VIDEO_BYTES))
    html, page, _ = _write(report, tmp_path)
    assert len(html) < 6_000_000
    assert len(page.find("video")) == 1
    assert len(page.find("img")) == 2 * MAX_STRIPS * 8
    report.video.write_bytes(bytes(MAX_VIDEO_BYTES + 1))
    _, page, _ = _write(report, tmp_path)
    assert page.find("video") == []
    assert "3.3 MiB): see video.mp4 beside it" in page.text


def test_notices_and_many_failures_are_shown(tmp_path):
    report = Report("t", _make_results(30, range(20)), 0.05, notices=["Interrupted: 20 not run."])
    _, page, figures = _write(report, tmp_path)
    assert "Interrupted: 20 not run." in page.text
    assert "111 and 8 more." in page.text
    assert figures["notices"] == ["Interrupted: 20 not run."]


def test_stages_add_up_to_the_total_unless_it_was_measured(tmp_path):
    report = replace(_make_full_report(tmp_path), figures={})
    assert report.get_figures()["seconds_total"] == 612.25


def test_contradictions_are_refused(tmp_path):
    report = Report("t", _make_results(), 0.05, figures={"success_rate": 1.0})
    with pytest.raises(RobolearnError, match="'success_rate'"):
        write_report(report, tmp_path)
    with pytest.raises(RobolearnError, match="seed 5 "):
        write_report(Report("t", _make_results(), 0.05, strips=[_make_strip(5)]), tmp_path)
    with pytest.raises(RobolearnError, match="at least one episode"):
        write_report(Report("t", [], 0.05), tmp_path)
    assert list(tmp_path.iterdir()) == []


REAL_TIME = {
    "period_p50_ms": 50.0,
    "period_p99_ms": 50.25,
    "period_error_p99_ms": 0.25,
    "overruns": 1,
    "scheduling": "ordinary",
    "observation_age_ms": {"observation.images.front": {"p50": 31.0, "p99": 47.5}},
    "inference_latency_p50_ms": 12.5,
    "inference_latency_p99_ms": 30.0,
    "starved_steps": 2,
    "limit_violations": 0,
    "bus_errors": 4,
    "health": {"timeouts": 4, "hottest_c": 41.5},
    "simulated_success_rate": 0.9,
    "simulated_steps_median": 56.0,
}


def test_figures_of_a_real_clock_are_headline_figures_and_have_a_section(tmp_path):
    report = replace(_make_full_report(tmp_path), real_time=REAL_TIME)
    page = Page(write_report(report, tmp_path).read_text())
    figures = json.loads((tmp_path / "report.json").read_text())
    assert {key: figures[key] for key in REAL_TIME} == REAL_TIME
    assert "deployment" not in figures
    for text in ("In real time", "8 of 10 episodes", "90%", "simulation 56", "47.5 ms"):
        assert text in page.text
    assert "starved steps 2" in page.text
    assert "timeouts 4" in page.text
    assert "hottest 41.5 °C" in page.text


def test_a_deployment_is_a_part_of_the_report(tmp_path):
    deployment = Report(
        "t", _make_results(3, ()), 0.05, figures={"updates": 1}, real_time=REAL_TIME
    )
    report = replace(_make_full_report(tmp_path), deployment=deployment)
    page = Page(write_report(report, tmp_path).read_text())
    figures = json.loads((tmp_path / "report.json").read_text())
    assert figures["success_rate"] == 0.8
    assert figures["deployment"]["success_rate"] == 1.0
    assert figures["deployment"]["bus_errors"] == 4
    assert len(figures["deployment"]["episode_results"]) == 3
    assert "updates" not in figures["deployment"]
    assert "period_p50_ms" not in figures
    assert "3 of 3 episodes" in page.text


def test_a_report_of_simulated_episodes_says_nothing_of_real_time(tmp_path):
    page = Page(write_report(_make_full_report(tmp_path), tmp_path).read_text())
    assert "In real time" not in page.text
