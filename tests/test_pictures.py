"""Options of the quantizer: what is asked for is what is done."""

import math
import pickle

import numpy as np
import pytest
from helpers import photo, picture, quantize_pixels
from PIL import Image

import kmcodec
from kmcodec.options import Options
from kmcodec.quantizer.pictures import quantize_pictures


def squared_error(pixels, quantized):
    """Of the picture that palette and indices make."""
    delta = quantized.palette[quantized.indices].astype(int) - pixels
    return int(np.sum(delta**2))


def map_scene():
    """Draw a noisy blue sea, and a small red country."""
    pixels = photo(120, 90) // 4
    pixels[..., 2] += 100
    pixels[40:43, 60:63] = 230, 20, 20
    return pixels


@pytest.mark.parametrize(
    "options", [{}, {"dither": 0.7}, {"dither": "auto"}, {"dither": 1.0, "dithering": "ordered"}]
)
def test_mse_and_psnr_are_of_the_picture(options):
    """What is reported is what can be measured."""
    pixels = photo(60, 40)
    quantized = quantize_pixels(pixels, Options(colors=20, **options))
    mse = squared_error(pixels, quantized) / (60 * 40)

    assert math.isclose(quantized.mse, mse)
    assert math.isclose(quantized.psnr, 10 * math.log10(3 * 255**2 / mse))


def test_the_report_of_an_exact_picture():
    """Nothing is lost, and K-Means does not run."""
    quantized = quantize_pixels(picture(9, 8, 7), Options())

    assert (quantized.mse, quantized.psnr, quantized.iterations) == (0, math.inf, 0)
    assert quantized.trace.centroids.shape == (1, 7, 3)


def test_the_report_of_kmeans():
    """The trace holds the seeds and each iteration; seconds are told by stage."""
    quantized = quantize_pixels(photo(60, 40), Options(colors=20, iterations=4, space="rgb"))

    assert quantized.iterations == len(quantized.trace.inertia) == 4
    assert quantized.trace.centroids.shape == (5, 20, 3)
    assert (np.diff(quantized.trace.inertia) <= 0).all()
    assert list(quantized.seconds) == ["histogram", "search", "kmeans", "rounding", "mapping"]
    assert all(passed > 0 for passed in quantized.seconds.values())


def test_it_is_a_pair():
    """A result unpacks to its palette and indices."""
    quantized = kmcodec.quantize(photo(30, 20), 5)
    palette, indices = quantized

    assert palette is quantized.palette
    assert indices is quantized.indices
    assert palette.shape == (5, 3)


@pytest.mark.parametrize("seeding", ["wu", "k-means++", "random"])
def test_a_seeding_that_is_named_is_the_only_start(seeding):
    """The trace then begins at these seeds: the textbook's algorithm, as reports draw it."""
    from kmcodec.quantizer.histogram import Histogram
    from kmcodec.quantizer.points import PointSet
    from kmcodec.quantizer.seeding import SEEDINGS

    pixels = photo(60, 40)
    histogram = Histogram.of(pixels)
    points, _ = PointSet.of(histogram.colors.astype(np.uint16) * 16, histogram.counts)
    quantized = quantize_pixels(pixels, Options(colors=9, seeding=seeding, seed=3, space="rgb"))

    expected = SEEDINGS[seeding](points, 9, 3)
    np.testing.assert_allclose(quantized.trace.centroids[0], expected, atol=1 / 4096)


def test_a_palette_that_is_given_is_used_in_its_order():
    """Every pixel gets the nearest entry; unused and equal entries stay where they are."""
    pixels = photo(40, 30)
    palette = np.array([[0, 0, 0], [255, 255, 255], [9, 250, 9], [0, 0, 0], [128, 128, 128]])
    quantized = kmcodec.quantize(pixels, palette=palette, space="rgb")
    delta = pixels[:, :, np.newaxis].astype(int) - palette

    assert quantized.palette.tolist() == palette.tolist()
    assert (quantized.indices == np.sum(delta**2, axis=3).argmin(axis=2)).all()
    stored, indices = kmcodec.decode_indexed(kmcodec.encode(pixels, palette=palette, space="rgb"))
    assert stored.tolist() == palette.tolist()
    assert (indices == quantized.indices).all()


def test_a_given_palette_may_be_dithered():
    """Three colors of ink, as for an electronic paper, with the mean kept."""
    pixels = np.full((32, 32, 3), 128, np.uint8)
    ink = [[0, 0, 0], [255, 255, 255], [255, 0, 0]]
    quantized = kmcodec.quantize(pixels, palette=ink, dither=1.0, space="rgb")

    assert abs(quantized.palette[quantized.indices].mean() - 128) < 4


