"""The measures of a file: they are of what the decoder gives back."""

import io
import json
import math

import numpy as np
import pytest
from helpers import gradient, photo, picture
from PIL import Image

import kmcodec
from kmcodec.report import measure_file, measure_picture
from kmcodec.report.cloud import make_cloud
from kmcodec.report.difference import oklab_distances
from kmcodec.report.numbers import numbers
from kmcodec.report.pictures import heat_map, shown_image
from kmcodec.report.views import smallest_image

PHOTO = photo(60, 40)


def as_pixels(image):
    """Return the colors of an image that went through a file."""
    image.save(file := io.BytesIO(), "PNG")
    with Image.open(file) as again:
        return np.asarray(again.convert("RGBA"))


@pytest.fixture(scope="module")
def measures():
    """Measure a photograph in few colors."""
    return measure_picture(PHOTO, 12)


def test_what_is_measured_is_what_is_decoded(measures):
    """Palette, indices, sizes and loss are those of the encoder's file."""
    data = kmcodec.encode(PHOTO, 12)
    facts = kmcodec.info(data)

    assert (measures.pixels == kmcodec.decode(data)).all()
    assert measures.info == facts
    assert measures.bits_per_pixel == 8 * len(data) / 2400
    assert measures.difference.loss.psnr == data.psnr
    assert measures.distinct == len(np.unique(PHOTO.reshape(-1, 3), axis=0))
    assert measures.costs.shape == (40, 60)
    assert measures.costs.sum() == pytest.approx(facts.bits["indices"], abs=64)
    assert measures.shares.sum() == pytest.approx(1)


def test_a_file_alone_has_nothing_to_be_compared_to():
    """It is not encoded again, and measured against its own pixels."""
    data = kmcodec.encode(PHOTO, 12)
    measures = measure_file(io.BytesIO(data))

    assert measures.difference is None
    assert measures.original is None
    assert measures.steps is None
    assert set(measures.seconds) == {"decoding"}
    assert measures.curve[-1] == (12, measures.curve[-1].bytes, math.inf)


def test_stages_are_timed_and_told():
    """Those of the encoder, the coder and the decoder have their seconds; all are told of."""
    told = []
    measures = measure_picture(PHOTO, 12, progress=lambda stage, *_: told.append(stage))
    timed = {"histogram", "search", "kmeans", "rounding", "mapping", "coding", "decoding"}

    assert set(measures.seconds) == timed
    assert min(measures.seconds.values()) >= 0
    assert timed | {"comparing", "costs", "peers", "curve"} == set(told)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pictures_of_all_kinds(channels):
    """Gray, alpha and colors are measured, exact or not."""
    pixels = picture(30, 20, 90, channels)
    for colors in (256, 5):
        measures = measure_picture(pixels, colors)
        exact = colors == 256
        assert (measures.difference.loss.mse == 0) == exact
        assert measures.difference.distances.any() != exact
        assert (measures.steps is None) == exact


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK"])
def test_all_modes(mode):
    """Whatever the encoder takes is measured."""
    image = Image.fromarray(gradient(24, 16)).convert(mode)
    measures = measure_picture(image, 256)

    assert measures.difference.loss.mse == 0
    assert measures.indices.shape == (16, 24)


def test_more_colors_than_a_palette_of_png():
    """Indices of two bytes are shown as colors."""
    pixels = picture(40, 40, 700)
    measures = measure_picture(pixels, 700)

    assert (
        as_pixels(shown_image(*kmcodec.decode_indexed(kmcodec.encode(pixels, 700))))[..., :3]
        == pixels
    ).all()
    assert measures.curve[-1].colors == 700
    assert len(numbers(measures, "x")["palette"]) == 256


def test_frames():
    """Of an animation the first frame is shown, and the bytes are those of all."""
    frames = [np.roll(gradient(24, 16), n, axis=1) for n in range(3)]
    data = kmcodec.encode_frames(frames)
    measures = measure_file(bytes(data))

    assert (measures.pixels == frames[0]).all()
    assert measures.bits_per_pixel == 8 * len(data) / (3 * 24 * 16)
    assert measures.peers == {}
    assert measures.curve == []
    assert numbers(measures, "x")["frames"] == 3


