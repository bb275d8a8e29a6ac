"""Metadata that a Pillow image brings along: EXIF and its changes, PNG texts, gamma."""

import io
import struct

import numpy as np
import pytest
from helpers import picture
from PIL import ExifTags, Image, ImageOps, PngImagePlugin, TiffImagePlugin

import kmcodec

GPS = ExifTags.IFD.GPSInfo
ORIENTATION = ExifTags.Base.Orientation
IMAGE = Image.fromarray(picture(6, 4, 9))
POSITION = {1: "N", 2: (52.0, 31.0, 0.0)}


def exif_block():
    """Make EXIF with a camera, an orientation, a date and a position."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "camera"
    exif[ORIENTATION] = 6
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.DateTimeOriginal: "2020:01:02 03:04:05"}
    exif[GPS] = POSITION
    loaded = Image.Exif()
    loaded.load(exif.tobytes())
    return loaded


def opened(kind="PNG", image=IMAGE, **options):
    """Save an image in a format and open it again."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return Image.open(io.BytesIO(file.getvalue()))


def raw_profile(exif):
    """Make a PNG with EXIF in the text that ImageMagick writes."""
    data = exif.tobytes()
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Raw profile type exif", f"\nexif\n{len(data):8}\n{data.hex()}\n", zip=True)
    return opened(pnginfo=chunks)


def saved(image, **options):
    """Return the metadata of the file that an image becomes."""
    return dict(kmcodec.info(kmcodec.encode(image, **options)).metadata)


def kept_exif(image, **options):
    """Return EXIF of the file that an image becomes."""
    return kmcodec.load(kmcodec.encode(image, **options)).getexif()


@pytest.mark.parametrize("look", [False, True])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_without_changes_is_kept_byte_for_byte(kind, look):
    """Looking at EXIF, its parts too, changes nothing of what is stored."""
    block = exif_block().tobytes()
    image = opened(kind, exif=block)
    if look:
        image.getexif().get_ifd(GPS)

    assert saved(image)["exif"] == block[6:]


def test_looking_at_exif_beside_an_orientation_in_xmp_changes_nothing():
    """Pillow completes EXIF by what XMP says; that is no change of the caller's."""
    block = exif_block()
    del block[ORIENTATION]
    image = opened(exif=block.tobytes())
    image.info["XML:com.adobe.xmp"] = '<x tiff:Orientation="6"/>'
    assert image.getexif()[ORIENTATION] == 6

    assert saved(image)["exif"] == block.tobytes()[6:]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "raw profile"])
def test_changes_of_exif_are_saved(kind):
    """A position that is deleted is not saved, a tag that is set is."""
    image = raw_profile(exif_block()) if kind == "raw profile" else opened(kind, exif=exif_block())
    image.load()
    exif = image.getexif()
    assert exif.get_ifd(GPS)[1] == "N"
    del exif[GPS]
    exif[ExifTags.Base.Artist] = "somebody"
    again = kept_exif(image)

    assert GPS not in again
    assert not again.get_ifd(GPS)
    assert again[ExifTags.Base.Artist] == "somebody"
    assert again[ExifTags.Base.Make] == "camera"
    assert b"N\0" not in saved(image)["exif"]


def test_changes_within_a_part_of_exif_are_saved():
    """A single tag of the position is deleted as it is in ``get_ifd``."""
    image = opened("JPEG", exif=exif_block())
    del image.getexif().get_ifd(GPS)[2]

    assert kept_exif(image).get_ifd(GPS) == {1: "N"}


def test_exif_can_be_cleared_and_made():
    """Without tags there is no section; a new image's EXIF is saved."""
    image = opened(exif=exif_block())
    image.getexif().clear()
    made = IMAGE.copy()
    made.getexif()[ExifTags.Base.Make] = "maker"

    assert saved(image) == {}
    assert kept_exif(made)[ExifTags.Base.Make] == "maker"


@pytest.mark.parametrize("change", ["pop", "replace"])
def test_info_that_is_changed_after_looking_wins(change):
    """EXIF that is taken out of ``info``, or replaced there, does not come back."""
    image = opened("JPEG", exif=exif_block())
    assert image.getexif()[ExifTags.Base.Make] == "camera"
    other = Image.Exif()
    other[ExifTags.Base.Make] = "other"
    if change == "pop":
        del image.info["exif"]
        assert "exif" not in saved(image)
    else:
        image.info["exif"] = other.tobytes()
        assert saved(image)["exif"] == other.tobytes()[6:]


