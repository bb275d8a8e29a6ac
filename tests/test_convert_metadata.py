"""``kmq-convert``: orientation, and what else of metadata it treats."""

import json

import numpy as np
import PIL
import pytest
from helpers import picture
from PIL import ExifTags, Image, ImageOps, PngImagePlugin
from profiles import cmyk_profile

import kmcodec
from kmcodec.cli import convert, info

pytestmark = pytest.mark.usefixtures("place")
TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def oriented(orientation):
    """Return EXIF with an orientation and a maker."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "maker"
    return exif.tobytes()


def turned(image, orientation):
    """Turn the image to how people are to see it."""
    return image if orientation == 1 else image.transpose(TURNS[orientation])


@pytest.mark.parametrize("option", ["--auto-orient", "--strip"])
@pytest.mark.parametrize("orientation", TURNS)
def test_orientation(option, orientation):
    """Pixels are turned and the tag is cleared; --strip turns first, as it leaves the tag out."""
    image = Image.fromarray(picture(7, 4, 9))
    image.save("t.png", exif=oriented(orientation))
    assert convert.main([option, "t.png"]) == 0
    assert convert.main(["t.png", "kept.kmq"]) == 0
    assert convert.main([option, "kept.kmq", "t2.png"]) == 0
    for name in ("t.kmq", "t2.png"):
        with Image.open(name) as again:
            np.testing.assert_array_equal(again, turned(image, orientation))
            exif = again.getexif()
        assert exif.get(ExifTags.Base.Orientation, 1) == 1
        assert (exif.get(ExifTags.Base.Make) == "maker") == (option == "--auto-orient")


@pytest.mark.parametrize("extension", ["gif", "bmp", "webp", "tif"])
@pytest.mark.parametrize("option", ["--auto-orient", "--strip"])
def test_orientation_in_every_format(option, extension, place, capsys):
    """What is written in another mode than that of the .kmq is turned too, once."""
    pixels = picture(7, 4, 9)
    kmcodec.save(pixels, place / "t.kmq", exif=oriented(6))
    assert convert.main([option, "--json", "t.kmq", f"t.{extension}"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["width"], report["height"]) == (4, 7)
    with Image.open(f"t.{extension}") as again:
        seen = ImageOps.exif_transpose(again).convert("RGB")
        np.testing.assert_array_equal(seen, turned(Image.fromarray(pixels), 6))


@pytest.mark.parametrize("extension", ["bmp", "gif", "ppm", "tga"])
def test_orientation_where_no_exif_tells_it(extension, place):
    """The pixels are turned in a format that cannot say how to turn them."""
    pixels = picture(7, 4, 9)
    kmcodec.save(pixels, place / "t.kmq", exif=oriented(6))
    assert convert.main(["t.kmq", f"t.{extension}"]) == 0
    with Image.open(f"t.{extension}") as again:
        found = again.convert("RGB")
    np.testing.assert_array_equal(found, turned(Image.fromarray(pixels), 6))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_orientation_in_every_mode(mode):
    """What is turned keeps its mode, palette and transparency."""
    image = Image.fromarray(picture(7, 4, 9, 4)).convert(mode)
    name = "t.jpg" if mode == "CMYK" else "t.png"
    image.save(name, exif=oriented(8), **({"transparency": 1} if mode == "P" else {}))
    assert convert.main(["--auto-orient", name]) == 0
    with Image.open(name) as source, Image.open("t.kmq") as again:
        source.load()
        expected = ImageOps.exif_transpose(source)
        assert again.mode == ("RGB" if mode == "CMYK" else mode)
        np.testing.assert_array_equal(again.convert("RGBA"), expected.convert("RGBA"))


@pytest.mark.skipif(int(PIL.__version__[:2]) < 12, reason="Pillow 11 does not look there")
def test_orientation_that_only_xmp_tells(place):
    """XMP is cleared of it, too, which else would turn the picture again."""
    pixels = picture(7, 4, 9)
    xmp = b'<x:xmpmeta tiff:Orientation="6" other="1"/>'
    kmcodec.save(pixels, place / "t.kmq", xmp=xmp)
    assert convert.main(["--auto-orient", "t.kmq", "t.png"]) == 0
    with Image.open("t.png") as again:
        assert again.size == (4, 7)
        assert again.info["xmp"] == b'<x:xmpmeta  other="1"/>'


@pytest.mark.parametrize("options", [["--auto-orient"], ["--strip"], []])
def test_broken_exif_loses_no_picture(options, capsys, place):
    """EXIF that cannot be read is left out where it has to be read, with a warning."""
    pixels = picture(7, 4, 9)
    broken = b"MM\0*\0"
    Image.fromarray(pixels).save("t.png", exif=broken)
    assert convert.main([*options, "t.png"]) == 0
    assert (kmcodec.decode(place / "t.kmq") == pixels).all()
    if options:
        assert "exif" not in kmcodec.info(place / "t.kmq").metadata
    else:
        assert kmcodec.info(place / "t.kmq").metadata["exif"] == broken
        assert not capsys.readouterr().err


def test_strip_leaves_a_color_space_before_its_profile(place):
    """CMYK is RGB through its profile, with --strip as without."""
    image = Image.frombytes("CMYK", (2, 1), bytes([255, 0, 0, 0, 9, 8, 7, 6]))
    image.save("t.tif", icc_profile=cmyk_profile())
    assert convert.main(["t.tif", "kept.kmq"]) == 0
    assert convert.main(["--strip", "t.tif"]) == 0
    assert (kmcodec.decode(place / "t.kmq") == kmcodec.decode(place / "kept.kmq")).all()
    assert not kmcodec.info(place / "t.kmq").metadata


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_a_comment_in_any_encoding(encoding, place, capsys):
    """Comments of GIF and JPEG are often Latin-1, and neither PNG nor kmq-info garbles them."""
    Image.fromarray(picture(7, 4, 9)).save("t.jpg", comment="née".encode(encoding))
    assert convert.main(["t.jpg"]) == 0
    assert convert.main(["t.kmq"]) == 0
    assert info.main(["-v", "t.kmq"]) == 0
    assert '"née"' in capsys.readouterr().out
    with Image.open("t.png") as again:
        assert again.info["Comment"] == "née"
    assert kmcodec.info(place / "t.kmq").metadata["comment"] == "née".encode(encoding)


def test_xmp_that_is_no_utf8_comes_through(place):
    """PNG gets the packet byte for byte."""
    kmcodec.save(picture(7, 4, 9), place / "t.kmq", xmp=b"<x>\xe9</x>")
    assert convert.main(["t.kmq"]) == 0
    with Image.open("t.png") as again:
        assert again.info["xmp"] == b"<x>\xe9</x>"


def test_metadata_that_does_not_fit_loses_no_picture(capsys, place):
    """A comment of 17 MiB is left out, with a warning."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Comment", "c" * (17 << 20))
    Image.fromarray(picture(7, 4, 9)).save("t.png", pnginfo=chunks)
    assert convert.main(["t.png"]) == 0
    assert not kmcodec.info(place / "t.kmq").metadata
    assert "warning: metadata of the picture is left out: comment" in capsys.readouterr().err


def test_colors_that_are_not_srgb_are_warned_of(capsys):
    """A gamma without a profile is told, unless --strip or -q ask for silence."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"gAMA", (100000).to_bytes(4))
    Image.fromarray(picture(7, 4, 9)).save("t.png", pnginfo=chunks)
    assert convert.main(["t.png"]) == 0
    assert (
        "t.png: warning: the picture says that the gamma is 1, which is left out"
        in capsys.readouterr().err
    )
    assert convert.main(["-f", "--strip", "t.png"]) == 0
    assert convert.main(["-f", "-q", "t.png"]) == 0
    assert not capsys.readouterr().err
