"""What is lost: of levels as they are stored, with alpha as on black and on white."""

import math

import numpy as np
import pytest
from helpers import noise

from kmcodec.quantizer.loss import NO_LOSS, color_loss, pixel_loss

channels_of_all = pytest.mark.parametrize("channels", [1, 2, 3, 4])


def mse_by_hand(colors, entries):
    """Return the mean of the squared errors on black and on white, summed over channels."""
    errors = []
    for ground in (0, 255):
        laid = [
            values[:, :-1] * (values[:, -1:] / 255) + ground * (1 - values[:, -1:] / 255)
            for values in (colors.astype(float), entries.astype(float))
        ]
        errors.append(np.sum((laid[0] - laid[1]) ** 2, axis=1))
    return np.mean(errors)


@channels_of_all
def test_loss_of_pixels_is_that_of_their_colors(channels):
    """Both ways to count give the same, to the last bit."""
    pixels, palette = noise((30, 20, channels)), noise((50, channels), 1)
    indices = noise((30, 20), 2) % 50
    flat, entries = pixels.reshape(-1, channels), palette[indices].reshape(-1, channels)
    for straight in (False, True):
        of_pixels = pixel_loss(pixels, palette, indices, straight=straight)
        assert of_pixels == color_loss(flat, np.ones(600, int), entries, straight=straight)


@channels_of_all
@pytest.mark.parametrize("straight", [False, True])
def test_loss_without_alpha_or_straight_is_of_levels(channels, straight):
    """All channels count alike, with alpha only if it is straight."""
    colors, entries = noise((500, channels)), noise((500, channels), 1)
    found = color_loss(colors, np.ones(500, int), entries, straight=straight)
    squares = (colors.astype(float) - entries) ** 2
    plain = straight or channels in {1, 3}

    assert math.isclose(found.mse, squares.sum() / 500) == plain
    if plain:
        assert math.isclose(found.psnr, 10 * math.log10(255**2 / squares.mean()))


@pytest.mark.parametrize("channels", [2, 4])
def test_loss_with_alpha_is_that_on_black_and_on_white(channels):
    """The mean of both is taken, and the PSNR is of the channels of color."""
    colors, entries = noise((500, channels)), noise((500, channels), 1)
    found = color_loss(colors, np.ones(500, int), entries)
    expected = mse_by_hand(colors, entries)

    assert math.isclose(found.mse, expected)
    assert math.isclose(found.psnr, 10 * math.log10(255**2 * (channels - 1) / expected))


def test_opaque_colors_lose_the_same_with_alpha():
    """Alpha that is 255 throughout changes neither MSE nor PSNR."""
    colors, entries = noise((500, 3)), noise((500, 3), 1)
    ones, opaque = np.ones(500, int), np.full((500, 1), 255, np.uint8)
    with_alpha = color_loss(np.hstack((colors, opaque)), ones, np.hstack((entries, opaque)))
    assert with_alpha == color_loss(colors, ones, entries)


def test_what_is_hidden_counts_for_nothing():
    """Of two colors of alpha 0 one is as good as the other, unless alpha is straight."""
    colors, entries = np.array([[[1, 2, 3, 0]], [[250, 99, 0, 0]]], np.uint8)
    assert color_loss(colors, np.ones(1, int), entries) == NO_LOSS
    assert color_loss(colors, np.ones(1, int), entries, straight=True).mse > 0


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_most_pixels_lose_as_much_as_one(channels):
    """Sums of 2^32 - 1 pixels that are as wrong as can be are exact."""
    black, white = np.zeros((1, channels), np.uint8), np.full((1, channels), 255, np.uint8)
    if channels in {2, 4}:
        black[:, -1] = 255
    many, one = (color_loss(black, np.array([count]), white) for count in (2**32 - 1, 1))
    assert many == one
    assert many.mse == 255**2 * (channels - (channels in {2, 4}))
    assert many.psnr == 0
