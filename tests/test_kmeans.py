"""K-Means: the fast form gives the textbook's result, and palettes by it keep their promises."""

import numpy as np
import pytest
from arrays import arrays, or_any
from helpers import may_show, photo, picture, quantize_pixels
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kmcodec.options import Options
from kmcodec.quantizer.cloud import Cloud
from kmcodec.quantizer.histogram import Histogram
from kmcodec.quantizer.kmeans import textbook_kmeans, weighted_kmeans
from kmcodec.quantizer.points import PointSet, snap
from kmcodec.quantizer.seeding import SEEDINGS
from kmcodec.quantizer.space import SPACES, find_space

spaces = pytest.mark.parametrize("space", SPACES)
forms = pytest.mark.parametrize(
    "form",
    [
        textbook_kmeans,
        lambda flat, *arguments: weighted_kmeans(set_of(flat)[0], *arguments),
    ],
    ids=["textbook", "weighted"],
)


def set_of(flat):
    """Return the set of points that count one each, and their places in it."""
    return PointSet.of(flat, np.ones(len(flat), np.int64))


def quantize(pixels, colors, **options):
    """Quantize with the package's options."""
    return quantize_pixels(pixels, Options(colors=colors, **options))


def flat_points(pixels, space="rgb"):
    """(n, c) the point of each pixel."""
    return find_space(space, pixels.shape[2]).to_points(pixels.reshape(-1, pixels.shape[2]))


def points_of(pixels):
    """Return the distinct points of a picture, with weights."""
    return Cloud(Histogram.of(pixels), SPACES["rgb"]).points


def assert_forms_agree(flat, seeds, iterations=100, fixed=0):
    """Run both forms on (n, c) points and compare every iteration; the fast one's result."""
    points, places = set_of(flat)
    slow = textbook_kmeans(flat, seeds, iterations, fixed=fixed)
    fast = weighted_kmeans(points, seeds, iterations, fixed=fixed)
    np.testing.assert_array_equal(fast.trace.centroids, slow.trace.centroids)
    np.testing.assert_array_equal(fast.trace.changed, slow.trace.changed)
    np.testing.assert_allclose(fast.trace.inertia, slow.trace.inertia, rtol=1e-9, atol=1e-3)
    np.testing.assert_array_equal(fast.centroids, slow.centroids)
    np.testing.assert_array_equal(fast.assignment[places], slow.assignment)
    assert set(fast.assignment) >= set(range(fixed, len(seeds)))
    return fast


def cluster_photo(k, iterations, seeding="wu", **options):
    """K-Means on the points of a photograph."""
    points = points_of(photo(64, 48))
    return points, weighted_kmeans(points, SEEDINGS[seeding](points, k, 0), iterations, **options)


pictures = arrays(or_any(range(7)), 9, 9, 4)
point_arrays = arrays(or_any([0, 2000, 4095], 6), 80, 4, dtype=np.uint16)


some_seeds = arrays([0, 1, 2, 2.5, 3, 4, 5.25, 2000, 4095], 8, 4, dtype=np.float64)


def fit(seeds, flat):
    """Return no more seeds than there are distinct points, of as many channels."""
    return np.resize(seeds, (min(len(seeds), len(np.unique(flat, axis=0))), flat.shape[1]))


@given(flat=point_arrays, seeds=some_seeds)
@settings(max_examples=100, deadline=None)
def test_fast_form_is_the_textbook_on_few_points(flat, seeds):
    """Ties, duplicate seeds and empty clusters included, both forms agree at every iteration."""
    assert_forms_agree(flat, fit(seeds, flat), iterations=20)


@given(flat=point_arrays, seeds=some_seeds, fixed=st.integers(0, 8))
@settings(max_examples=100, deadline=None)
def test_fast_form_is_the_textbook_with_fixed_centroids(flat, seeds, fixed):
    """So they do where some centroids, among points or off them, equal or not, do not move."""
    seeds = fit(seeds, flat)
    fixed = min(fixed, len(seeds))
    result = assert_forms_agree(flat, seeds, iterations=20, fixed=fixed)
    for centroids in result.trace.centroids:
        np.testing.assert_array_equal(centroids[:fixed], seeds[:fixed])


