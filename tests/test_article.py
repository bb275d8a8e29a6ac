"""The origin of the project, from end to end: K-Means on the colors of 128 x 128 pixels, K = 16."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import kmcodec
from kmcodec.quantizer.kmeans import textbook_kmeans, weighted_kmeans
from kmcodec.quantizer.points import LEVEL, PointSet
from kmcodec.quantizer.seeding import random_seeding

pytest.importorskip("matplotlib", reason="figures take kmcodec[report]")

from kmcodec.report.figures import ANIMATIONS, FIGURES, write_animations, write_figures

PARROTS = Path(__file__).with_name("pictures") / "parrots.png"
COLORS = 16


@pytest.fixture(scope="module")
def small():
    """Make the picture, with as many pixels as in the article."""
    return Image.open(PARROTS).convert("RGB").resize((128, 128), Image.Resampling.BOX)


def test_centroids_wander_to_the_means_of_their_colors(small):
    """From random pixels, inertia falls at each step until no pixel changes its cluster."""
    points = np.asarray(small).reshape(-1, 3).astype(np.uint16) * LEVEL
    distinct, _ = PointSet.of(points, np.ones(len(points), np.int64))
    seeds = random_seeding(distinct, COLORS, seed=3)
    clustering = textbook_kmeans(points, seeds, 300)
    trace = clustering.trace

    assert (np.diff(trace.inertia) <= 0).all()
    assert trace.changed[0] == 128 * 128
    assert trace.changed[-1] == 0
    for cluster in range(COLORS):
        members = points[clustering.assignment == cluster]
        assert np.allclose(clustering.centroids[cluster], members.mean(axis=0), atol=1e-3)
    same = weighted_kmeans(distinct, seeds, 300)
    assert (same.trace.centroids == trace.centroids).all()


def test_393216_bits_become_65920(small, tmp_path):
    """Packed, palette and indices take what the article says, and come back from the file."""
    path = tmp_path / "small.kmq"
    kmcodec.save(small, path, colors=COLORS, coding="packed")
    bits = kmcodec.info(path).bits
    palette, indices = kmcodec.decode_indexed(path)

    assert bits["raw"] == 128 * 128 * 24 == 393_216
    assert bits["palette"] + bits["indices"] == 16 * 24 + 128 * 128 * 4 == 65_920
    assert palette.shape == (16, 3)
    assert (palette[indices] == np.asarray(Image.open(path))).all()
    assert (kmcodec.quantize(small, COLORS).psnr) > 25


def test_figures_of_the_article(small, tmp_path):
    """Each figure is a picture of many colors, and progress tells of each."""
    told = []
    paths = write_figures(
        small, COLORS, tmp_path / "new" / "png", seed=3, progress=lambda *args: told.append(args)
    )

    assert [path.name for path in paths] == list(FIGURES)
    assert told == [("figures", done, len(FIGURES)) for done in range(len(FIGURES) + 1)]
    for path in paths:
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert min(image.size) >= 400
            assert len(image.convert("RGB").getcolors(1 << 20)) > 300, path.name
    assert sorted(path.parent.iterdir()) == paths


@pytest.mark.slow
def test_animations_of_the_article(small, tmp_path):
    """Each GIF repeats a frame for every step, the first and the last for longest."""
    told = []
    paths = write_animations(
        small, COLORS, tmp_path, seed=3, progress=lambda *args: told.append(args)
    )

    assert [path.name for path in paths] == list(ANIMATIONS)
    assert told == [("animations", done, len(ANIMATIONS)) for done in range(len(ANIMATIONS) + 1)]
    for path in paths:
        with Image.open(path) as image:
            assert image.info["loop"] == 0
            assert image.n_frames % 2 == 1
            durations, frames = [], []
            for number in range(image.n_frames):
                image.seek(number)
                durations.append(image.info["duration"])
                frames.append(image.convert("RGB").tobytes())
        assert durations[0] == durations[-1] > max(durations[1:-1])
        assert len(set(frames)) > len(frames) // 2


def test_an_animated_figure_survives_as_kmq(tmp_path):
    """A GIF of few colors takes its own way to .kmq and back."""
    paths = write_animations(np.array([[0, 255], [128, 64]], np.uint8), 2, tmp_path)
    with Image.open(paths[1]) as image:
        image.save(file := BytesIO(), "KMQ", save_all=True)
        frames = list(kmcodec.decode_frames(file.getvalue()))

        assert len(frames) == image.n_frames
        image.seek(0)
        assert (frames[0].pixels[..., :3] == np.asarray(image.convert("RGB"))).all()
