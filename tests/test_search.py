"""The search for centroids: better ones than from a single seeding, the same on every run."""

import numpy as np
import pytest
from helpers import photo, quantize_pixels
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import PCG64

from kmcodec.options import Options
from kmcodec.quantizer.cloud import Cloud
from kmcodec.quantizer.histogram import Histogram
from kmcodec.quantizer.kmeans import weighted_kmeans
from kmcodec.quantizer.points import PointSet
from kmcodec.quantizer.search import (
    EFFORTS,
    MAX_SEARCHED,
    choose_cells,
    choose_effort,
    search_centroids,
    split_and_merge,
)
from kmcodec.quantizer.seeding import wu_seeding
from kmcodec.quantizer.space import SPACES

LARGE = 1 << 20
QUICK = EFFORTS[5]._replace(starts=3, rounds=8)


def point_set(points, weights=None):
    """Return the set of some points."""
    weights = np.ones(len(points), np.int64) if weights is None else weights
    return PointSet.of(np.array(points, np.uint16), np.array(weights, np.int64))[0]


def noise(count, channels=3, seed=0):
    """So many random points."""
    return point_set(np.random.default_rng(seed).integers(0, 4096, (count, channels)))


def points_of(pixels):
    """Return the points of a picture in RGB."""
    return Cloud(Histogram.of(pixels), SPACES["rgb"]).points


def scattered_groups():
    """30 small groups scattered at random, where Wu's cuts leave some together; their centers."""
    rng = np.random.default_rng(2)
    centers = rng.integers(200, 3900, (30, 2))
    points = (centers + rng.normal(0, 30, (60, 30, 2))).reshape(-1, 2)
    return point_set(points.round().clip(0, 4095)), centers


def no_centroids(points):
    """Of no fixed entries."""
    return np.empty((0, points.channels))


def search(points, k, effort=QUICK, seed=0, held=None, progress=lambda: None):
    """Centroids searched for, none of them held unless some are given."""
    held = no_centroids(points) if held is None else held
    pixels = int(points.weights.sum())
    return search_centroids(points, k, effort, pixels, seed, held, progress)


def squared_error(points, centroids):
    """Return the squared error of moving every point to its nearest centroid."""
    coordinates = points.points[:, : points.channels].astype(float)
    distances = np.sum((coordinates[:, np.newaxis] - centroids) ** 2, axis=2)
    return np.sum(points.weights * distances.min(axis=1))


def made_up_clustering(weights=(1, 1)):
    """Twins at (100 and 104, 100), a wide cluster along the second channel, two narrow ones."""
    groups = [[[100, 100]], [[104, 100]], [[2000, 1000], [2000, 3000]]]
    groups += [[[4000, 0], [4000, 10]], [[0, 4000], [6, 4000]]]
    points = point_set(np.vstack(groups), [*weights, 1, 1, 1, 1, 1, 1])
    seeds = np.array([np.mean(group, axis=0) for group in groups])
    return points, seeds


def rearrange(points, seeds, pairs, fixed=0, seed=0):
    """Centroids split and merged once, from the clusters of some seeds."""
    clustering = weighted_kmeans(points, seeds, 1, fixed=fixed)
    return clustering, split_and_merge(points, clustering, pairs, fixed, PCG64(seed))


def test_effort_is_that_of_the_speed():
    """Few clusters get what the table has, as many rounds as are of use."""
    for speed, effort in EFFORTS.items():
        for k in (1, 5, 16):
            expected = effort._replace(rounds=min(effort.rounds, 10 * k))
            assert choose_effort(speed, k, LARGE, None, None) == expected


@pytest.mark.parametrize(
    ("k", "starts", "rounds", "iterations", "nudges"),
    [
        (1, 64, 10, 1000, 40),
        (16, 64, 160, 1000, 40),
        (64, 16, 640, 1000, 40),
        (128, 8, 400, 1000, 40),
        (256, 4, 200, 1000, 40),
        (4096, 1, 12, 256, 40),
        (65536, 1, 0, 20, 2),
    ],
)
def test_effort_falls_with_more_clusters(k, starts, rounds, iterations, nudges):
    """Twice as many of them get half the starts and rounds, and at last less of the others."""
    effort = choose_effort(1, k, LARGE, None, None)
    expected = EFFORTS[1]._replace(
        starts=starts, rounds=rounds, iterations=iterations, nudges=nudges
    )
    assert effort == expected


