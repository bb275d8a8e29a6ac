"""Transparency as Pillow tells it, to alpha."""

import io

import numpy as np
import pytest
from PIL import Image

import kmcodec
from kmcodec.images.transparency import key_alpha, palette_alpha


def opened(image, **options):
    """Save an image as PNG and open it again."""
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return Image.open(io.BytesIO(file.getvalue()))


@pytest.mark.parametrize("key", [0, 1, 255])
def test_one_bit_with_a_transparent_color_is_la(key):
    """The transparent one of black and white has alpha 0 in mode LA."""
    image = Image.new("1", (2, 1))
    image.putpixel((1, 0), 255)
    again = kmcodec.load(kmcodec.encode(opened(image, transparency=key)))

    assert again.mode == "LA"
    assert np.asarray(again).tolist() == [[[0, 255 * (key != 0)], [255, 255 * (key == 0)]]]


def test_gray_and_rgb():
    """Pixels of the color are transparent, those that share a sample are not."""
    gray = Image.frombytes("L", (3, 1), bytes([5, 6, 5]))
    rgb = Image.frombytes("RGB", (3, 1), bytes([1, 2, 3, 1, 2, 4, 1, 2, 3]))

    assert key_alpha(opened(gray, transparency=5)).tolist() == [[0, 255, 0]]
    assert key_alpha(opened(rgb, transparency=(1, 2, 3))).tolist() == [[0, 255, 0]]


def test_the_low_bits_count():
    """A sample of 16 bits in PNG means its low 8 bits, as Pillow has it too."""
    image = Image.frombytes("L", (2, 1), bytes([5, 6]))
    image.info["transparency"] = 0x105

    assert key_alpha(image).tolist() == [[0, 255]]
    assert np.asarray(image.convert("LA"))[..., 1].tolist() == [[0, 255]]


@pytest.mark.parametrize("value", ["red", b"\0\0\0", (1, 2), (1, 2, 2**70), 2**70, -1, 0.5, (0.5,)])
@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_what_is_no_color_is_warned_of(mode, value):
    """A text of that name, or numbers that no sample has, are left out."""
    image = Image.new(mode, (2, 2))
    image.info["transparency"] = value
    with pytest.warns(UserWarning, match="transparency of the picture is left out"):
        encoded = kmcodec.encode(image)

    assert kmcodec.load(encoded).mode == mode


@pytest.mark.parametrize("value", ["red", (1, 2), 0.5])
def test_what_is_no_alpha_of_a_palette_is_warned_of(value):
    """Entries stay opaque by what is neither an index nor bytes."""
    image = Image.new("P", (2, 2))
    image.info["transparency"] = value
    with pytest.warns(UserWarning, match="transparency of the picture is left out"):
        assert palette_alpha(image, 2).tolist() == [255, 255]


def test_modes_with_alpha_have_no_key():
    """What is left over in ``info`` of an image with alpha means nothing."""
    image = Image.new("RGBA", (2, 2))
    image.info["transparency"] = (0, 0, 0)

    assert key_alpha(image) is None


def test_true_is_entry_1():
    """As it is to Pillow."""
    image = Image.new("P", (3, 1))
    image.putpalette(bytes(range(9)))
    image.putdata([0, 1, 2])
    image.info["transparency"] = True

    assert kmcodec.decode(kmcodec.encode(image))[0, :, 3].tolist() == [255, 0, 255]
