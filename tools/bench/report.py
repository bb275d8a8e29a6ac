"""All figures in Markdown: ``RESULTS.md``, and the headlines in README."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from . import (
    alpha,
    batch,
    compare_tables,
    frames,
    front,
    headlines,
    profile,
    quantizer,
    rate,
    recorded,
    release,
    scale,
    sizes,
    speed,
    sprites,
    startup,
)
from .rows import Part

ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS = "tools/bench/RESULTS.md"
BEGIN, END = "<!-- headlines: begin -->\n", "\n<!-- headlines: end -->"


class Section(NamedTuple):
    """A bench as it stands in the report."""

    title: str
    arguments: str
    text: str
    render: Callable[[Part], str]


SECTIONS = {
    "sizes": Section("Size", "FOLDER", """\
Bytes of whole files by those of a peer for the same pixels. FOLDER has pictures of at most 256
colors and `peers.json`, which says what each peer needs.""", sizes.render),
    "made": Section("Size of pictures made in code", "", """\
Patterns that some other coder is good at.""", sizes.render_made),
    "speed": Section("Speed of coding", "FOLDER", """\
Modelled indices to a file, and a file to pixels. Decoding takes about as long as encoding indices:
that is the price of the size, and `coding="packed"` is the other end.""", speed.render),
    "release": Section("Beside another release", "FOLDER --before PYTHON", """\
Coding by this release and by that of another interpreter.""", release.render),
    "threads": Section("Two threads", "", "A generated picture.", speed.render_threads),
    "packed": Section("Packed coding", "", "Generated indices at several widths.",
        speed.render_packed),
    frames.NAME: Section("Moving pictures", "FOLDER", """\
Animations, all of whose frames come back from every format, pixel by pixel, for as long as they are
shown. The GIF is as it was published. APNG and WebP are written by Pillow, of a palette where there
are at most 256 colors, APNG then optimized by oxipng -o4; seconds are the processor's. Pillow
writes no animated AVIF without loss.""", frames.render),
    "frames recordings": Section("Moving pictures made in code", "", """\
Screens of smooth text in 256 colors, written to a file as they are made, and read frame by frame,
each in a process of its own. A pane of text scrolls by a line each frame, or is written anew; a
screen does not change; or text is typed for long. Memory is what is held beyond what is imported,
and all of it.""", recorded.render),
    "frames sprites": Section("Sprites, still and moving", "FOLDER", """\
Sheets of sprites and tiles, made in code and of the set `pixelart`, as one picture, and as an
animation with a frame for each.""", sprites.render),
    "quantizer error": Section("Error of palettes", "FOLDER", """\
Mean MSE of 8-bit palettes without dithering, channels summed. imagequant aims at what people see in
a space of its own, not at the lowest MSE.""", quantizer.render_error),
    "quantizer psnr": Section("PSNR of palettes", "FOLDER", """\
Picture by picture beside imagequant.""", quantizer.render_psnr),
    "quantizer front": Section("Palettes for the eye", "FOLDER...", """\
What palettes lose in squared error, in structure (SSIM), to the eye (mean distance in Oklab, times
100; the same of both pictures blurred by a Gaussian of 1.5 pixels in linear light, as from a
distance, where banding shows and dithering does not; FLIP of Andersson et al., 2020, of the middle
256 x 256 pixels), and their bytes as .kmq by those of the first row. `kmq-bench quantizer crops`
draws a contact sheet of places where it shows.""", front.render),
    "quantizer alpha": Section("Alpha", "", """\
What becomes of transparent and opaque pixels, and how far off pictures with smooth edges and soft
shadows are, as laid on black and on white; channels are not summed.""", alpha.render),
    "quantizer speed": Section("Speed of the quantizer", "FOLDER", """\
Time and MSE by those of others, of other speeds, sizes and numbers of colors.""",
        quantizer.render_speed),
    "rate": Section("Rate", "FOLDER", """\