@pytest.mark.parametrize(
    ("pixels", "starts", "rounds"),
    [(1, 3, 5), (4096, 3, 5), (4097, 4, 6), (8192, 6, 10), (16384, 12, 20), (1 << 30, 12, 20)],
)
def test_effort_falls_with_fewer_pixels(pixels, starts, rounds):
    """Pictures of less than 16384 pixels get a share of starts and rounds, at least a quarter."""
    effort = choose_effort(5, 16, pixels, None, None)
    assert effort == EFFORTS[5]._replace(starts=starts, rounds=rounds)


@pytest.mark.parametrize(("speed", "most"), [(1, 700), (5, 100)])
@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("k", [16, 64, 256])
def test_work_is_in_proportion_to_pixels(monkeypatch, speed, most, size, k):
    """Noise, with as many colors as pixels, takes so many assignments for each, search and all."""
    assigned = []
    assign = PointSet.assign

    def counted(points, centroids):
        assigned.append(len(points.points))
        return assign(points, centroids)

    monkeypatch.setattr(PointSet, "assign", counted)
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3)).astype(np.uint8)
    quantize_pixels(pixels, Options(colors=k, speed=speed))
    assert sum(assigned) <= most * size * size


@pytest.mark.parametrize("speed", EFFORTS)
def test_effort_asked_for_is_not_scaled(speed):
    """Starts and iterations that are given hold for any number of clusters and pixels."""
    for k in (1, 16, 5000):
        for pixels in (1, LARGE):
            effort = choose_effort(speed, k, pixels, 7, 123)
            assert (effort.starts, effort.iterations) == (7, 123)
            assert effort.rounds == choose_effort(speed, k, pixels, None, None).rounds


@pytest.mark.parametrize("most", [4096, LARGE])
def test_few_points_are_searched_themselves(most):
    """Up to 4096 points are not made fewer."""
    points = noise(4096)
    assert len(points.points) == 4096
    assert choose_cells(points, 10, 5, most) is points


def test_few_points_of_a_small_picture_are_made_fewer():
    """As many colors as pixels would take more time a pixel than a photograph."""
    cells = choose_cells(noise(4096), 10, 5, 1024)
    np.testing.assert_array_equal(cells.points, noise(4096).coarse(3).points)


@pytest.mark.parametrize(("k", "bits"), [(1, 2), (4, 2), (5, 3), (32, 3), (33, 4), (200, 4)])
def test_cells_are_enough_for_the_clusters(k, bits):
    """There are at least 16 of them a cluster, and no smaller cells than that takes."""
    points = noise(20_000)
    cells = choose_cells(points, k, 2, LARGE)
    assert len(cells.points) >= 16 * k
    np.testing.assert_array_equal(cells.points, points.coarse(bits).points)
    np.testing.assert_array_equal(cells.weights, points.coarse(bits).weights)


@pytest.mark.parametrize(("k", "bits"), [(1, 2), (4, 2), (5, 3), (32, 3), (33, 4), (200, 4)])
def test_cells_are_made_fewer_down_to_those_of_the_clusters(k, bits):
    """Where there are more than asked for, cells are as large as leaves 16 a cluster."""
    points = noise(20_000)
    cells = choose_cells(points, k, 5, 10)
    np.testing.assert_array_equal(cells.points, points.coarse(bits).points)


def test_cells_are_as_fine_as_most_allows():
    """They are made no fewer than they have to be."""
    points = noise(20_000)
    cells = choose_cells(points, 1, 6, 600)
    np.testing.assert_array_equal(cells.points, points.coarse(3).points)


@pytest.mark.parametrize("most", [10, LARGE])
def test_where_cells_are_too_few_points_are_searched(most):
    """With less than 16 points a cluster there are no coarser cells of use."""
    points = noise(20_000)
    assert choose_cells(points, 2000, 5, most) is points


@pytest.mark.parametrize("seed", range(5))
def test_a_split_and_a_merge(seed):
    """The twins become their mean, the wide cluster two at its deviation, the others stay."""
    points, seeds = made_up_clustering(weights=(3, 1))
    _, changed = rearrange(points, seeds, 1, seed=seed)
    expected = [[101, 100], [2000, 1000], [2000, 3000], [4000, 5], [3, 4000]]
    assert sorted(changed.tolist()) == sorted(expected)
    assert changed[3:].tolist() == [[4000, 5], [3, 4000]]


def test_fixed_twins_are_not_merged():
    """A fixed centroid takes part in nothing, however near to another."""
    points, seeds = made_up_clustering()
    _, changed = rearrange(points, seeds, 1, fixed=1)
    assert changed[0].tolist() == [100, 100]
    assert [102, 100] not in changed.tolist()


