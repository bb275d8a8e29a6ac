"""One palette for a set of pictures, by colors that are gathered in parts."""

import pickle
from io import BytesIO

import numpy as np
import pytest
from arrays import arrays, or_any
from helpers import noise, photo, picture
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from profiles import gray_profile

import kmcodec
from kmcodec.errors import QualityError
from kmcodec.images.pixels import read_image, to_channels
from kmcodec.options import Options
from kmcodec.quantizer import shared
from kmcodec.quantizer.shared import SharedColors, choose_shared_palette, merge_colors

PALETTE = np.array([[9, 9, 9], [1, 2, 3], [7, 7, 7], [1, 2, 3], [5, 6, 7]], np.uint8)
PIXELS = arrays(or_any(range(4)), 6, 6, 4)
INDEXED = st.builds(
    lambda indices, size: paletted(indices % size, PALETTE[:size]),
    arrays(range(5), 6, 6).map(lambda values: values.astype(np.uint8)),
    st.integers(1, 5),
)
PICTURES = st.lists(st.one_of(PIXELS, INDEXED), max_size=6)


def paletted(indices, palette, transparency=None):
    """Make a picture of mode P."""
    image = Image.fromarray(np.ascontiguousarray(indices, np.uint8))
    image.putpalette(palette.tobytes())
    if transparency is not None:
        image.info["transparency"] = transparency
    return image


def colors_of(*images):
    """Return the colors of images."""
    return merge_colors(SharedColors.of(read_image(image)) for image in images)


def choose(images, colors=256, **options):
    """Choose a palette for images."""
    return choose_shared_palette(colors_of(*images), Options(colors=colors, **options))


def parts_of(colors):
    """Return all that is known of pictures, to compare it."""
    palette = None if colors.palette is None else colors.palette.tolist()
    return colors.histogram.colors.tolist(), colors.histogram.counts.tolist(), palette


@given(PICTURES, st.randoms(), st.sampled_from([1, 8, 1 << 16]))
def test_the_order_and_the_parts_do_not_matter(images, random, pending):
    """Merging is exact, commutative and associative, and so are its results byte for byte."""
    before, shared._PENDING = shared._PENDING, pending
    try:
        expected = colors_of(*images)
        parts = [SharedColors.of(read_image(image)) for image in images]
        while len(parts) > 1:
            random.shuffle(parts)
            size = random.randint(1, len(parts))
            parts = [*parts[size:], pickle.loads(pickle.dumps(merge_colors(parts[:size])))]
    finally:
        shared._PENDING = before
    assert parts_of(merge_colors(parts)) == parts_of(expected)
    sizes = [
        image.size if isinstance(image, Image.Image) else image[..., 0].shape for image in images
    ]
    assert expected.histogram.counts.sum() == sum(width * height for width, height in sizes)


def sprites():
    """Make pictures with alpha: soft, cut out, and opaque."""
    soft = np.dstack((photo(20, 16, 1), noise((16, 20), 2)))
    cut = np.dstack((photo(20, 16, 3), np.where(noise((16, 20)) < 90, 0, 255).astype(np.uint8)))
    opaque = np.dstack((photo(20, 16, 4), np.full((16, 20), 255, np.uint8)))
    return [soft, cut, opaque]


SETS = {
    "photographs": lambda: [photo(40, 30, seed) for seed in range(3)],
    "grays": lambda: [photo(40, 30, seed)[..., 0] for seed in range(2)],
    "grays with alpha": lambda: [s[..., 2:] for s in sprites()],
    "sprites": sprites,
    "sprites and photographs": lambda: [photo(40, 30), *sprites()],
    "opaque sprites": lambda: sprites()[2:],
    "gray and color": lambda: [photo(40, 30)[..., 0], photo(20, 10)],
    "black and white": lambda: [Image.fromarray(noise((9, 9)) > 99), np.ones((2, 2), bool)],
    "palettes": lambda: [Image.fromarray(photo(40, 30, s)).quantize(200) for s in range(2)],
    "one palette": lambda: [paletted(noise((5, 4), s) % 5, PALETTE) for s in range(2)],
    "all modes": lambda: [
        Image.fromarray(photo(9, 8, seed)).convert(mode)
        for seed, mode in enumerate(["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"])
    ],
}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"speed": 9, "seed": 3, "weighting": "roots"},
        {"space": "oklab", "starts": 2, "iterations": 2},
        {"seeding": "k-means++", "keep_hidden": True},
        {"fixed": ["#ff000080", "teal"]},
        {"fixed": [[9], [200]]},
        {"psnr": 24},
        {"palette": ["black", "white", "red"]},
    ],
)
@pytest.mark.parametrize("name", SETS)
def test_the_palette_is_that_of_quantize_many(name, options):
    """It is the same, byte for byte, without the alpha of opaque palettes."""
    images = SETS[name]()
    expected = kmcodec.quantize_many(images, 24, **options)[0].palette
    palette = choose(images, 24, **options)

    assert palette.shape[1] == (3 if (to_channels(expected, 4)[:, 3] == 255).all() else 4)
    assert to_channels(palette, 4).tolist() == to_channels(expected, 4).tolist()


