"""Images and arrays to pixels and source modes, and back."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kmcodec.format import Mode, palette_colors
from kmcodec.images.pixels import (
    Indexed,
    Pixels,
    alpha_entries,
    color_palette,
    pillow_palette,
    pillow_transparency,
    read_image,
    read_images,
    read_indexed,
    unpacking_table,
)
from kmcodec.options import Options


def palette_image(colors, indices, mode="RGB"):
    """Make a P image with the given palette entries."""
    image = Image.fromarray(np.array(indices, np.uint8))
    image.putpalette(np.array(colors, np.uint8).tobytes(), mode)
    return image


@pytest.mark.parametrize(
    ("shape", "mode"),
    [((2, 3), Mode.L), ((2, 3, 1), Mode.L), ((2, 3, 2), Mode.LA), ((2, 3, 3), Mode.RGB)]
    + [((2, 3, 4), Mode.RGBA)],
)
def test_arrays_have_the_mode_of_their_channels(shape, mode):
    """The number of channels says what an array is."""
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    source = read_image(array)

    assert isinstance(source, Pixels)
    assert source.mode == mode
    assert (source.pixels == array.reshape(2, 3, -1)).all()


def test_a_bool_array_is_black_and_white():
    """True is white; only the colors that occur are in the palette."""
    both = read_image(np.array([[True, False]]))
    white = read_image(np.array([[True, True]]))

    assert isinstance(both, Indexed)
    assert both.palette[both.indices].tolist() == [[[255], [0]]]
    assert white.palette.tolist() == [[255]]


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.float32, complex, object, "U1"])
def test_other_array_types_are_refused(dtype):
    """Pixels are uint8: nothing is scaled, clipped or rounded silently."""
    with pytest.raises(TypeError, match="uint8"):
        read_image(np.zeros((2, 2, 3), dtype))


@pytest.mark.parametrize("shape", [(), (4,), (2, 2, 5), (2, 2, 0), (1, 2, 2, 3)])
def test_other_shapes_are_refused(shape):
    """A picture has two or three dimensions and one to four channels."""
    with pytest.raises(ValueError, match=r"shape|pixel"):
        read_image(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0, 3)])
def test_empty_pictures_are_refused(shape):
    """A picture has pixels, whether of gray or color, or black and white."""
    for dtype in (np.uint8, bool) if len(shape) == 2 else (np.uint8,):
        with pytest.raises(ValueError, match="cannot write empty image as KMQ"):
            read_image(np.zeros(shape, dtype))


@pytest.mark.parametrize("shape", [(), (4,), (2, 2, 1), (2, 2, 3), (1, 2, 2, 3)])
def test_black_and_white_is_flat(shape):
    """A bool array of another shape is told what it should be, not that it is of bool."""
    with pytest.raises(ValueError, match=r"a bool array of shape .*; black and white is \(height"):
        read_image(np.zeros(shape, bool))


@pytest.mark.parametrize("path", ["x.png", Path("x.png")])
def test_a_path_is_no_picture(path):
    """A path is refused with what to do instead."""
    with pytest.raises(TypeError, match=f"not {type(path).__name__}; open it with Image.open"):
        read_image(path)


@pytest.mark.parametrize("other", [None, b"x", BytesIO(), object(), [None], ["x"], {}])
def test_what_is_no_picture_is_named_by_its_type(other):
    """An object that is neither image nor array is named as the user knows it."""
    name = type(other).__name__
    with pytest.raises(TypeError, match=f"a Pillow image or an array, not {name}$"):
        read_image(other)


def test_rows_of_several_lengths_are_named():
    """Lists that make no array are told in the user's terms, wherever they are given."""
    ragged, entries = [[0, 0], [0]], np.zeros((1, 3), np.uint8)
    for name, call in {
        "image": lambda: read_image(ragged),
        "palette": lambda: read_indexed(ragged, [[0]]),
        "indices": lambda: read_indexed(entries, ragged),
        "importance": lambda: Options(importance=ragged),
    }.items():
        with pytest.raises(ValueError, match=f"{name} has rows of several lengths"):
            call()


@pytest.mark.parametrize("images", [None, 5, "a.png", b"x"])
def test_what_is_no_list_of_pictures_is_named(images):
    """Anything that has no pictures in it is refused by its type."""
    with pytest.raises(TypeError, match=f"in a list, not {type(images).__name__}"):
        read_images(images)


@pytest.mark.parametrize("mode", ["I", "F", "I;16", "LAB"])
def test_modes_that_would_lose_more_than_depth_are_refused(mode):
    """A mode that Pillow cannot show as colors without loss of range is named and refused."""
    with pytest.raises(ValueError, match=f"mode {mode} "):
        read_image(Image.new(mode, (2, 2)))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("CMYK", "RGB"), ("YCbCr", "RGB"), ("HSV", "RGB"), ("RGBX", "RGB"), ("RGBa", "RGBA")]
    + [("La", "LA")],
)
def test_other_color_modes_are_converted_as_pillow_does(mode, expected):
    """Modes that mean colors are converted by Pillow."""
    image = Image.linear_gradient("L").convert(expected).convert(mode)
    source = read_image(image)

    assert source.mode.pillow == expected
    assert (source.pixels == np.asarray(image.convert(expected)).reshape(256, 256, -1)).all()


def test_a_color_key_becomes_alpha():
    """Pixels of an L or RGB image's transparent color become transparent."""
    image = Image.new("RGB", (2, 1), (1, 2, 3))
    image.putpixel((1, 0), (4, 5, 6))
    image.info["transparency"] = (1, 2, 3)
    source = read_image(image)

    assert source.mode == Mode.RGBA
    assert source.pixels[0, :, 3].tolist() == [0, 255]


