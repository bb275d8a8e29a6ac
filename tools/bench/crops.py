"""A contact sheet of places where it shows how colors were chosen."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

from .installed import installed
from .pictures import Coded, open_colors, told
from .quantizers import Quantizer, chosen, with_kmcodec

SIZE = (96, 72)
SCALE = 3
LINE = 14
GAP = 4

SYSTEMS: dict[str, Quantizer] = {
    'kmcodec, space="rgb"': with_kmcodec(space="rgb", dither=0),
    "kmcodec": with_kmcodec(dither=0),
    'kmcodec, dither="auto"': with_kmcodec(dither="auto"),
    "kmcodec, dither=1": with_kmcodec(dither=1),
    **chosen("imagequant", "imagequant dithered"),
}
"""What each place is shown by, beside the original; first as the default was before."""


class Crop(NamedTuple):
    """A place in a picture, by its upper left corner, what to look at, and what it is laid on."""

    picture: str
    corner: tuple[int, int]
    colors: int
    look_at: str
    on: str = "white"

    def cut(self, image: Image.Image) -> Image.Image:
        """Cut it out, lay it on its color, and enlarge its pixels."""
        (x, y), (width, height) = self.corner, SIZE
        part = image.crop((x, y, x + width, y + height)).convert("RGBA")
        laid = Image.alpha_composite(Image.new("RGBA", SIZE, self.on), part)
        return laid.resize((width * SCALE, height * SCALE), Image.Resampling.NEAREST)


CROPS = (
    Crop("kodak/kodim15.png", (500, 310), 64, "lips, skin"),
    Crop("kodak/kodim15.png", (400, 130), 16, "skin, small yellow"),
    Crop("kodak/kodim15.png", (190, 60), 64, "dark hair"),
    Crop("cq100/sports_bicycles.png", (500, 150), 16, "skin, lips"),
    Crop("kodak/kodim19.png", (45, 470), 16, "small red and yellow"),
    Crop("kodak/kodim11.png", (370, 270), 16, "small red"),
    Crop("cq100/traffic.png", (330, 230), 64, "small cars, lights and shirts"),
    Crop("kodak/kodim03.png", (560, 10), 16, "sky"),
    Crop("kodak/kodim19.png", (30, 60), 16, "sky"),
    Crop("kodak/kodim21.png", (100, 60), 64, "sky"),
    Crop("kodak/kodim23.png", (30, 170), 64, "soft background"),
    Crop("illustrations/bulb__lightbulb_brightlit_benj_.png", (110, 110), 16, "soft alpha"),
    Crop("illustrations/emoji_u1f382.png", (170, 10), 16, "soft alpha", "black"),
)  # fmt: skip


def shown_by(crop: Crop, folder: Path, systems: dict[str, Quantizer]) -> Iterator[Image.Image]:
    """Cut a place out of a picture, and out of what each system makes of the whole picture."""
    image = open_colors(folder / crop.picture)
    yield crop.cut(image)
    for system in systems.values():
        yield crop.cut(Coded(*system.reduce(image, crop.colors)).image)


def draw(folder: Path, crops: Sequence[Crop] = CROPS) -> Image.Image:
    """Draw a row for each place of which the picture is there, and a column for each system."""
    there = [crop for crop in crops if (folder / crop.picture).exists()]
    for name in sorted({crop.picture for crop in crops} - {crop.picture for crop in there}):
        print(f"left out, for want of its picture: {name}", file=sys.stderr)
    if not there:
        sys.exit(f"kmq-bench: no pictures of these places in {folder}")
    systems = installed(SYSTEMS)
    width, height = (side * SCALE for side in SIZE)
    columns = ["original", *systems]
    size = (width + GAP) * len(columns), LINE + (LINE + height + GAP) * len(there)
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    for place, name in enumerate(columns):
        pen.text((place * (width + GAP), 0), name, fill="black")
    for row, crop in enumerate(told(there)):
        top = LINE + row * (LINE + height + GAP)
        title = f"{crop.picture} at {crop.corner}, {crop.colors} colors: {crop.look_at}"
        pen.text((0, top), title, fill="black")
        for place, cell in enumerate(shown_by(crop, folder, systems)):
            sheet.paste(cell, (place * (width + GAP), top + LINE))
    return sheet