@pytest.mark.parametrize("colors", [1, 2, 24, 300])
@pytest.mark.parametrize("name", SETS)
def test_all_files_of_a_set_have_the_same_entries(name, colors):
    """Each has the palette in its order, whatever its mode, and no more is lost in it."""
    images = SETS[name]()
    palette = choose(images, colors)
    for image, shown in zip(images, kmcodec.quantize_many(images, colors), strict=True):
        data = kmcodec.encode(image, palette=palette)
        stored, indices = kmcodec.decode_indexed(data)

        assert to_channels(stored, 4).tolist() == to_channels(palette, 4).tolist()
        assert (indices == shown.indices).all()


def test_few_colors_are_all_kept():
    """Then each file of a set is exact."""
    images = [picture(20, 10, 100, 3, 1), picture(9, 9, 50, 4, 2), picture(9, 9, 30, 1, 3)]
    palette = choose(images, 180)

    assert palette.shape == (180, 4)
    assert all(kmcodec.encode(image, palette=palette).is_exact for image in images)


def test_a_palette_that_all_have_is_kept():
    """So are their indices, which may be labels, with duplicates and entries that are not used."""
    images = [paletted([[3, 1, 3]], PALETTE[:4]), paletted([[4], [0]], PALETTE)]
    palette = choose(images)

    assert palette.tolist() == PALETTE.tolist()
    for options in ({}, {"rate": 8}, {"exact": True}):
        data = kmcodec.encode(images[0], palette=palette, **options)
        assert kmcodec.decode_indexed(data)[1].tolist() == [[3, 1, 3]]
    assert [result.indices.tolist() for result in kmcodec.quantize_many(images)] == [
        [[3, 1, 3]],
        [[4], [0]],
    ]


def test_a_palette_that_is_too_long_keeps_what_is_used():
    """What no picture uses is left out, and the order of the rest is kept."""
    images = [paletted([[2, 1]], PALETTE), paletted([[3]], PALETTE)]
    for results in (choose(images, 2), kmcodec.quantize_many(images, 2)[1].palette):
        assert results.tolist() == [[1, 2, 3], [7, 7, 7]]
    assert choose(images, 1).shape == (1, 3)


def test_a_palette_that_others_do_not_have_is_none_of_all():
    """Their colors are kept nevertheless, in the order of colors."""
    images = [paletted([[0, 1]], PALETTE), paletted([[0]], PALETTE[::-1]), photo(2, 2)]
    for some in (images[:2], images[::2]):
        assert choose(some).tolist() == sorted(choose(some).tolist())


def test_transparency_of_palettes():
    """An entry that is transparent is another one than that which is not."""
    cut, other = (paletted([[0, 1]], PALETTE[:2], key) for key in (0, None))

    assert choose([cut, cut]).tolist() == [[9, 9, 9, 0], [1, 2, 3, 255]]
    assert len(choose([cut, other])) == 3


def test_gray_pictures_with_a_profile():
    """They count as they are saved: as they are, or in color through their profile."""
    raw, through = picture(4, 4, 3, 1), picture(4, 4, 3, 3, 1)
    colors = SharedColors.of(read_image(raw), read_image(through))

    assert set(map(tuple, choose_shared_palette(colors, Options()))) == {
        (level,) * 3 for level in raw.ravel()
    }
    for others, options in (([photo(2, 2)], {}), ([raw], {"fixed": ["red"]})):
        together = merge_colors([colors_of(*others), colors, SharedColors.none()])
        palette = choose_shared_palette(together, Options(**options)).tolist()
        assert all(color in palette for color in through.reshape(-1, 3).tolist())


def test_gray_pictures_with_a_profile_beside_fixed_colors():
    """Several are taken through their profile as one is."""
    scan = Image.fromarray(picture(4, 4, 3, 1))
    scan.info["icc_profile"] = gray_profile()
    (together,) = kmcodec.quantize_many([scan], fixed=["red"])
    alone = kmcodec.quantize(scan, fixed=["red"])

    assert together.palette.tolist() == alone.palette.tolist()
    assert together.palette.tolist() != kmcodec.quantize_many([scan])[0].palette.tolist()


def test_frames_keep_indices_into_a_palette_that_all_have():
    """Those of moving pictures too, where more entries follow."""
    frames = [paletted([[3, 1, 3]], PALETTE[:4]), paletted([[2, 1, 3]], PALETTE[:4])]
    data = kmcodec.encode_frames(frames, palette=PALETTE, duration=40)

    assert kmcodec.info(data).palette.tolist() == PALETTE.tolist()
    with Image.open(BytesIO(data)) as image:
        for frame in frames:
            assert np.asarray(image).tolist() == np.asarray(frame).tolist()
            image.seek(1)


def test_what_cannot_be_chosen():
    """There must be a picture, and a PSNR within reach."""
    with pytest.raises(ValueError, match="at least one image"):
        choose([])
    with pytest.raises(QualityError, match="2 colors reach"):
        choose([photo(40, 30)], 2, psnr=(40, 50))
    for options in ({"exact": True}, {"importance": np.ones((3, 4))}):
        with pytest.raises(ValueError, match="of one picture"):
            choose([photo(4, 3)], **options)