@pytest.mark.parametrize("seeding", SEEDINGS)
@pytest.mark.parametrize("k", [1, 2, 16, 100, 400])
def test_fast_form_is_the_textbook_on_a_photo(seeding, k):
    """From every seeding, both forms agree at every iteration."""
    pixels = photo(64, 48)
    seeds = SEEDINGS[seeding](points_of(pixels), k, 1)
    assert_forms_agree(flat_points(pixels), seeds, iterations=12)


@pytest.mark.parametrize("fixed", [1, 10, 20])
def test_fast_form_is_the_textbook_on_a_photo_with_fixed_centroids(fixed):
    """Both forms agree with some or all centroids fixed."""
    pixels = photo(64, 48)
    seeds = SEEDINGS["random"](points_of(pixels), 20, 1)
    assert_forms_agree(flat_points(pixels), seeds, iterations=12, fixed=fixed)


@spaces
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_fast_form_is_the_textbook_for_other_channels(channels, space):
    """Both forms agree on gray, gray with alpha and RGBA."""
    pixels = picture(40, 30, 200, channels).reshape(30, 40, channels)
    flat = flat_points(pixels, space)
    seeds = SEEDINGS["wu"](set_of(flat)[0], 20, 0)
    assert_forms_agree(flat, seeds)


def test_weights_count_as_repeated_points():
    """A point of weight w does what w equal points do."""
    flat = photo(12, 8).reshape(-1, 3).astype(np.uint16) * 16
    weights = np.random.default_rng(0).integers(1, 9, len(flat))
    points, _ = PointSet.of(flat, weights)
    seeds = flat[:7].astype(np.float64)
    fast = weighted_kmeans(points, seeds, 50)
    slow = textbook_kmeans(np.repeat(flat, weights, axis=0), seeds, 50)
    np.testing.assert_array_equal(fast.trace.centroids, slow.trace.centroids)
    np.testing.assert_array_equal(fast.trace.changed, slow.trace.changed)


def test_inertia_never_rises():
    """Each iteration serves the points at least as well as the one before."""
    inertia = cluster_photo(12, 300, "random")[1].trace.inertia
    assert len(inertia) > 5
    assert (np.diff(inertia) <= 1e-9 * inertia[0]).all()


def test_inertia_is_the_squared_error():
    """It is what the squared distances to the moved centroids come to."""
    points, result = cluster_photo(12, 3)
    delta = points.points[:, :3] - result.centroids[result.assignment]
    expected = np.sum(points.weights * np.sum(delta**2, axis=1))
    assert result.inertia == result.trace.inertia[-1] == pytest.approx(expected)


def test_it_stops_when_no_assignment_changes():
    """The last of an unlimited number of iterations changes nothing; one more would not."""
    points, result = cluster_photo(12, 10_000)
    assert result.trace.changed[-1] == 0
    assert (result.trace.changed[:-1] > 0).all()
    again = weighted_kmeans(points, result.centroids, 1)
    np.testing.assert_array_equal(again.assignment, result.assignment)


def test_heavy_points_are_no_reason_to_stop():
    """Rounding of a huge inertia, which may seem to rise, does not end what still changes."""
    weights = np.array([4725387070, 1, 7268190693])
    points, _ = PointSet.of(np.array([[2094], [2937], [3780]], np.uint16), weights)
    result = weighted_kmeans(points, np.array([[3780.0], [2095.0]]), 100)
    assert result.trace.changed.tolist() == [weights.sum(), 1, 0]


def test_it_stops_at_the_limit():
    """The trace has the seeds and one row an iteration."""
    points = points_of(photo(64, 48))
    seeds = SEEDINGS["random"](points, 12, 0)
    result = weighted_kmeans(points, seeds, 3)
    assert result.trace.centroids.shape == (4, 12, 3)
    assert result.trace.inertia.shape == result.trace.changed.shape == (3,)
    assert result.trace.changed[0] == 64 * 48
    np.testing.assert_array_equal(result.trace.centroids[0], seeds)
    np.testing.assert_array_equal(result.trace.centroids[-1], result.centroids)


