"""Figures: what is drawn, of any picture, and the same for the same seed."""

import subprocess
import sys

import numpy as np
import pytest
from helpers import noise, photo
from PIL import Image

pytest.importorskip("matplotlib", reason="figures take kmcodec[report]")

from kmcodec.report.figures import FIGURES, plane, steps, write_animations, write_figures


def hide(pixels):
    """Return pixels with alpha 0."""
    return np.dstack((pixels[..., :3], np.zeros(pixels.shape[:2], np.uint8)))


def fail(*_):
    """Stand for what goes wrong while something is drawn."""
    raise RuntimeError("this cannot be drawn")


def test_a_run_keeps_every_step():
    """Labels are the nearest centroids of each iteration, and what is drawn is in levels."""
    run = steps.follow_colors(photo(40, 30), 5, 1)

    assert run.centroids.shape == (run.iterations + 1, 5, 3)
    assert run.labels.shape == (run.iterations + 1, len(run.points))
    for centroids, labels in zip(run.centroids, run.labels, strict=True):
        apart = ((run.points[:, np.newaxis] - centroids) ** 2).sum(axis=2)
        assert (apart[np.arange(len(labels)), labels] <= apart.min(axis=1) + 1e-9).all()
    assert (np.diff(run.inertia) <= 0).all()
    assert (run.own * 255 == run.points).all()
    assert run.weights.sum() == 1200


def test_no_more_points_than_can_be_seen():
    """Of many colors, those of most pixels are likely drawn, each once."""
    pixels = noise((200, 100, 3))
    pixels[:100] = 7
    run = steps.follow_colors(pixels, 4, 0)

    assert len(run.points) == len(np.unique(run.points, axis=0)) == 4000
    assert (run.points == 7).all(axis=1).any()


def test_what_alpha_hides_is_not_drawn():
    """Colors under alpha 0 are in no figure, unless there are no others."""
    pixels = np.dstack((noise((9, 9, 3)), np.full((9, 9), 255, np.uint8)))
    pixels[:4, :, 3] = 0
    shown = steps.follow_colors(pixels, 3, 0)

    assert shown.weights.sum() == 5 * 9
    assert steps.follow_colors(hide(pixels), 3, 0).weights.sum() == 81


def test_the_example_has_clusters_to_be_found():
    """Four groups in the plane get a centroid each, for several seeds."""
    for seed in range(3):
        run = steps.follow_example(seed)

        assert run.points.shape == (300, 2)
        assert run.is_example
        assert run.iterations > 1
        assert np.bincount(run.labels[-1]).min() > 30


@pytest.mark.parametrize(
    ("pixels", "colors"),
    [
        (np.zeros((1, 1), np.uint8), 16),
        (np.eye(5, dtype=bool), 2),
        (noise((20, 20, 2)), 3),
        (hide(noise((20, 20, 3))), 3),
        (noise((2, 900, 4)), 65536),
    ],
    ids=["pixel", "bilevel", "gray-alpha", "hidden", "all-colors"],
)
def test_steps_of_any_picture(pixels, colors):
    """However few colors there are, or however many clusters, each step can be drawn."""
    from kmcodec.report import figures

    run = figures._follow(figures._read_pixels(pixels), colors, 0)
    for moved, assigned in ((0, None), (0, 0), (1, 0)):
        figure = plane.draw_step(run, moved, assigned)
        (axes,) = figure.axes
        assert axes.get_title()
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        box = axes.get_window_extent()
        assert np.isclose((right - left) / box.width, (top - bottom) / box.height)
        for places in (collection.get_offsets() for collection in axes.collections):
            assert (left < places[:, 0]).all()
            assert (places[:, 0] < right).all()
            assert (bottom < places[:, 1]).all()
            assert (places[:, 1] < top).all()
    assert len(run.centroids[0]) == min(colors, len(run.points))


@pytest.mark.slow
@pytest.mark.parametrize("write", [write_figures, write_animations])
def test_the_same_seed_draws_the_same(write, tmp_path):
    """Figures are reproducible to the byte, and another seed draws others."""
    image = Image.fromarray(photo(40, 30))
    made = [
        [path.read_bytes() for path in write(image, 4, tmp_path / name, seed=seed)]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]

    assert made[0] == made[1]
    assert made[0][0] != made[2][0]


def test_figures_replace_only_their_own(tmp_path, monkeypatch):
    """Files of other names stay; one that cannot be drawn leaves what was there."""
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / FIGURES[0]).write_bytes(b"old")
    monkeypatch.setattr(plane, "draw_step", fail)
    with pytest.raises(RuntimeError, match="cannot be drawn"):
        write_figures(photo(9, 9), 2, tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {"mine.txt", FIGURES[0]}
    assert (tmp_path / FIGURES[0]).read_bytes() == b"old"


@pytest.mark.parametrize("write", [write_figures, write_animations])
@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"colors": 0}, ValueError),
        ({"colors": 65537}, ValueError),
        ({"colors": "16"}, TypeError),
        ({"seed": -1}, ValueError),
        ({"seed": 1.5}, TypeError),
        ({"progress": 1}, TypeError),
        ({"image": "parrots.png"}, TypeError),
    ],
)
def test_mistakes_are_told_before_anything_is_written(write, given, error, tmp_path):
    """What cannot be used is named."""
    arguments = {"image": photo(9, 9), "colors": 2, "folder": tmp_path / "new"}
    with pytest.raises(error):
        write(**{**arguments, **given})
    assert not (tmp_path / "new").exists()


def test_without_matplotlib_it_is_said_what_to_install(tmp_path):
    """The rest of the package does not need it."""
    (tmp_path / "matplotlib.py").write_text(
        "raise ModuleNotFoundError('no', name='matplotlib')", "utf-8"
    )
    modules = "kmcodec.report.costs, kmcodec.report.figures"
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {modules}"
    result = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False, timeout=60
    )

    assert result.returncode == 1
    assert "figures take matplotlib: pip install 'kmcodec[report]'" in result.stderr