@pytest.mark.parametrize("colors", [3, 8, 40])
def test_fixed_colors_are_kept_exactly(colors):
    """They begin the palette, count as colors, and K-Means fills the rest."""
    fixed = [[255, 0, 255], [1, 2, 3]]
    quantized = kmcodec.quantize(photo(60, 40), colors, fixed=fixed)

    assert quantized.palette[:2].tolist() == fixed
    assert len(np.unique(quantized.palette, axis=0)) == colors
    assert (np.bincount(quantized.indices.ravel(), minlength=colors)[2:] > 0).all()


def test_fixed_colors_that_a_picture_has_are_not_stored_twice():
    """A picture whose colors fit beside them stays exact."""
    pixels = picture(9, 8, 7)
    quantized = kmcodec.quantize(pixels, 8, fixed=[pixels[0, 0], [255, 0, 255]])

    assert (quantized.palette[quantized.indices] == pixels).all()
    assert len(quantized.palette) == 8
    assert len(np.unique(quantized.palette, axis=0)) == 8


def test_as_many_fixed_colors_as_colors():
    """Then there is nothing to choose."""
    fixed = [[0, 0, 0], [200, 200, 200]]

    assert kmcodec.quantize(photo(20, 10), 2, fixed=fixed).palette.tolist() == fixed


def test_fixed_colors_better_the_others():
    """K-Means knows of them: others do not serve the same pixels."""
    pixels = photo(60, 40)
    fixed = kmcodec.quantize(pixels, 6).palette[:3]
    beside = kmcodec.quantize(pixels, 6, fixed=fixed)
    alone = np.vstack((fixed, kmcodec.quantize(pixels, 3).palette))

    assert beside.mse < kmcodec.quantize(pixels, palette=alone).mse


@pytest.mark.parametrize("wanted", [22.0, 27.5, 33.0])
def test_psnr_takes_as_few_colors_as_it_needs(wanted):
    """A PSNR is reached, and one color less does not reach it."""
    pixels = photo(60, 40)
    quantized = kmcodec.quantize(pixels, psnr=wanted)
    fewer = kmcodec.quantize(pixels, len(quantized.palette) - 1)

    assert quantized.psnr >= wanted > fewer.psnr


def test_psnr_out_of_reach():
    """All colors are used where they do not reach what is wanted; below the least is an error."""
    pixels = photo(60, 40)
    best = kmcodec.quantize(pixels, 16)

    assert len(kmcodec.quantize(pixels, 16, psnr=60).palette) == 16
    assert len(kmcodec.quantize(pixels, 16, psnr=(best.psnr - 0.01, 60)).palette) == 16
    with pytest.raises(kmcodec.QualityError, match=r"16 colors reach a PSNR of \d+\.\d+ dB, less"):
        kmcodec.quantize(pixels, 16, psnr=(best.psnr + 0.01, 60))


def test_psnr_may_spare_colors_of_a_small_picture():
    """Asked for less than exact, few colors get fewer; a palette that fits stays."""
    pixels = photo(20, 15) // 16 * 16
    image = Image.fromarray(pixels).quantize(200)

    assert len(kmcodec.quantize(pixels, psnr=25).palette) < 40
    assert kmcodec.quantize(image, psnr=25).is_exact
    assert kmcodec.quantize(pixels, 1000, psnr=200).psnr == math.inf


def test_important_pixels_are_served_better():
    """Error moves from where importance is high to where it is low."""
    pixels = photo(80, 60)
    importance = np.zeros((60, 80))
    importance[:, :40] = 7.5
    plain, weighted = (
        kmcodec.quantize(pixels, 12, importance=given) for given in (None, importance)
    )
    errors = [
        np.sum((q.palette[q.indices].astype(int) - pixels)[:, :40] ** 2) for q in (plain, weighted)
    ]

    assert errors[1] < 0.9 * errors[0]
    assert weighted.mse > plain.mse
    assert len(weighted.palette) == 12


def test_equal_importance_changes_nothing():
    """Importance is relative."""
    pixels = photo(40, 30)
    plain, equal = (kmcodec.quantize(pixels, 9, importance=i) for i in (None, np.full((30, 40), 3)))

    assert (plain.palette == equal.palette).all()