def test_tolerance_stops_sooner():
    """A tolerance ends the tail of small gains, at the first that is too small."""
    whole = cluster_photo(12, 1000)[1].trace.inertia
    short = cluster_photo(12, 1000, tolerance=1e-3)[1].trace.inertia
    assert len(short) < len(whole)
    np.testing.assert_array_equal(short, whole[: len(short)])
    shares = 1 - whole[1:] / whole[:-1]
    assert len(short) == np.flatnonzero(shares < 1e-3)[0] + 2


def test_centroids_are_means_of_their_points():
    """Each centroid is the weighted mean of the points assigned to it, on the grid."""
    points, result = cluster_photo(9, 5)
    for cluster, centroid in enumerate(result.centroids):
        of = result.assignment == cluster
        mean = np.average(points.points[of, :3], axis=0, weights=points.weights[of])
        np.testing.assert_allclose(centroid, mean, rtol=0, atol=2**-13 + 1e-9)
    np.testing.assert_array_equal(result.centroids, snap(result.centroids))


def test_one_cluster_is_the_mean():
    """K = 1 is the mean of all points."""
    flat = flat_points(photo(32, 24))
    result = assert_forms_agree(flat, np.zeros((1, 3)))
    np.testing.assert_array_equal(result.centroids, snap(flat.mean(axis=0)[np.newaxis]))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_as_many_clusters_as_points(channels):
    """K = n from equal seeds, all clusters but one empty, ends with a point each."""
    flat = np.unique(np.random.default_rng(0).integers(0, 4096, (20, channels)), axis=0)
    flat = flat.astype(np.uint16)
    result = assert_forms_agree(np.repeat(flat, 3, axis=0), np.zeros((len(flat), channels)))
    assert result.inertia == 0
    np.testing.assert_array_equal(np.unique(result.centroids, axis=0), flat)


def test_empty_cluster_takes_the_farthest_point():
    """A centroid with no point moves to the point that its own centroid serves worst."""
    points, _ = PointSet.of(np.array([[0], [10], [60]], np.uint16), np.array([2, 2, 1]))
    result = weighted_kmeans(points, np.array([[10.0], [255.0]]), iterations=1)
    assert result.centroids.ravel().tolist() == [5, 60]
    assert result.assignment.tolist() == [0, 0, 1]


@forms
def test_empty_clusters_take_points_in_turn(form):
    """The lowest of them comes first, and of equally far points the lowest."""
    flat = np.array([[0], [0], [10], [10], [60]], np.uint16)
    result = form(flat, np.array([[5.0], [4000.0], [4000.0]]), 1)
    assert result.centroids.ravel().tolist() == [10, 60, 0]


def test_empty_cluster_takes_a_point_of_a_fixed_one():
    """A fixed centroid may lose its only point, where it is at some distance."""
    points, _ = PointSet.of(np.array([[0], [90]], np.uint16), np.array([5, 1]))
    result = weighted_kmeans(points, np.array([[80.0], [0.0]]), iterations=1, fixed=1)
    assert result.assignment.tolist() == [1, 0]
    points, _ = PointSet.of(np.array([[70], [90]], np.uint16), np.array([5, 1]))
    result = weighted_kmeans(points, np.array([[85.0], [4000.0]]), iterations=1, fixed=1)
    assert result.centroids.ravel().tolist() == [85, 70]


def test_fixed_centroids_stay():
    """They draw points but do not move to their means, and others make room for them."""
    points, _ = set_of(np.array([[0], [10], [100], [110]], np.uint16))
    result = weighted_kmeans(points, np.array([[12.0], [120.0]]), iterations=9, fixed=1)
    assert result.centroids.ravel().tolist() == [12, 105]
    assert result.assignment.tolist() == [0, 0, 1, 1]
    assert result.inertia == 12**2 + 2**2 + 5**2 + 5**2


def test_fixed_centroids_may_be_left_without_points():
    """No point is given to a fixed centroid that is nearest to none."""
    points, _ = set_of(np.array([[0], [10], [100]], np.uint16))
    result = weighted_kmeans(points, np.array([[4000.0], [0.0]]), iterations=9, fixed=1)
    assert result.centroids[0] == 4000
    assert result.assignment.tolist() == [1, 1, 1]


def test_all_centroids_fixed():
    """There is nothing to move, only points to assign."""
    points = points_of(photo(64, 48))
    held = SEEDINGS["random"](points, 12, 0)
    result = weighted_kmeans(points, held, 100, fixed=12)
    np.testing.assert_array_equal(result.centroids, held)
    np.testing.assert_array_equal(result.assignment, points.assign(held))