def test_a_picture_turned_by_pillow_has_no_orientation():
    """``exif_transpose`` turns and clears, and what is deleted afterwards stays deleted."""
    turned = ImageOps.exif_transpose(opened("JPEG", exif=exif_block()))
    assert ORIENTATION not in kept_exif(turned)
    assert kept_exif(turned).get_ifd(GPS)
    in_place = opened("JPEG", exif=exif_block())
    ImageOps.exif_transpose(in_place, in_place=True)
    del in_place.getexif()[GPS]

    assert ORIENTATION not in kept_exif(in_place)
    assert not kept_exif(in_place).get_ifd(GPS)


def test_a_picture_turned_by_hand_loses_its_orientation_by_hand():
    """Who turns pixels deletes the tag, which then is not saved."""
    turned = opened("JPEG", exif=exif_block()).transpose(Image.Transpose.ROTATE_270)
    assert kept_exif(turned)[ORIENTATION] == 6
    del turned.getexif()[ORIENTATION]

    assert ORIENTATION not in kept_exif(turned)


@pytest.mark.parametrize("options", [{}, {"big_tiff": True}])
def test_exif_of_tiff(options):
    """All tags of a TIFF are kept but those of its storage, which are wrong elsewhere."""
    exif = exif_block()
    del exif[ORIENTATION]
    image = opened("TIFF", exif=exif, dpi=(100, 100), **options)
    again = kept_exif(image)

    assert set(again) == {ExifTags.Base.Make, 34665, GPS, 282, 283, 296}
    assert again.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal].startswith("2020")
    assert again.get_ifd(GPS) == POSITION
    assert saved(image)["exif"][:4] in (b"II*\0", b"MM\0*")


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_exif_of_a_tiff_with_tags_of_its_own(compression, tmp_path):
    """Tags that are in no list of Exif's are kept too, and if they are given by option."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[ExifTags.Base.ImageDescription] = "a picture"
    tags[65000] = "private"
    IMAGE.save(tmp_path / "a.tif", tiffinfo=tags, compression=compression)
    image = Image.open(tmp_path / "a.tif")

    for again in (kept_exif(image), kept_exif(IMAGE, exif=image.getexif())):
        assert dict(again) == {ExifTags.Base.ImageDescription: "a picture", 65000: "private"}


def test_a_tiff_with_an_orientation_is_turned():
    """Pillow turns TIFFs as it reads them; the tag does not turn them once more."""
    image = opened("TIFF", exif=exif_block())

    assert kmcodec.decode(kmcodec.encode(image)).shape[:2] == (6, 4)
    assert ORIENTATION not in kept_exif(image)


@pytest.mark.parametrize("frame", [0, 1])
def test_exif_of_a_tiff_with_several_pictures(frame):
    """Each picture has its own."""
    one, other = Image.Exif(), Image.Exif()
    one[ExifTags.Base.Make], other[ExifTags.Base.Make] = "one", "other"
    second = IMAGE.copy()
    second.encoderinfo = {"exif": other}
    image = opened("TIFF", save_all=True, append_images=[second], exif=one)
    image.seek(frame)
    maker = image.getexif()[ExifTags.Base.Make]  # Pillow 11 writes the first for both
    image = opened("TIFF", save_all=True, append_images=[second], exif=one)
    image.seek(frame)

    assert kept_exif(image)[ExifTags.Base.Make] == maker


def test_exif_in_a_text_of_png():
    """What ImageMagick writes into PNG is EXIF, its orientation included."""
    assert kept_exif(raw_profile(exif_block()))[ORIENTATION] == 6
    assert saved(raw_profile(exif_block()))["exif"] == exif_block().tobytes()[6:]


@pytest.mark.parametrize("text", ["", "\nexif\n4\nzz", "\nexif\n   4\n00000000\n", "é"])
def test_a_broken_text_of_exif_is_warned_of(text):
    """A profile in text that is no EXIF is left out."""
    image = IMAGE.copy()
    image.info["Raw profile type exif"] = text
    if "\n" not in text:
        assert saved(image) == {}
        return
    with pytest.warns(UserWarning, match="metadata of the picture is left out: exif"):
        assert saved(image) == {}


@pytest.mark.parametrize("name", ["dpi", "exif", "icc_profile", "xmp", "transparency"])
@pytest.mark.parametrize("text", ["12", "text"])
@pytest.mark.parametrize("packed", [False, True])
def test_texts_of_png_are_not_what_their_names_say(name, text, packed):
    """A text chunk of such a name is left out, with a warning."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text(name, text, zip=packed)
    image = opened(pnginfo=chunks)
    image.load()
    with pytest.warns(UserWarning, match=name):
        encoded = kmcodec.encode(image)

    assert not kmcodec.info(encoded).metadata
    assert kmcodec.info(encoded).header.mode.pillow == "RGB"