def test_damage_and_limits_are_errors():
    """A damaged file is a KmqError, as is one above the limit; a bad option is the caller's."""
    data = bytearray(kmcodec.encode(PHOTO, 4))
    with pytest.raises(kmcodec.LimitError):
        measure_file(bytes(data), max_pixels=2399)
    data[-1] ^= 1
    with pytest.raises(kmcodec.KmqError):
        measure_file(bytes(data))
    with pytest.raises(TypeError, match="colours"):
        measure_picture(PHOTO, 4, colours=3)


def test_damage_of_any_frame_is_an_error():
    """Though only the first is looked at."""
    data = bytearray(kmcodec.encode_frames([np.roll(PHOTO, n, axis=1) for n in range(3)], 4))
    data[-1] ^= 1
    with pytest.raises(kmcodec.ChecksumError):
        measure_file(bytes(data))


def test_peers_hold_the_same_pixels(measures):
    """Other formats are given as many bytes as Pillow writes, of a picture that is the same."""
    image = shown_image(measures.palette, measures.indices)
    image.save(file := io.BytesIO(), "PNG", optimize=True)

    assert measures.peers["PNG"] == len(file.getvalue())
    assert set(measures.peers) <= {"PNG", "WebP"}
    assert (as_pixels(image)[..., :3] == measures.pixels).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pictures_of_the_page_lose_nothing(channels):
    """Colors of few and of many pictures, hidden ones too, are those of the original."""
    for colors in (20, 400):
        pixels = picture(30, 20, min(colors, 256**channels - 56), channels)
        pixels = pixels.reshape(20, 30, channels)
        expected = np.full((20, 30, 4), 255, np.uint8)
        expected[..., :3] = pixels[..., :3] if channels > 2 else pixels[..., :1]
        if channels in (2, 4):
            expected[..., 3] = pixels[..., -1]
        assert (as_pixels(smallest_image(pixels)) == expected).all()


def test_distances_in_oklab():
    """White is 1 from black, red as far from green as the literature says; alpha 0 hides all."""
    black, white, red, green = (
        np.array([[color]], np.uint8)
        for color in ([0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0])
    )
    hidden = [np.dstack((color, np.zeros((1, 1), np.uint8))) for color in (red, green)]
    clear, solid = (np.dstack((white, np.full((1, 1), a, np.uint8))) for a in (0, 255))

    assert oklab_distances(black, white) == pytest.approx(1)
    assert oklab_distances(red, green) == pytest.approx(0.5197, abs=2e-3)
    assert oklab_distances(*hidden) == 0
    assert oklab_distances(clear, solid) == pytest.approx(0.5)  # on white nothing, on black all


def test_heat_maps():
    """Nothing is dark, the top and what is above it are light, and all of nothing is a picture."""
    pixels = as_pixels(heat_map(np.array([[0, 1, 2, 9]], np.float32), 2))[0, :, :3].astype(int)

    assert pixels[0].sum() < pixels[1].sum() < pixels[2].sum()
    assert (pixels[2] == pixels[3]).all()
    assert heat_map(np.zeros((2, 2), np.float32), 0).size == (2, 2)


def test_the_curve_rises_to_what_is_exact():
    """More colors take more bytes and lose less, until nothing is lost."""
    measures = measure_picture(picture(40, 40, 40), 8)
    counts = [point.colors for point in measures.curve]

    assert counts == [2, 4, 8, 16, 32, 40]
    assert [p.psnr for p in measures.curve] == sorted(p.psnr for p in measures.curve)
    assert math.isinf(measures.curve[-1].psnr)
    same = next(point for point in measures.curve if point.colors == 8)
    assert same.psnr == measures.difference.loss.psnr
    assert same.bytes == measures.info.file_bytes


def test_the_curve_keeps_no_option_of_one_file():
    """A palette, a quality, metadata are of the file alone; what is counted is colors."""
    of_one = {"palette": ["#000", "#fff"]}, {"fixed": ["red"]}, {"psnr": 9}, {"comment": "x" * 99}
    pixels = picture(20, 20, 20)
    wanted = measure_picture(pixels).curve
    for options in of_one:
        assert measure_picture(pixels, **options).curve == wanted