def test_fixed_wide_clusters_are_not_split():
    """A fixed centroid stays alone in its cluster; another one is split."""
    points, seeds = made_up_clustering()
    _, changed = rearrange(points, seeds[[2, 0, 1, 3, 4]], 1, fixed=1)
    assert changed[0].tolist() == [2000, 2000]
    assert [102, 100] in changed.tolist()
    assert [2000, 1000] not in changed.tolist()
    assert [4000, 5] not in changed.tolist() or [3, 4000] not in changed.tolist()


def test_merges_go_past_fixed_centroids():
    """Clusters are merged that have only a fixed one between them."""
    points = point_set([[102], [100], [104], [1000], [1100], [3000]])
    seeds = np.array([[102.0], [100.0], [104.0], [1050.0], [3000.0]])
    _, changed = rearrange(points, seeds, 1, fixed=1)
    assert sorted(changed.ravel().tolist()) == [102, 102, 1000, 1100, 3000]


@pytest.mark.parametrize("seed", range(5))
def test_a_cluster_is_merged_once(seed):
    """Of three near to each other two are merged; without another pair, nothing more is split."""
    points = point_set([[100], [104], [109], [1000], [1100], [3000], [3100]])
    seeds = np.array([[100.0], [104.0], [109.0], [1050.0], [3050.0]])
    changed = sorted(rearrange(points, seeds, 2, seed=seed)[1].ravel().tolist())
    assert changed[:2] in ([102, 109], [100, 106.5])
    assert changed[2:] in ([1000, 1100, 3050], [1050, 3000, 3100])


def test_chance_decides_between_what_is_alike():
    """Of two equally wide clusters now one is split, now the other."""
    points = point_set([[100], [104], [1000], [1100], [3000], [3100]])
    seeds = np.array([[100.0], [104.0], [1050.0], [3050.0]])
    results = {tuple(sorted(rearrange(points, seeds, 1, seed=s)[1].ravel())) for s in range(20)}
    assert results == {(102, 1000, 1100, 3050), (102, 1050, 3000, 3100)}


@given(
    seed=st.integers(0, 1000),
    k=st.integers(1, 40),
    pairs=st.integers(0, 20),
    fixed=st.integers(0, 40),
    channels=st.integers(1, 4),
)
@settings(max_examples=80, deadline=None)
def test_splits_and_merges_keep_the_number(seed, k, pairs, fixed, channels):
    """There are as many centroids as before, in range, and no more moved than was asked for."""
    fixed = min(fixed, k)
    points = noise(60, channels, seed)
    seeds = np.random.default_rng(seed).integers(0, 4096, (k, channels)).astype(float)
    clustering, changed = rearrange(points, seeds, pairs, fixed, seed)
    assert changed.shape == (k, channels)
    assert changed.min() >= 0
    assert changed.max() <= 4095
    np.testing.assert_array_equal(changed[:fixed], clustering.centroids[:fixed])
    moved = np.any(changed != clustering.centroids, axis=1)
    assert np.count_nonzero(moved) <= 3 * pairs


def test_splitting_leaves_the_clustering_alone():
    """What is tried does not change what it is tried on."""
    points, seeds = made_up_clustering()
    clustering = weighted_kmeans(points, seeds, 1)
    before = clustering.centroids.copy()
    split_and_merge(points, clustering, 2, 0, PCG64(0))
    np.testing.assert_array_equal(clustering.centroids, before)