@pytest.mark.parametrize("name", ["comment", "Comment"])
def test_a_comment_in_a_text_of_png_is_a_comment(name):
    """However PNG writes it."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text(name, "née")

    assert saved(opened(pnginfo=chunks)) == {"comment": "née".encode()}


@pytest.mark.parametrize(
    "block",
    [b"junk", b"MM\0*", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"],
)
def test_broken_exif_loses_no_picture(block):
    """Exif that nobody looked into is kept if it begins as such, else it is left out."""
    image = IMAGE.copy()
    image.info["exif"] = block
    if block == b"junk":
        with pytest.warns(UserWarning, match="exif: no TIFF structure"):
            assert saved(image) == {}
    else:
        assert saved(image).get("exif", b"") == block.removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("value", [2**70, -1, "x", object(), {1: 2}, ("a",), 1.5, None])
def test_values_that_exif_cannot_have_lose_no_picture(value):
    """A tag of the wrong type or size leaves EXIF out as an image's, and is an error as option."""
    image = opened(exif=exif_block())
    exif = image.getexif()
    exif[ExifTags.Base.ImageWidth] = 3
    exif[ExifTags.Base.XResolution] = value
    try:
        exif.tobytes()
    except Exception:  # noqa: BLE001
        with pytest.warns(UserWarning, match="exif: tags have values that cannot be written"):
            assert saved(image) == {}
        with pytest.raises(ValueError, match="exif: tags have values that cannot be written"):
            kmcodec.encode(IMAGE, exif=exif)
    else:
        assert saved(image)["exif"]


def color_chunks(gamma=None, chromaticity=None, srgb=False):
    """Make a PNG with chunks that tell what its colors mean."""
    chunks = PngImagePlugin.PngInfo()
    if gamma is not None:
        chunks.add(b"gAMA", struct.pack(">I", gamma))
    if chromaticity:
        chunks.add(b"cHRM", struct.pack(">8I", *chromaticity))
    if srgb:
        chunks.add(b"sRGB", b"\0")
    return opened(pnginfo=chunks)


SRGB = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
WIDE = (34567, 35850, 73469, 26531, 11416, 88588, 3660, 10)


@pytest.mark.parametrize(
    ("gamma", "chromaticity"), [(100000, None), (None, WIDE), (45455, WIDE), (55000, SRGB)]
)
def test_colors_that_are_not_srgb_are_warned_of(gamma, chromaticity):
    """Gamma or primaries of a PNG without a profile are lost, which is said."""
    with pytest.warns(UserWarning, match="which is left out: its colors are taken as"):
        kmcodec.encode(color_chunks(gamma, chromaticity))
    assert kmcodec.encode(color_chunks(gamma, chromaticity, srgb=True))
    assert kmcodec.encode(color_chunks(gamma, chromaticity), icc_profile=b"")
    profiled = color_chunks(gamma, chromaticity)
    profiled.info["icc_profile"] = b"profile"
    assert saved(profiled) == {"icc_profile": b"profile"}


@pytest.mark.parametrize(
    ("gamma", "chromaticity"), [(45455, None), (None, SRGB), (46000, SRGB), (0, None)]
)
def test_colors_of_srgb_are_not_warned_of(gamma, chromaticity):
    """What most PNGs tell is what .kmq means without a profile; a gamma of 0 tells nothing."""
    assert saved(color_chunks(gamma, chromaticity)) == {}


def test_arrays_bring_nothing_along():
    """Only Pillow images have metadata."""
    assert saved(np.zeros((2, 2), np.uint8)) == {}
