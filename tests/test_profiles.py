"""Color profiles: pictures that leave the color space they are of."""

import numpy as np
import pytest
from helpers import picture
from PIL import Image, ImageCms
from profiles import cmyk_profile, gray_profile

import kmcodec
from kmcodec.images.profiles import color_space, suits

RED = [(255, 0, 0)]
RGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def cmyk_image(*colors):
    """Make a CMYK image of one row, with a profile."""
    image = Image.frombytes("CMYK", (len(colors), 1), bytes(v for color in colors for v in color))
    image.info["icc_profile"] = cmyk_profile()
    return image


def gray_image(mode="L"):
    """Make an image of all grays, with a profile that tells them to be darker than they look."""
    image = Image.linear_gradient("L")
    image = image.convert("LA").convert("La") if mode == "La" else image.convert(mode)
    image.info["icc_profile"] = gray_profile()
    return image


def test_the_space_of_a_profile():
    """A profile tells its color space; what is none tells nothing."""
    profiles = [RGB, gray_profile(), cmyk_profile(), b"profile", b"", "acsp", None]

    assert [color_space(p) for p in profiles] == ["RGB", "GRAY", "CMYK", None, None, None, None]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_which_profile_suits(channels):
    """RGB suits any picture, as does what cannot be told; gray suits gray, and CMYK none."""
    assert suits(RGB, channels)
    assert suits(b"profile", channels)
    assert suits(gray_profile(), channels) == (channels <= 2)
    assert not suits(cmyk_profile(), channels)


def test_cmyk_becomes_rgb_through_its_profile():
    """Colors are those that the profile describes, and it is not kept beside RGB."""
    image = cmyk_image((255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 0, 0), (255, 255, 255, 255))
    encoded = kmcodec.encode(image)
    cyan, magenta, white, black = kmcodec.decode(encoded)[0].astype(int)

    assert np.ptp(cyan) <= 2
    assert np.abs(cyan - magenta).max() <= 2
    assert 150 < cyan[0] < 220
    assert white.min() >= 253
    assert black.max() <= 2
    assert not kmcodec.info(encoded).metadata


def test_functions_agree_on_cmyk():
    """``quantize`` sees the colors that ``encode`` saves."""
    image = cmyk_image((255, 0, 0, 0), (0, 0, 0, 0))
    palette, indices = kmcodec.quantize(image)

    assert (palette[indices] == kmcodec.decode(kmcodec.encode(image))).all()


@pytest.mark.parametrize("profile", [b"profile", RGB, cmyk_profile()[:200]])
def test_cmyk_with_a_profile_of_no_use(profile):
    """A profile that cannot be used is warned of, and colors are those of Pillow."""
    image = cmyk_image((255, 0, 0, 0), (10, 20, 30, 40))
    image.info["icc_profile"] = profile
    with pytest.warns(UserWarning, match="icc_profile"):
        encoded = kmcodec.encode(image)

    assert (kmcodec.decode(encoded) == np.asarray(image.convert("RGB"))).all()
    assert not kmcodec.info(encoded).metadata


def test_cmyk_without_a_profile():
    """CMYK without a profile is what Pillow makes of it."""
    image = cmyk_image((255, 0, 0, 0), (10, 20, 30, 40))
    del image.info["icc_profile"]

    assert (kmcodec.decode(kmcodec.encode(image)) == np.asarray(image.convert("RGB"))).all()


@pytest.mark.parametrize("mode", ["L", "LA", "La"])
@pytest.mark.parametrize("options", [{"fixed": RED}, {"palette": [*RED, (0, 0, 0), (99, 99, 99)]}])
def test_gray_that_becomes_rgb_goes_through_its_profile(mode, options):
    """With a color among its entries a gray picture is RGB, in sRGB, without the profile."""
    image = gray_image(mode)
    encoded = kmcodec.encode(image, space="rgb", **options)
    pixels = kmcodec.decode(encoded)
    plain = np.asarray(Image.linear_gradient("L"))

    assert kmcodec.info(encoded).header.mode.channels == 3 + (mode != "L")
    assert not kmcodec.info(encoded).metadata
    assert plain.mean() - pixels[..., 1].mean() > 10


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_gray_keeps_its_profile(mode):
    """A gray picture that stays gray has the profile and the pixels that it had."""
    image = gray_image(mode)
    encoded = kmcodec.encode(image, fixed=[(0, 0, 0)])

    assert kmcodec.info(encoded).metadata == {"icc_profile": gray_profile()}
    assert (kmcodec.decode(encoded)[..., 0] == np.asarray(image.convert("L"))).all()


@pytest.mark.parametrize("profile", [gray_profile(), cmyk_profile()])
def test_a_profile_left_over_from_another_mode(profile):
    """What ``convert("RGB")`` has left in ``info`` is not kept, with a warning."""
    image = Image.fromarray(picture(4, 4, 9))
    image.info["icc_profile"] = profile
    with pytest.warns(UserWarning, match="left out: icc_profile is of (GRAY|CMYK) colors"):
        encoded = kmcodec.encode(image)

    assert not kmcodec.info(encoded).metadata


def test_a_given_profile_has_to_suit():
    """A profile of another color space is a mistake of the caller's."""
    colors = picture(4, 4, 9)

    assert kmcodec.encode(colors[..., 0], icc_profile=gray_profile())
    for profile in (gray_profile(), cmyk_profile()):
        with pytest.raises(ValueError, match="icc_profile is of"):
            kmcodec.encode(colors, icc_profile=profile)
        with pytest.raises(ValueError, match="icc_profile is of"):
            kmcodec.encode_indexed(colors[0, :3], np.zeros((2, 2), np.uint8), icc_profile=profile)


def test_a_given_profile_replaces_that_of_the_image():
    """CMYK goes through its own profile, and the given one is stored."""
    encoded = kmcodec.encode(cmyk_image((255, 0, 0, 0)), icc_profile=RGB)

    assert kmcodec.info(encoded).metadata == {"icc_profile": RGB}