@pytest.mark.parametrize("unit", [5e-324, 1e-300, 1e300])
def test_importance_in_any_unit(unit):
    """Neither the smallest numbers nor the largest are too much."""
    pixels, importance = photo(40, 30), np.eye(30, 40)
    first, second = (kmcodec.quantize(pixels, 9, importance=importance * u) for u in (1, unit))

    assert (first.palette == second.palette).all()


def test_a_result_pickles():
    """So that other processes can quantize: with its report."""
    quantized = kmcodec.quantize(photo(40, 30), 9)
    other = pickle.loads(pickle.dumps(quantized))

    assert (other.palette == quantized.palette).all()
    assert (other.indices == quantized.indices).all()
    assert (other.mse, other.psnr, other.seconds) == (
        quantized.mse,
        quantized.psnr,
        quantized.seconds,
    )
    assert (other.trace.centroids == quantized.trace.centroids).all()


def test_importance_as_a_picture():
    """A gray Pillow image says the same as its array."""
    pixels, gray = photo(40, 30), photo(40, 30, 5)[..., 0]
    first, second = (
        kmcodec.quantize(pixels, 9, importance=i) for i in (gray, Image.fromarray(gray))
    )

    assert (first.palette == second.palette).all()


def test_weighting_keeps_small_areas():
    """A small red country in a large blue sea stays red, which it does not by its pixels alone."""
    pixels = map_scene()
    shown = []
    for weighting in ("pixels", "roots"):
        palette, indices = kmcodec.quantize(pixels, 4, weighting=weighting, space="rgb")
        shown.append(palette[indices[41, 61]].tolist())

    assert shown[1] == [230, 20, 20]
    assert abs(shown[0][0] - 230) > 50


def test_oklab_serves_the_eye():
    """Errors in Oklab are smaller than those of a palette chosen in RGB."""
    from kmcodec.quantizer.space import oklab_points

    pixels = photo(96, 64)
    errors = []
    for space in ("rgb", "oklab"):
        palette, indices = kmcodec.quantize(pixels, 24, space=space)
        pairs = (pixels.reshape(-1, 3), palette[indices].reshape(-1, 3))
        before, after = (oklab_points(colors).astype(int) for colors in pairs)
        errors.append(np.sum((before - after) ** 2))

    assert errors[1] < 0.9 * errors[0]


def test_alpha_weighs_colors():
    """What is nearly transparent gets few entries of a palette."""
    pixels = np.dstack((photo(60, 40), np.full((40, 60), 255, np.uint8)))
    pixels[:, :30, 3] = 8
    opaque, faint = (pixels[:, 30:], pixels[:, :30])
    palette = kmcodec.quantize(pixels, 20).palette

    assert np.sum(palette[:, 3] > 128) >= 15
    assert (
        len(np.unique(opaque.reshape(-1, 4), axis=0))
        > 20
        < len(np.unique(faint.reshape(-1, 4), axis=0))
    )


@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_pictures_with_hidden_colors_stay_exact_where_they_fit(space):
    """Colors under alpha 0 look the same, but are kept where there is room."""
    pixels = picture(12, 9, 30, 4)
    pixels[:5, :, 3] = 0
    quantized = kmcodec.quantize(pixels, space=space)

    assert (quantized.palette[quantized.indices] == pixels).all()


def test_hidden_colors_take_no_entries():
    """All that is transparent is one entry where colors are few."""
    pixels = picture(12, 9, 60, 4)
    pixels[:8, :, 3] = 0
    palette = kmcodec.quantize(pixels, 20).palette

    assert np.sum(palette[:, 3] == 0) == 1


def hiding_picture():
    """Return a picture of 200 colors that are seen, and 100 others under alpha 0."""
    pixels = picture(30, 20, 300, 4)
    pixels[..., 3] = 255
    colors = np.unique(pixels.reshape(-1, 4), axis=0)
    hidden = (pixels[:, :, np.newaxis] == colors[::3]).all(axis=3).any(axis=2)
    pixels[hidden, 3] = 0
    return pixels


def cleared(pixels):
    """Return a picture with black under alpha 0."""
    return np.where(pixels[..., 3:] > 0, pixels, 0).astype(np.uint8)


@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_hidden_colors_are_not_counted(space):
    """A picture is exact as it is seen if the colors seen, and one that is not, fit."""
    pixels = hiding_picture()
    seen = len(np.unique(cleared(pixels).reshape(-1, 4), axis=0))
    assert seen == 201
    quantized = kmcodec.quantize(pixels, seen, space=space)
    shown = quantized.palette[quantized.indices]

    assert quantized.is_exact
    assert (cleared(shown) == cleared(pixels)).all()
    assert not kmcodec.quantize(pixels, seen - 1, space=space).is_exact
    kept = kmcodec.quantize(pixels, 300, space=space)
    assert (kept.palette[kept.indices] == pixels).all()