@pytest.mark.parametrize("k", [2, 3, 10, 60])
@pytest.mark.parametrize("seed", [0, 1])
def test_search_is_no_worse_than_wu(k, seed):
    """The cells are served at least as well as by K-Means from Wu's seeds."""
    points = points_of(photo(96, 64, seed))
    cells = choose_cells(points, k, QUICK.cell_bits, len(points.points) // 4)
    assert len(cells.points) < len(points.points)
    plain = weighted_kmeans(cells, wu_seeding(cells, k), 100, tolerance=1e-3)
    assert squared_error(cells, search(points, k, seed=seed)) <= plain.inertia * (1 + 1e-9)


@pytest.mark.parametrize("parts", [{"starts": 1, "rounds": 60}, {"starts": 16, "rounds": 0}])
def test_search_is_better_where_wu_is_poor(parts):
    """Either of its parts alone mends what cuts along the channels have spoiled."""
    points, _ = scattered_groups()
    plain = weighted_kmeans(points, wu_seeding(points, 30), 100)
    searched = search(points, 30, QUICK._replace(**parts))
    assert squared_error(points, searched) < 0.7 * plain.inertia


def test_starts_are_enough_for_a_search():
    """They can be asked for at a speed that has no rounds."""
    points, _ = scattered_groups()
    effort = choose_effort(8, 30, LARGE, 16, None)
    plain = weighted_kmeans(points, wu_seeding(points, 30), 100)
    assert squared_error(points, search(points, 30, effort)) < 0.7 * plain.inertia


def test_search_finds_groups():
    """Groups that lie apart get a centroid each."""
    points, centers = scattered_groups()
    distances = np.linalg.norm(centers[:, np.newaxis] - search(points, 30), axis=2)
    assert distances.min(axis=1).max() < 30


def test_search_repeats_itself():
    """The same seed gives the same centroids, another one may give others."""
    points = points_of(photo(96, 64))
    first, second, other = (search(points, 40, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_one_centroid_is_the_mean():
    """K = 1 leaves nothing to search for."""
    points = noise(1000)
    mean = np.average(points.points[:, :3], axis=0, weights=points.weights)
    np.testing.assert_allclose(search(points, 1), mean[np.newaxis], rtol=0, atol=2**-12)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_as_many_centroids_as_points_are_the_points(channels):
    """K = n ends with a point each, also where Wu cannot part them."""
    points = point_set(np.random.default_rng(0).integers(0, 20, (30, channels)))
    found = search(points, len(points.points))
    expected = points.points[:, :channels].tolist()
    assert sorted(found.tolist()) == sorted(expected)


@pytest.mark.parametrize("fixed", [1, 7, 19, 20])
def test_held_centroids_come_first_and_stay(fixed):
    """Held centroids are in the result as they were, the others serve what is left."""
    points = points_of(photo(96, 64))
    held = np.random.default_rng(0).integers(0, 256, (fixed, 3)) * 16.0
    centroids = search(points, 20, held=held)
    assert centroids.shape == (20, 3)
    np.testing.assert_array_equal(centroids[:fixed], held)
    if fixed < 20:
        plain = np.vstack((held, wu_seeding(points, 20 - fixed)))
        assert squared_error(points, centroids) < squared_error(points, plain)


@pytest.mark.parametrize("fixed", [0, 3])
@pytest.mark.parametrize(
    ("k", "effort"), [(MAX_SEARCHED + 1, EFFORTS[1]), (30, EFFORTS[8]), (30, EFFORTS[10])]
)
def test_where_nothing_is_searched_seeds_are_wus(k, effort, fixed):
    """Too many clusters, or no starts and rounds to spend, start where Wu's seeds are."""
    points = points_of(photo(96, 64))
    held = np.arange(3.0 * fixed).reshape(fixed, 3)
    calls = []
    found = search(points, k, effort, held=held, progress=lambda: calls.append(1))
    np.testing.assert_array_equal(found, np.vstack((held, wu_seeding(points, k - fixed))))
    assert not calls


def test_most_searched_clusters_are_searched():
    """512 clusters are not too many."""
    points = points_of(photo(96, 64))
    found = search(points, MAX_SEARCHED, QUICK._replace(rounds=2))
    assert squared_error(points, found) < squared_error(points, wu_seeding(points, MAX_SEARCHED))


def test_progress_can_end_the_search():
    """It is called after every start and round, and what it raises comes out at once."""
    points = points_of(photo(96, 64))
    calls = []
    search(points, 20, progress=lambda: calls.append(1))
    assert len(calls) == QUICK.starts + QUICK.rounds
    whole = len(calls)

    def stop_near_the_end():
        calls.append(1)
        if len(calls) == 2 * whole - 1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        search(points, 20, progress=stop_near_the_end)
    assert len(calls) == 2 * whole - 1


@pytest.mark.slow
def test_slower_speeds_have_better_palettes():
    """From speed 10 to 1 the mean error falls, but for a percent that chance may take."""
    points = points_of(photo(96, 64))
    errors = {speed: [] for speed in sorted(EFFORTS, reverse=True)}
    for speed, of_speed in errors.items():
        for k in (8, 20, 48):
            effort = choose_effort(speed, k, LARGE, None, None)
            seeds = search(points, k, effort)
            result = weighted_kmeans(points, seeds, effort.iterations, tolerance=effort.tolerance)
            of_speed.append(squared_error(points, result.centroids))
    means = np.mean(np.divide(list(errors.values()), errors[10]), axis=1)
    assert (means[1:] <= 1.01 * np.minimum.accumulate(means)[:-1]).all()
    assert means[-1] < 0.97 * means[0]
