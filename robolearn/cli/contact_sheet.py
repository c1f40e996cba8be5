"""Pictures of starts, one by one or side by side on a sheet with their instructions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robolearn.environment import Environment
from robolearn.errors import RobolearnError
from robolearn.specs import Array

CAPTION_LINES, LINE_PX, FONT_PX, MARGIN_PX = 3, 14, 12, 6


def draw_start(environment: Environment, seed: int, camera: str) -> Array:
    """Sets out a start and draws it.

    Returns:
        uint8 RGB, shape (height, width, 3).

    Raises:
        UnknownNameError: if the scene has no such camera.
    """
    environment.reset(seed=seed)
    robot: Any = environment.robot
    picture: Array = robot.render(camera)
    return picture


def write_picture(picture: Array, path: Path) -> None:
    """Writes a picture; the ending of the file's name says how.

    Raises:
        RobolearnError: if it cannot be written.
    """
    from PIL import Image

    _save(Image.fromarray(picture), path)


def write_sheet(
    pictures: Sequence[Array], captions: Sequence[str], path: Path, columns: int, width_px: int
) -> None:
    """Writes pictures side by side, each with its caption below.

    Args:
        pictures: all of one size.
        captions: one for each; what is longer than three lines is cut.
        path: of the sheet.
        columns: pictures side by side.
        width_px: of each.

    Raises:
        RobolearnError: if it cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    height_px = round(pictures[0].shape[0] * width_px / pictures[0].shape[1])
    cell = (width_px + MARGIN_PX, height_px + CAPTION_LINES * LINE_PX + 2 * MARGIN_PX)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * cell[0] + MARGIN_PX, rows * cell[1] + MARGIN_PX), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_PX)
    for index, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left = index % columns * cell[0] + MARGIN_PX
        top = index // columns * cell[1] + MARGIN_PX
        small = Image.fromarray(picture).resize((width_px, height_px), Image.Resampling.LANCZOS)
        sheet.paste(small, (left, top))
        lines = textwrap.wrap(caption, width_px * 2 // FONT_PX)[:CAPTION_LINES]
        for number, line in enumerate(lines):
            draw.text((left, top + height_px + 2 + number * LINE_PX), line, "black", font)
    _save(sheet, path)


def _save(image: Any, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, optimize=True)
    except (OSError, ValueError) as error:
        raise RobolearnError(f"the picture {path} cannot be written: {error}") from error