What `rate` costs and gains. That no file is larger with it than without is certain: both are coded,
and the smaller is kept. `--ablation` shows what each part of the mapping gains.""", rate.render),
    "compare": Section("Side by side", "FOLDER...", """\
Whole tools, coders and lossy codecs on sets of pictures: at 16, 64 and 256 colors, and with the
fewest colors that reach 30 and 35 dB, with alpha laid on white. `kmq-bench plot` draws the
frontiers of size, quality and time.""", compare_tables.render),
    "profile": Section("What holds it back", "FOLDER", """\
Decoding is held back by the models of its kernel: each bit waits for the one before, where PNG and
WebP look up a whole symbol. Encoding adds the search for a palette. Against lossy codecs it is the
format: every pixel has an index, grain included, where a transform drops detail below the error
that is allowed; `rate` wins back a part. And a photograph of more than 65536 colors can be no exact
`.kmq` at all.""", profile.render),
    "batch": Section("Many files", "FOLDER", """\
Small pictures that are generated, converted by one call of `kmq-convert`, in one process and in
two; in runs that are killed at random moments and resumed; and on a Dask cluster on this machine, a
worker of which is killed halfway. Memory is that of the command's own process. FOLDER has a few
PNG files, which one call converts, and one program that saves them.""", batch.render),
    "scale": Section("Growth", "", """\
Time and memory by megapixels, colors and threads, of generated pictures.""", scale.render),
    "startup": Section("Starting up", "", """\
Programs that import what they need for a picture of 8 x 8 pixels, each in a process of its own, and
first what imports NumPy and Pillow alone.""", startup.render),
}  # fmt: skip
"""The benches by their names in the figures, in the order of the report."""


def render(figures: dict[str, Any]) -> str:
    """Render the whole report; a comparison of releases is shown if there is one."""
    if missing := [name for name in SECTIONS if name not in figures and name != "release"]:
        sys.exit(f"kmq-bench: there are no figures of: {', '.join(missing)}")
    return "\n\n".join([
        "# Results",
        "`tools/kmq-bench report tools/bench/measured.json --write` renders this page, and the "
        "figures in README, of what the commands below measured with `--json`. Peers come with "
        "`pip install '.[bench]'` (pngquant, gifsicle and cwebp are Debian's); what is missing is "
        "left out. What counts is the ratio within a run: all have one thread, unless it says "
        f"otherwise.\n\nMeasured on {' / '.join(known(figures, 'machine'))} with "
        f"{', '.join(versions(figures))}.",
        *(render_section(name, figures[name]) for name in SECTIONS if name in figures),
    ]) + "\n"  # fmt: skip


def render_section(name: str, part: Part) -> str:
    """Render a bench: its command, what it measures, a note on this time, and its figures."""
    section = SECTIONS[name]
    command = f"`kmq-bench {name} {section.arguments}".strip() + f"`, {part['date']}."
    text = " ".join([command, *section.text.split(), *part.get("note", "").split()])
    return f"## {section.title}\n\n{text}\n\n{section.render(part)}"


def known(figures: dict[str, Any], key: str) -> list[str]:
    """List the values that any bench was measured with."""
    return list(dict.fromkeys(part[key] for part in figures.values()))


def versions(figures: dict[str, Any]) -> list[str]:
    """List the versions that any bench was measured with."""
    pairs = [pair for part in figures.values() for pair in part["versions"].items()]
    return [f"{name} {version}" for name, version in dict.fromkeys(pairs)]


def replace_headlines(text: str, block: str) -> str:
    """Put other headlines between the marks of README."""
    before, rest = text.split(BEGIN, 1)
    return before + BEGIN + block + END + rest.split(END, 1)[1]


def pages(figures: dict[str, Any]) -> dict[Path, str]:
    """Render both pages, by their paths."""
    readme = ROOT / "README.md"
    return {
        ROOT / RESULTS: render(figures),
        readme: replace_headlines(readme.read_text(), headlines.render(figures)),
    }