def test_the_hidden_color_of_most_pixels_is_kept():
    """A background of one color stays so, where programs leave out alpha."""
    pixels = picture(30, 20, 600, 4)
    pixels[:9, :, 3] = 0
    pixels[1:6] = 255, 255, 255, 0
    for options in ({}, {"rate": 30}, {"space": "oklab"}):
        palette = kmcodec.quantize(pixels, 20, **options).palette
        assert palette[palette[:, 3] == 0].tolist() == [[255, 255, 255, 0]]


@pytest.mark.parametrize("options", [{"colors": 9}, {"psnr": 25}, {"colors": 9, "rate": 20}])
def test_hidden_colors_change_nothing_that_is_seen(options):
    """Palette, PSNR and the search for one are those of a picture that hides nothing."""
    pixels = np.dstack((photo(60, 40), photo(60, 40, 3)[..., 0]))
    pixels[5:30, 9:50, 3] = 0
    plain, noisy = (kmcodec.quantize(source, **options) for source in (cleared(pixels), pixels))

    assert noisy.psnr == plain.psnr
    assert noisy.mse == plain.mse
    shown = [cleared(result.palette)[result.indices] for result in (plain, noisy)]
    assert (shown[0] == shown[1]).all()


@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_hidden_colors_count_if_they_are_to_be_kept(space):
    """Then all channels count alike, in what is chosen and in what is told."""
    pixels = np.dstack((photo(60, 40), np.full((40, 60), 255, np.uint8)))
    pixels[:20, :, 3] = 0
    quantized = kmcodec.quantize(pixels, 20, keep_hidden=True, space=space)
    shown = quantized.palette[quantized.indices]
    delta = pixels.astype(float) - shown

    assert np.sum(quantized.palette[:, 3] == 0) > 5
    assert math.isclose(quantized.mse, 4 * np.mean(delta**2))
    assert math.isclose(quantized.psnr, 10 * math.log10(255**2 / np.mean(delta**2)))
    assert np.mean(delta[:20] ** 2) < 2 * np.mean(delta[20:] ** 2)
    assert not kmcodec.quantize(pixels, len(shown), keep_hidden=True).is_exact


@pytest.mark.parametrize("alpha", [range(256), [0], [255], [7], [0, 255], [1, 254]], ids=str)
@pytest.mark.parametrize("colors", [1, 2, 5, 300])
@pytest.mark.parametrize("channels", [2, 4])
def test_pictures_of_alpha_alone(alpha, colors, channels):
    """One color of any alpha stays about that, and alpha is as near as there are entries for."""
    pixels = np.full((16, 16, channels), 90, np.uint8)
    pixels[..., -1] = np.resize(alpha, (16, 16))
    palette, indices = kmcodec.quantize(pixels, colors)

    assert len(palette) == min(colors, len(alpha))
    seen = palette[palette[:, 3] > 0]
    assert np.abs(seen[:, :3].astype(int) - 90).max(initial=0) <= 20 / colors
    errors = np.abs(palette[indices][..., 3].astype(int) - pixels[..., -1])
    assert errors.max() <= (0 if len(alpha) <= colors else 260 / colors)


@pytest.mark.parametrize("channels", [2, 4])
def test_pictures_that_cannot_be_seen(channels):
    """They are one color however many they hide, unless there is room for all."""
    pixels = picture(30, 20, 300, 4)[..., -channels:]
    pixels[..., -1] = 0
    count = len(np.unique(pixels.reshape(-1, channels), axis=0))
    for options in ({}, {"psnr": 40}, {"space": "oklab"}, {"dither": 1}):
        quantized = kmcodec.quantize(pixels, count - 1, **options)
        assert len(quantized.palette) == 1
        assert quantized.palette[0, 3] == 0
        assert quantized.is_exact
    assert len(kmcodec.quantize(pixels, count).palette) == count
    assert len(kmcodec.quantize(pixels, count - 1, keep_hidden=True).palette) == count - 1


@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_more_entries_than_can_be_told_apart(space):
    """Faint colors that are one point need no more entries than there are points."""
    pixels = picture(30, 20, 600, 4) // 4
    pixels[..., 3] = 1
    palette, indices = kmcodec.quantize(pixels, 500, space=space)

    assert 2 <= len(palette) < 500
    assert (np.bincount(indices.ravel()) > 0).all()
    assert len(np.unique(palette, axis=0)) == len(palette)


