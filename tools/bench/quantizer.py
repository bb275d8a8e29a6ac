"""Palettes beside those of other quantizers: error, PSNR and time.

MSE is the mean over pixels of the sum of squared errors of three channels, of palettes of 8 bits,
without dithering.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import numpy as np
from PIL import Image

from .installed import installed
from .measure import run_in_turn
from .pictures import Coded, Picture, read_set, told
from .quality import mean_squared_error, psnr
from .quantizers import QUANTIZERS, Quantizer, chosen, with_kmcodec
from .rows import Part, column, find, group_by, names_of, read, record, table

COLORS = (16, 64, 256)


class Trial(NamedTuple):
    """What a quantizer is given."""

    quantizer: Quantizer
    picture: Picture
    colors: int


def timed(trials: Sequence[Trial], runs: int = 1) -> list[tuple[float, float]]:
    """Measure the MSE and the seconds of each, in turn."""
    taken = run_in_turn(
        *(partial(trial.quantizer.reduce, trial.picture.image, trial.colors) for trial in trials),
        runs=runs,
    )
    found = []
    for trial, run in zip(trials, taken, strict=True):
        pixels = Coded(*run.value).pixels
        found.append((3 * mean_squared_error(pixels, trial.picture.pixels), run.seconds))
    return found


class Error(NamedTuple):
    """Mean MSE of a system, and that by the first system."""

    colors: int
    system: str
    pictures: int
    mse: float
    psnr: float
    seconds: float | None
    mse_by_first: float
    least_by_first: float


def measure_error(folder: Path, colors: Sequence[int] = (4, *COLORS)) -> Part:
    """Measure two speeds, RGB and the peers that are fast enough for a folder."""
    systems = {
        "kmcodec speed=5": with_kmcodec(dither=0),
        "kmcodec speed=1": with_kmcodec(speed=1, dither=0),
        'kmcodec space="rgb"': with_kmcodec(space="rgb", dither=0),
        **installed(chosen("OpenCV 10 iterations", "imagequant", "Pillow")),
    }
    pictures = read_set(folder)
    rows = []
    for number in told(colors):
        found = [
            timed([Trial(each, picture, number) for each in systems.values()])
            for picture in pictures
        ]
        first = [taken[0][0] for taken in found]
        for name, taken in zip(systems, zip(*found, strict=True), strict=True):
            errors, seconds = zip(*taken, strict=True)
            ratios = [error / own for error, own in zip(errors, first, strict=True)]
            rows.append(Error(
                number, name, len(pictures), mean(errors), mean(psnr(mse / 3) for mse in errors),
                mean(seconds), mean(ratios), min(ratios),
            ))  # fmt: skip
    return record(rows, set=folder.name)


def render_error(part: Part) -> str:
    """Show the mean MSE of each system by number of colors, and its least by that of the first."""
    rows = read(part, Error)
    colors = names_of(rows, "colors")

    def cell(mine: list[Error], number: int) -> str:
        return f"{find(mine, colors=number)[0].mse:.1f}"

    systems = group_by(rows, "system")
    lines = table(
        systems,
        {f"{rows[0].pictures} pictures of {part['set']}": lambda mine: mine[0].system}
        | {f"{number} colors": partial(cell, number=number) for number in colors},
    )
    least = [
        f"{mine[0].system} {' / '.join(f'{row.least_by_first:.3f}' for row in mine)}"
        for mine in systems[1:]
    ]
    return (
        f"{lines}\n\nEach on the picture that suits it best, MSE by that of {rows[0].system}: "
        f"{', '.join(least)}."
    )


class Gain(NamedTuple):
    """Gain over imagequant in dB."""

    colors: int
    pictures: int
    mean_gain: float
    least_gain: float
    least_gain_of: str


def measure_psnr(folder: Path, colors: Sequence[int] = COLORS) -> Part:
    """Measure the gains over imagequant in dB."""
    pictures = read_set(folder)
    pair = [with_kmcodec(dither=0), QUANTIZERS["imagequant"]]
    rows = []
    for number in told(colors):
        gains = {}
        for picture in pictures:
            trials = [Trial(quantizer, picture, number) for quantizer in pair]
            ours, theirs = (psnr(mse / 3) for mse, _ in timed(trials))
            gains[picture.name] = ours - theirs
        worst = min(gains, key=gains.__getitem__)
        rows.append(Gain(number, len(gains), mean(gains.values()), gains[worst], worst))
    return record(rows, set=folder.name)


def render_psnr(part: Part) -> str:
    """Say what is gained over imagequant."""
    rows = read(part, Gain)
    gains = ", ".join(
        f"{row.mean_gain:.2f} dB at {row.colors} colors (least {row.least_gain:.2f})"
        for row in rows
    )
    return f"On {rows[0].pictures} pictures of {part['set']}, more than imagequant by {gains}."


class Share(NamedTuple):
    """Time and MSE by those of something else."""

    what: str
    by: str
    time: float
    mse: float | None


Pairs = Sequence[tuple[Trial, Trial]]


def ratios(pairs: Pairs, runs: int = 1) -> list[tuple[float, float]]:
    """Measure the time and the MSE of trials by those of others."""
    found = []
    for pair in told(pairs):
        (mse, seconds), (other_mse, other_seconds) = timed(pair, runs)
        found.append((seconds / other_seconds, mse / other_mse))
    return found


def share(what: str, by: str, pairs: Pairs) -> Share:
    """Measure the mean ratios of trials."""
    times, errors = zip(*ratios(pairs), strict=True)
    return Share(what, by, mean(times), mean(errors))


def measure_speed(
    folder: Path, most: int, values: Sequence[int] = range(1, 11), pixels: int = 12_000_000
) -> Part:
    """Measure time beside others, all speeds, a large picture and large palettes."""
    pictures = read_set(folder, most)
    own = with_kmcodec()
    trials = [Trial(own, picture, 256) for picture in pictures]
    rows = []
    for name, peer in installed(chosen("imagequant")).items():
        found = ratios([(trial, trial._replace(quantizer=peer)) for trial in trials], runs=3)
        for kind, choose in (("mean", mean), ("most", max)):
            what = f"256 colors, {kind} of {len(found)} pictures"
            rows.append(Share(what, name, choose([time for time, _ in found]), None))
    for name, peer in installed(chosen("scikit-learn")).items():
        theirs = trials[0]._replace(quantizer=peer)
        for speed in (5, 2):
            pair = theirs._replace(quantizer=with_kmcodec(speed=speed)), theirs
            rows.append(share(f"speed={speed}", name, [pair]))
    for speed in values:
        mine = with_kmcodec(speed=speed)
        pairs = [(trial._replace(quantizer=mine), trial) for trial in trials]
        rows.append(share(f"speed={speed}", "speed=5", pairs))
    large = trials[0]._replace(picture=enlarged(pictures[0], pixels))
    sizes = [f"{each.picture.pixels.size / 3e6:.1f} megapixels" for each in (large, trials[0])]
    rows.append(share(sizes[0], sizes[1], [(large, trials[0])])._replace(mse=None))
    colorful = max(trials, key=lambda trial: len(trial.picture.image.getcolors(1 << 24) or ()))
    for colors in (1024, 4096, 65536):
        pair = colorful._replace(colors=colors), colorful
        rows.append(share(f"{colors} colors", "256 colors", [pair]))
    return record(rows, set=folder.name)


def enlarged(picture: Picture, pixels: int) -> Picture:
    """Enlarge to about so many pixels, with noise so that colors are as many as usual."""
    image = picture.image
    scale = (pixels / (image.width * image.height)) ** 0.5
    size = round(image.width * scale), round(image.height * scale)
    large = np.asarray(image.resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
    large += np.random.default_rng(0).integers(-2, 3, large.shape, np.int16)
    return Picture("large", Image.fromarray(large.clip(0, 255).astype(np.uint8)))


def render_speed(part: Part) -> str:
    """Show times and errors by those of others."""
    return table(read(part, Share), {
        "palette and mapping": column("what", "s"),
        "by that of": column("by", "s"),
        "time": column("time", ".2f"),
        "MSE": column("mse", ".3f"),
    })  # fmt: skip
