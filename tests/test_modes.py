"""Test which modes ``kmq-convert`` gives to the formats of Pillow's."""

from pathlib import Path

import numpy as np
import pytest
from helpers import picture
from PIL import Image

import kmcodec
from kmcodec.cli import convert
from kmcodec.conversion import modes

pytestmark = pytest.mark.usefixtures("place")
SIDE = 32
LOSSY = {"AVIF", "JPEG", "MPO"}
UNREADABLE = {"EPS", "PALM", "PDF"}  # by Pillow alone


def palette_picture(alpha=None):
    """Make a P picture of 200 colors, some of them unused, with an alpha for each entry."""
    indices = np.resize(np.arange(10, 200), (SIDE, SIDE)).astype(np.uint8)
    image = Image.fromarray(indices).convert("L")
    image.putpalette(picture(200, 1, 200).tobytes())
    if alpha is not None:
        image.info["transparency"] = alpha
    return image


def alpha_palette_picture():
    """Make a PA picture."""
    planes = np.dstack((palette_picture(), picture(SIDE, SIDE, 9, 1)))
    image = Image.frombytes("PA", (SIDE, SIDE), planes.tobytes())
    image.putpalette(picture(200, 1, 200).tobytes())
    return image


def cut_out():
    """Make RGBA pixels that are opaque or transparent, of many colors each."""
    pixels = picture(SIDE, SIDE, 150, 4)
    pixels[..., 3] = np.where(pixels[..., 3] < 128, 0, 255)
    return Image.fromarray(pixels)


PICTURES = {
    "1": Image.fromarray(picture(SIDE, SIDE, 2, 1) > 128),
    "L": Image.fromarray(picture(SIDE, SIDE, 99, 1)),
    "LA": Image.fromarray(picture(SIDE, SIDE, 99, 2), "LA"),
    "P": palette_picture(),
    "P of one transparent entry": palette_picture(12),
    "P of unused transparent entries": palette_picture(bytes(10)),
    "P with alpha": palette_picture(bytes(range(200))),
    "PA": alpha_palette_picture(),
    "RGB": Image.fromarray(picture(SIDE, SIDE, 150)),
    "RGB of many colors": Image.fromarray(picture(SIDE, SIDE, 300)),
    "RGBA": Image.fromarray(picture(SIDE, SIDE, 150, 4)),
    "RGBA, cut out": cut_out(),
    "RGBA, opaque": Image.fromarray(picture(SIDE, SIDE, 150)).convert("RGBA"),
}


def formats():
    """List extensions by the formats that Pillow writes by itself, but ICNS, which takes long."""
    extensions = {name: extension for extension, name in Image.registered_extensions().items()}
    return {
        name: extensions[name] for name in modes._KINDS if name in Image.SAVE and name != "ICNS"
    }


def visible(image):
    """Return pixels as RGBA, without colors where they are transparent."""
    pixels = np.array(image.convert("RGBA"))
    pixels[pixels[..., 3] == 0] = 0
    return pixels


@pytest.mark.filterwarnings("ignore:IM image format:DeprecationWarning")
@pytest.mark.parametrize("name", PICTURES)
def test_every_format_keeps_the_picture_or_refuses(name, capsys):
    """All that is written is all that is seen; what cannot be is refused, and how to is told."""
    kmcodec.save(PICTURES[name], "p.kmq", colors=65536)
    before = visible(kmcodec.load("p.kmq"))
    for target, extension in formats().items():
        code = convert.main(["-f", "p.kmq", f"q{extension}"])
        error = capsys.readouterr().err
        if code:
            assert code == 1
            assert "black and white" in error or "--background" in error or "-k 256" in error
            assert not Path(f"q{extension}").exists()
        elif target not in UNREADABLE:
            assert not error
            with Image.open(f"q{extension}") as image:
                if target not in LOSSY:
                    np.testing.assert_array_equal(visible(image), before)
                assert (before[..., 3] == 255).all() or image.has_transparency_data


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("P", {"JPEG": "RGB", "PPM": "RGB", "JPEG2000": "RGB", "BMP": "P", "GIF": "P"}),
        ("P of one transparent entry", {"PNG": "P", "GIF": "P", "TIFF": "RGBA", "TGA": "RGBA"}),
        ("P of unused transparent entries", {"BMP": "P", "JPEG": "RGB"}),
        ("P with alpha", {"PNG": "P", "TIFF": "RGBA", "TGA": "RGBA", "ICO": "RGBA"}),
        ("PA", {"PNG": "RGBA", "TIFF": "PA", "JPEG2000": "RGBA", "QOI": "RGBA"}),
        ("LA", {"PNG": "LA", "SGI": "RGBA", "WEBP": "RGBA"}),
        ("RGBA, cut out", {"GIF": "P", "PNG": "RGBA"}),
        ("RGBA, opaque", {"JPEG": "RGB", "BMP": "RGB", "PPM": "RGB", "GIF": "P"}),
        ("1", {"PPM": "1", "XBM": "1", "JPEG": "L", "WEBP": "RGB"}),
    ],
)
def test_modes(name, wanted):
    """Each format gets the nearest mode it takes."""
    kmcodec.save(PICTURES[name], "p.kmq", colors=65536)
    found = {}
    for target in wanted:
        assert convert.main(["p.kmq", f"q{formats()[target]}"]) == 0
        with Image.open(f"q{formats()[target]}") as image:
            found[target] = image.mode

    assert found == wanted