@forms
def test_more_clusters_than_points_are_refused(form):
    """There is no clustering without empty clusters then."""
    flat = np.array([[1], [2], [2], [3]], np.uint16)
    with pytest.raises(ValueError, match="fewer distinct points than the 4"):
        form(flat, np.zeros((4, 1)), 5)


@forms
def test_no_iteration_is_refused(form):
    """Without one there is no assignment."""
    flat = np.array([[1], [2]], np.uint16)
    with pytest.raises(ValueError, match="iterations must be at least 1, not 0"):
        form(flat, np.zeros((1, 1)), 0)


def test_progress_is_told_of_each_iteration():
    """It is called once after each."""
    calls = []
    _, result = cluster_photo(12, 10_000, progress=lambda: calls.append(1))
    assert len(calls) == len(result.trace.inertia) > 3


def test_progress_can_end_the_work():
    """What it raises comes out at once."""
    calls = []

    def stop_at_the_third():
        calls.append(1)
        if len(calls) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        cluster_photo(12, 10_000, progress=stop_at_the_third)
    assert len(calls) == 3


def test_textbook_form_in_chunks(monkeypatch):
    """How many distances are held at once does not show in the result."""
    flat = flat_points(photo(32, 24))
    seeds = flat[:50].astype(np.float64)
    whole = textbook_kmeans(flat, seeds, 5)
    monkeypatch.setitem(textbook_kmeans.__globals__, "CHUNK", 1000)
    np.testing.assert_array_equal(textbook_kmeans(flat, seeds, 5).assignment, whole.assignment)


@spaces
@pytest.mark.parametrize("colors", [20, 21, 256, 300, 65536])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_few_colors_are_kept(colors, channels, space):
    """A picture of at most so many colors is its palette and indices, dithered or not."""
    pixels = picture(16, 9, 20, channels).reshape(9, 16, channels)
    for dither in (0.0, 1.0):
        quantized = quantize(pixels, colors, space=space, dither=dither)
        np.testing.assert_array_equal(quantized.palette[quantized.indices], pixels)
        np.testing.assert_array_equal(quantized.palette, Histogram.of(pixels).colors)
        assert quantized.indices.dtype == np.uint8
        assert quantized.iterations == 0
        assert quantized.mse == 0


@spaces
@pytest.mark.parametrize("channels", [2, 4])
def test_few_colors_of_alpha_0_are_kept(channels, space):
    """Colors that cannot be seen, which are one point, still are told apart."""
    pixels = np.zeros((1, 6, channels), np.uint8)
    pixels[0, :, 0] = 10, 20, 30, 10, 20, 30
    pixels[0, 3:, -1] = 255
    quantized = quantize(pixels, 6, space=space)
    np.testing.assert_array_equal(quantized.palette[quantized.indices], pixels)
    assert len(quantized.palette) == 6


def test_few_colors_that_are_one_in_oklab_are_kept():
    """So are opaque colors too near to each other to differ in the space."""
    pixels = np.array([[[200, 250, level] for level in range(256)]], np.uint8)
    assert len(np.unique(flat_points(pixels, "oklab"), axis=0)) < 256
    quantized = quantize(pixels, 256, space="oklab")
    np.testing.assert_array_equal(quantized.palette[quantized.indices], pixels)


@spaces
@pytest.mark.parametrize("seeding", [None, *SEEDINGS])
@pytest.mark.parametrize("colors", [1, 2, 7, 64, 256, 257, 700])
def test_every_entry_is_distinct_and_in_use(seeding, colors, space):
    """A picture of more colors gets exactly as many as asked for, all of them used."""
    quantized = quantize(photo(48, 40), colors, seeding=seeding, space=space)
    palette, indices = quantized.palette, quantized.indices
    assert indices.dtype == (np.uint8 if colors <= 256 else np.uint16)
    assert len(palette) == len(np.unique(palette, axis=0)) == colors
    assert (np.bincount(indices.ravel(), minlength=colors) > 0).all()