def test_one_palette_for_many_pictures():
    """It serves all of them better than a palette of one, as one large picture would."""
    pictures = [photo(40, 30, seed) for seed in range(3)]
    results = kmcodec.quantize_many(pictures, 24)
    together = kmcodec.quantize(np.concatenate(pictures), 24)

    assert all((result.palette == together.palette).all() for result in results)
    assert (np.concatenate([result.indices for result in results]) == together.indices).all()


def test_many_pictures_of_several_modes():
    """Modes with alpha make the palette one with alpha."""
    pictures = [
        Image.new("L", (3, 2), 9),
        Image.new("RGBA", (2, 2), (1, 2, 3, 4)),
        Image.new("P", (4, 1)),
    ]
    results = kmcodec.quantize_many(pictures)
    palette, indices = results[0]

    assert sorted(palette.tolist()) == [[0, 0, 0, 255], [1, 2, 3, 4], [9, 9, 9, 255]]
    assert [result.indices.shape for result in results] == [(2, 3), (2, 2), (1, 4)]
    assert palette[indices].reshape(-1, 4).tolist() == [[9, 9, 9, 255]] * 6


def test_no_pictures_have_no_palette():
    """Nor can one importance be of several."""
    with pytest.raises(ValueError, match="at least one image"):
        kmcodec.quantize_many([])
    with pytest.raises(TypeError, match="one image"):
        kmcodec.quantize_many(photo(4, 3))
    with pytest.raises(ValueError, match="importance"):
        kmcodec.quantize_many([photo(4, 3)], importance=np.ones((3, 4)))


def test_many_shared_palettes_are_of_all_their_histograms():
    """The reports tell each picture's own error."""
    pictures = [photo(40, 30, seed) for seed in range(2)]
    results = quantize_pictures(pictures, Options(colors=10))

    for pixels, quantized in zip(pictures, results, strict=True):
        assert math.isclose(quantized.mse, squared_error(pixels, quantized) / pixels[..., 0].size)


def test_rate_is_a_second_choice():
    """The first is that of rate 0; with one palette for all, the second keeps that too."""
    pictures = [photo(40, 30, seed) for seed in range(2)]
    for given in ({}, {"palette": pictures[0][0]}, {"fixed": pictures[0][0, :5]}):
        options = {"space": "rgb", **given}
        plain = quantize_pictures(pictures, Options(colors=50, **options))
        choices = quantize_pictures(pictures, Options(colors=50, rate=30, **options))
        for expected, chosen in zip(plain, choices, strict=True):
            assert chosen == expected
            assert (chosen.lowered.palette == expected.palette).all()
            assert chosen.lowered.mse > expected.mse

    (alone,) = quantize_pictures(pictures[:1], Options(colors=50, rate=30))
    lowered = alone.lowered.palette
    assert (alone.palette[: len(lowered)] != lowered).any()
    fixed = pictures[0][0, :5]
    second = quantize_pixels(pictures[0], Options(colors=50, rate=30, fixed=fixed))
    assert (second.palette[:5] == fixed).all()


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 7, 3), (7, 1, 4), (2, 2, 1)])
@pytest.mark.parametrize("colors", [1, 2, 256])
def test_the_smallest_pictures(shape, colors):
    """One pixel, one row and one column are pictures too."""
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    quantized = quantize_pixels(pixels, Options(colors=colors))
    distinct = len(np.unique(pixels.reshape(-1, shape[2]), axis=0))

    assert len(quantized.palette) == min(colors, distinct)
    assert (quantized.mse == 0) == (distinct <= colors)


@pytest.mark.parametrize("k", [1000, 4096])
def test_large_palettes(k):
    """More colors than a byte tells apart, every one of them in use."""
    quantized = quantize_pixels(photo(128, 96), Options(colors=k))

    assert quantized.indices.dtype == np.uint16
    assert (np.bincount(quantized.indices.ravel(), minlength=k) > 0).all()
    assert len(np.unique(quantized.palette, axis=0)) == k


@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_colors_that_lie_close_together(space):
    """Where most colors are nearly transparent, and so nearly one, K-Means has seeds for all."""
    pixels = np.random.default_rng(0).integers(0, 24, (96, 96, 4)).astype(np.uint8)
    quantized = quantize_pixels(pixels, Options(colors=2048, space=space))

    assert len(np.unique(quantized.palette, axis=0)) == len(quantized.palette)
    assert (np.bincount(quantized.indices.ravel(), minlength=len(quantized.palette)) > 0).all()
