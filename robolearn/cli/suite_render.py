"""`robolearn suite render`: a sheet with a start of every task of a suite."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from robolearn.cli.assemble import build, load_environment
from robolearn.cli.contact_sheet import draw_start, write_sheet
from robolearn.cli.progress import ProgressBar
from robolearn.cli.suite_tasks import SUITES


def run(config: DictConfig, folder: Path) -> None:
    """Draws the first start of each task, and writes the sheet."""
    suite = build({"_target_": f"{SUITES}.get_suite"}, name=config.suite)
    pictures, captions = [], []
    with ProgressBar("render", len(suite.task_ids), "tasks") as bar:
        for number, task_id in enumerate(suite.task_ids, start=1):
            environment = load_environment(f"{suite.name}/{task_id}", config.body)
            try:
                pictures.append(draw_start(environment, config.seed, config.camera))
            finally:
                environment.close()
            captions.append(f"{number}. {environment.task.instruction}")
            bar.advance(1, task_id)
    path = Path(config.output or f"{suite.name}.jpg")
    write_sheet(pictures, captions, path, config.columns, config.width_px)