@given(
    pixels=pictures,
    colors=st.integers(1, 81),
    space=st.sampled_from(sorted(SPACES)),
    seeding=st.sampled_from([None, *sorted(SEEDINGS)]),
)
@example(
    pixels=np.array([[[0, 0], [1, 0], [2, 0], [4, 4], [5, 4], [9, 200]]], np.uint8),
    colors=4,
    space="rgb",
    seeding=None,
)
@settings(max_examples=100, deadline=None)
def test_small_pictures_get_distinct_used_entries(pixels, colors, space, seeding):
    """Neither are pictures so small that rounding makes centroids meet an exception."""
    histogram = Histogram.of(pixels)
    colors = 1 + colors % len(histogram.colors)
    palette, indices = quantize(pixels, colors, seeding=seeding, space=space)
    assert len(palette) == len(np.unique(palette, axis=0)) == len(np.unique(indices))
    if colors < len(histogram.colors):  # else all are kept, also those that are one point
        hidden = pixels.shape[2] in {2, 4} and (histogram.colors[:, -1] == 0).sum()
        seen = len(histogram.colors) - max(hidden - 1, 0)
        points = len(np.unique(flat_points(pixels, space), axis=0))
        colors = seen if seen <= colors else min(colors, points)
    assert palette.shape == (colors, pixels.shape[2])


def test_neighboring_grays_get_distinct_used_entries():
    """Where centroids round to one value, the spare entries go to the colors served worst."""
    pixels = np.repeat(np.arange(256, dtype=np.uint8), np.arange(256) % 7 + 1)[np.newaxis, :, None]
    quantized = quantize(pixels, 255)
    assert len(np.unique(quantized.palette)) == len(np.unique(quantized.indices)) == 255
    assert np.abs(quantized.palette[quantized.indices].astype(int) - pixels).max() == 1


@spaces
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_each_pixel_has_its_nearest_entry(channels, space):
    """Indices are of the 8-bit palette, not of the centroids it was rounded from."""
    pixels = picture(48, 40, 250, channels).reshape(40, 48, channels)
    palette, indices = quantize(pixels, 32, space=space)
    entries = find_space(space, palette.shape[1]).to_points(palette).astype(int)
    delta = flat_points(pixels, space)[:, np.newaxis].astype(int) - entries
    allowed = may_show(pixels.reshape(-1, channels), palette)
    nearest = np.where(allowed, np.sum(delta**2, axis=2), np.inf).argmin(axis=1)
    np.testing.assert_array_equal(indices.ravel(), nearest)


@pytest.mark.parametrize("seeding", [None, *SEEDINGS])
def test_quantizing_repeats_itself(seeding):
    """The same picture and options give the same palette and indices."""
    pixels = photo(48, 40)
    first, second = (quantize(pixels, 50, seeding=seeding, seed=3, dither=0.5) for _ in range(2))
    np.testing.assert_array_equal(first.palette, second.palette)
    np.testing.assert_array_equal(first.indices, second.indices)


@spaces
def test_palette_does_not_depend_on_the_order_of_pixels(space):
    """Turning the picture turns the indices."""
    pixels = photo(48, 40)
    upright = quantize(pixels, 50, space=space)
    turned = quantize(pixels[::-1, ::-1], 50, space=space)
    np.testing.assert_array_equal(turned.palette, upright.palette)
    np.testing.assert_array_equal(turned.indices, upright.indices[::-1, ::-1])


def test_kmeans_improves_on_its_seeds():
    """More iterations leave a smaller squared error."""
    points = points_of(photo(96, 64))
    seeds = SEEDINGS["wu"](points, 32, 0)
    errors = []
    for iterations in (1, 5, 50):
        centroids = weighted_kmeans(points, seeds, iterations).centroids
        delta = points.points[:, :3] - centroids[points.assign(centroids)]
        errors.append(np.sum(points.weights * np.sum(delta**2, axis=1)))
    assert errors[0] > errors[1] > errors[2]


@pytest.mark.parametrize("iterations", [1, 5, 50])
def test_iterations_asked_for_are_the_most(iterations):
    """No more are done, whatever the speed."""
    pixels = photo(96, 64)
    assert quantize(pixels, 32, seeding="random", iterations=iterations).iterations <= iterations
    most = quantize(
        pixels, 32, seeding="random", iterations=iterations, speed=1, space="rgb"
    ).iterations
    assert most == iterations