def test_a_palette_image_keeps_its_palette():
    """Order, duplicates and unused entries of a P image stay."""
    colors = [[9, 9, 9], [1, 2, 3], [9, 9, 9], [4, 5, 6]]
    source = read_image(palette_image(colors, [[2, 0, 1]]))

    assert source.mode == Mode.P
    assert source.palette.tolist() == colors
    assert source.indices.tolist() == [[2, 0, 1]]


def test_indices_beyond_the_palette_are_black_as_in_pillow():
    """A palette that is too short is filled up with what Pillow shows."""
    image = palette_image([[9, 8, 7]], [[0, 5]])
    source = read_image(image)

    assert len(source.palette) == 6
    assert (source.palette[source.indices] == np.asarray(image.convert("RGB"))).all()


def test_a_new_palette_image_is_what_pillow_shows():
    """A P image that never got a palette saves as Pillow converts it."""
    image = Image.new("P", (3, 2), 7)
    source = read_image(image)

    assert (source.palette[source.indices] == np.asarray(image.convert("RGB"))).all()


@pytest.mark.parametrize("transparency", [1, b"\xff\x00", b"\x80\xff\x01", b"\0" * 3])
def test_transparency_of_a_palette_image_is_in_its_palette(transparency):
    """An index or a string of alphas in info becomes the alpha of the entries."""
    image = palette_image([[1, 1, 1], [2, 2, 2], [3, 3, 3]], [[0, 1, 2]])
    image.info["transparency"] = transparency
    source = read_image(image)

    assert source.mode == Mode.P_ALPHA
    assert (source.palette[source.indices] == np.asarray(image.convert("RGBA"))).all()


def test_an_rgba_palette_keeps_its_alpha():
    """A P image with an RGBA palette saves its alpha."""
    colors = [[1, 2, 3, 255], [4, 5, 6, 128]]
    source = read_image(palette_image(colors, [[1, 0]], "RGBA"))

    assert source.mode == Mode.P_ALPHA
    assert source.palette.tolist() == colors


@pytest.mark.parametrize(
    ("alpha", "transparency"),
    [([255, 0, 255], 1), ([0, 255, 0], b"\0\xff\0"), ([255, 7, 255], b"\xff\x07\xff")],
)
def test_transparency_has_the_form_of_pillows_png_reader(alpha, transparency):
    """One wholly transparent entry is an index, anything else a string."""
    palette = np.column_stack((np.zeros((3, 3), np.uint8), np.array(alpha, np.uint8)))

    assert pillow_transparency(Mode.P_ALPHA, palette) == transparency
    assert pillow_transparency(Mode.PA, palette) is None


def test_alpha_entries_and_their_groups_are_inverse():
    """Palette colors with several alphas become entries, and are found again in their order."""
    palette = np.array([[5, 5, 5], [1, 1, 1], [9, 9, 9], [2, 2, 2]], np.uint8)
    indices = np.array([[1, 1, 0], [3, 1, 0]], np.uint8)
    alpha = np.array([[8, 3, 255], [0, 8, 254]], np.uint8)
    entries, positions = alpha_entries(palette, indices, alpha)
    table = unpacking_table(Mode.PA, entries)

    assert entries[:, 3].tolist() == [254, 255, 3, 8, 255, 0]
    assert palette_colors(entries).tolist() == [0, 0, 1, 1, 2, 3]
    assert (table[positions] == np.dstack((indices, alpha))).all()
    assert pillow_palette(Mode.PA, entries).palette == palette.tobytes()


def test_equal_palette_colors_stay_apart():
    """A PA palette with the same color twice in a row keeps both."""
    palette = np.array([[1, 2, 3], [1, 2, 3], [1, 2, 3]], np.uint8)
    indices = np.array([[0, 1, 2]], np.uint8)
    alpha = np.array([[10, 20, 30]], np.uint8)
    entries, positions = alpha_entries(palette, indices, alpha)

    assert pillow_palette(Mode.PA, entries).palette == palette.tobytes()
    assert unpacking_table(Mode.PA, entries)[positions, 0].tolist() == [[0, 1, 2]]


def test_gray_palettes_become_colors():
    """Gray is repeated for red, green and blue; alpha stays alpha."""
    gray = np.array([[5], [6]], np.uint8)
    gray_alpha = np.array([[5, 1], [6, 2]], np.uint8)

    assert color_palette(gray).tolist() == [[5, 5, 5], [6, 6, 6]]
    assert color_palette(gray_alpha).tolist() == [[5, 5, 5, 1], [6, 6, 6, 2]]
    rgb = np.zeros((2, 3), np.uint8)
    assert color_palette(rgb) is rgb


@pytest.mark.parametrize("side", [(1 << 30) + 1, 1 << 32])
@pytest.mark.parametrize("name", ["width", "height"])
def test_a_picture_that_no_file_holds_is_refused(name, side):
    """A side that decoders refuse is refused in the same words, before any pixel is looked at."""
    shape = (1, side) if name == "width" else (side, 1)
    match = f"^{name} {side} is not in 1..1073741824$"
    for pixel in (np.uint8(0), np.bool_(0), np.zeros(4, np.uint8)):
        with pytest.raises(ValueError, match=match):
            read_image(np.broadcast_to(pixel, shape + pixel.shape))
    with pytest.raises(ValueError, match=match):
        read_indexed(np.zeros((1, 3), np.uint8), np.broadcast_to(np.uint8(0), shape))