def test_options_of_all_files_are_kept():
    """Coding is one: of packed files the sizes are those of packed ones."""
    packed = measure_picture(PHOTO, 4, coding="packed", speed=10)

    assert packed.curve[1].bytes == len(kmcodec.encode(PHOTO, 4, coding="packed", speed=10))


@pytest.mark.parametrize("space", ["rgb", "oklab", "blend"])
def test_steps_are_in_colors(space):
    """Inertia falls, is about the MSE where errors are those of levels; paths end at entries."""
    measures = measure_picture(PHOTO, 6, space=space, seeding="random", iterations=99)
    steps = measures.steps

    assert (np.diff(steps.inertia) <= 1e-9).all()
    assert steps.changed[0] == 1
    assert steps.paths.shape[1:] == (6, 3)
    assert len(steps.paths) == min(24, len(steps.inertia) + 1)
    if space == "rgb":
        assert steps.inertia[-1] == pytest.approx(measures.difference.loss.mse, rel=0.05)
    for entry in measures.palette.astype(int):
        assert np.abs(steps.paths[-1] - entry).max(axis=1).min() <= 12


def test_paths_of_many_centroids():
    """Those that went farthest are kept."""
    steps = measure_picture(photo(60, 60), 400, seeding="random", speed=10).steps

    assert steps.paths.shape[1] == 256
    assert len(steps.paths) <= 24


def test_the_cloud_has_every_color_at_its_entry(measures):
    """Colors are those of pixels, and what they are shown as is what was decoded."""
    cloud = make_cloud(measures)
    pairs = {
        (tuple(color), tuple(shown))
        for color, shown in zip(
            PHOTO.reshape(-1, 3).tolist(), measures.pixels.reshape(-1, 3).tolist(), strict=True
        )
    }

    both = np.hstack((cloud.colors, cloud.shown)).tolist()
    assert {(tuple(pair[:3]), tuple(pair[3:])) for pair in both} == pairs
    assert cloud.pixels.sum() == cloud.mark_pixels.sum() == 2400
    assert cloud.left_out == 0
    assert (np.diff(cloud.mark_pixels) <= 0).all()


def test_large_clouds_are_drawn_from():
    """At random, and the same each time."""
    measures = measure_picture(picture(100, 60, 6000), 16, speed=10)
    cloud, again = make_cloud(measures), make_cloud(measures)

    assert len(cloud.colors) == 4000
    assert cloud.left_out == 2000
    assert all(np.array_equal(one, other) for one, other in zip(cloud, again, strict=True))


def test_what_is_transparent_is_in_no_cloud():
    """A picture of nothing else has no points."""
    clear = np.zeros((4, 4, 4), np.uint8)
    half = clear.copy()
    half[:2] = (9, 8, 7, 200)

    assert len(make_cloud(measure_picture(clear)).colors) == 0
    assert make_cloud(measure_picture(half)).colors.tolist() == [[9, 8, 7]]


def test_numbers_are_json(measures):
    """They have the keys that are documented, and go through JSON as they are."""
    told = numbers(measures, "a <b>")

    assert json.loads(json.dumps(told, allow_nan=False)) == json.loads(json.dumps(told))
    assert told["schema_version"] == 1
    assert told["colors"] == 12
    assert told["psnr"] == measures.difference.loss.psnr
    assert 0 < told["oklab"]["mean"] < told["oklab"]["largest"] < 1
    assert sum(share for _, share in told["palette"]) == pytest.approx(1)
    assert told["kmeans"]["inertia"] == measures.steps.inertia.tolist()
    for key in told:
        assert key in numbers.__globals__["__doc__"]


def test_numbers_of_an_exact_file():
    """What is infinite is null."""
    told = numbers(measure_picture(picture(9, 9, 3)), "x")

    assert told["psnr"] is None
    assert told["mse"] == 0
    assert told["kmeans"] is None
    assert told["curve"][-1][2] is None


def test_one_pixel():
    """The smallest picture has all measures."""
    measures = measure_picture(np.zeros((1, 1), np.uint8))

    assert measures.curve == [(1, measures.info.file_bytes, math.inf)]
    assert measures.costs.tolist() == [[0]]