@pytest.mark.parametrize(
    ("name", "extensions"),
    [
        ("RGBA", "bmp dib pcx ppm jpg gif eps"),
        ("P with alpha", "bmp pcx ppm jpg gif"),
        ("LA", "bmp pcx ppm jpg gif"),
        ("PA", "bmp jpg gif"),
        ("RGBA, cut out", "bmp jpg"),
    ],
)
def test_transparency_without_room_is_refused(name, extensions, capsys):
    """It is not dropped; on a background it is shown as it looks."""
    kmcodec.save(PICTURES[name], "p.kmq", colors=65536)
    expected = Image.new("RGBA", (SIDE, SIDE), "#804020")
    expected.alpha_composite(PICTURES[name].convert("RGBA"))
    for extension in extensions.split():
        output = f"q.{extension}"
        assert convert.main(["p.kmq", output]) == 1
        assert "transparency; --background COLOR flattens it\n" in capsys.readouterr().err
        assert not Path(output).exists()
        code = convert.main(["p.kmq", output, "--background", "#804020"])
        if extension == "gif" and name == "PA":  # of more colors than GIF holds
            assert code == 1
            continue
        assert code == 0
        if extension in {"bmp", "pcx", "ppm", "gif"}:
            with Image.open(output) as image:
                difference = np.int64(image.convert("RGB")) - np.asarray(expected)[..., :3]
            assert abs(difference).max() <= 1


@pytest.mark.parametrize("extension", ["png", "webp", "tif", "tga"])
def test_background_leaves_alpha_where_it_is_held(extension):
    """Only a format that holds no transparency gets the color."""
    kmcodec.save(PICTURES["RGBA"], "p.kmq")
    assert convert.main(["p.kmq", f"q.{extension}", "--background", "red"]) == 0
    with Image.open(f"q.{extension}") as image:
        np.testing.assert_array_equal(visible(image), visible(Image.open("p.kmq")))


def test_background_is_not_for_kmq(capsys):
    """A .kmq has room for alpha."""
    assert convert.main(["a.png", "b.kmq", "--background", "red"]) == 2
    assert "--background is not for KMQ output" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["P", "RGB", "RGBA, cut out"])
def test_a_gif_has_the_palette_of_the_file(name):
    """In its order, with unused entries, and as many indices."""
    kmcodec.save(PICTURES[name], "p.kmq")
    palette, indices = kmcodec.decode_indexed("p.kmq")
    assert convert.main(["p.kmq", "q.gif"]) == 0
    with Image.open("q.gif") as image:
        found = np.array(image.getpalette("RGB")).reshape(-1, 3)[: len(palette)]
        if name != "RGBA, cut out":  # all that is transparent is one entry in GIF
            np.testing.assert_array_equal(np.asarray(image), indices)
    np.testing.assert_array_equal(found, palette[:, :3])


def test_transparent_colors_do_not_count_in_gif():
    """A cut-out of more than 256 entries fits if those that are seen do."""
    pixels = picture(SIDE, SIDE, 400, 4)
    pixels[..., 3] = np.where(pixels[..., 0] < 150, 0, 255)
    kmcodec.save(pixels, "p.kmq", colors=400)
    assert kmcodec.info("p.kmq").header.color_count == 400
    assert convert.main(["p.kmq", "q.gif"]) == 0
    with Image.open("q.gif") as image:
        np.testing.assert_array_equal(visible(image), visible(Image.fromarray(pixels)))


@pytest.mark.parametrize(
    ("extension", "size", "fault"),
    [("ico", (300, 20), "ICO holds at most 256x256"), ("icns", (20, 20), "ICNS holds squares")],
)
def test_sizes_that_a_writer_would_change(capsys, extension, size, fault):
    """Pillow shrinks pictures for icons; that is refused."""
    kmcodec.save(picture(*size, 5), "p.kmq")
    assert convert.main(["p.kmq", f"q.{extension}"]) == 1
    assert fault in capsys.readouterr().err


def test_an_icns_has_the_picture():
    """Among other sizes of it."""
    kmcodec.save(PICTURES["P with alpha"], "p.kmq")
    assert convert.main(["p.kmq", "q.icns"]) == 0
    with Image.open("q.icns") as image:
        found = visible(image.icns.getimage((16, 16, 2)))
    np.testing.assert_array_equal(found, visible(PICTURES["P with alpha"]))


def test_icons_of_any_size_in_range():
    """An icon has the picture itself, and not only the sizes that are usual."""
    kmcodec.save(picture(100, 200, 5), "p.kmq")
    assert convert.main(["p.kmq", "q.ico"]) == 0
    with Image.open("q.ico") as image:
        np.testing.assert_array_equal(np.asarray(image), picture(100, 200, 5))
