"""The Pillow plugin: what you save is what you open."""

import io
import mimetypes
import pickle
import subprocess
import sys
from struct import pack
from zlib import crc32

import numpy as np
import pytest
from helpers import gradient, photo, picture
from PIL import Image, ImageFile, PngImagePlugin

import kmcodec
from kmcodec.plugin.opening import KmqImageFile


def saved(image, **options):
    """Return the bytes of an image saved as KMQ."""
    file = io.BytesIO()
    image.save(file, "KMQ", **options)
    return file.getvalue()


def reopened(image, **options):
    """Make an image saved as KMQ and opened again."""
    return Image.open(io.BytesIO(saved(image, **options)))


def an_image(mode, size=(37, 23)):
    """Make a picture of some mode, with all its bands in use."""
    pixels = photo(*size)
    image = Image.fromarray(pixels)
    if mode in ("LA", "RGBA", "PA"):
        image.putalpha(Image.fromarray(pixels[::-1, :, 0] // 16 * 17))
    if mode == "PA":
        image = image.convert("RGB").quantize(20).convert("PA")
        image.putalpha(Image.fromarray(pixels[::-1, :, 0] // 16 * 17))
        return image
    return image.quantize(20) if mode == "P" else image.convert(mode)


def size_of_head(data):
    """Bytes before the first band."""
    return next(s.offset + s.size for s in kmcodec.info(data).sections if s.name == "checksum")


both_codings = pytest.mark.parametrize("coding", ["modelled", "packed"])
MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA"]
SIZES = [(1, 1), (1, 9), (9, 1), (8, 8), (31, 17), (257, 3)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", SIZES)
@both_codings
def test_each_mode_round_trips_as_itself(mode, size, coding):
    """Mode, size, pixels and palette come back, at one band and at several."""
    image = an_image(mode, size)
    for band_rows in (None, 2):
        again = reopened(image, colors=65536, band_rows=band_rows, coding=coding)

        assert (again.mode, again.size) == (mode, size)
        assert (np.asarray(again) == np.asarray(image)).all()
        assert again.getpalette() == image.getpalette()


@pytest.mark.parametrize("colors", [1, 2, 3, 4, 5, 16, 17, 128, 255, 256])
@both_codings
def test_palette_images_of_every_width_keep_palette_and_indices(colors, coding):
    """P images come back with the same indices, read by Pillow's decoder or by ours."""
    indices = np.arange(23 * 37).reshape(23, 37) % colors
    image = Image.fromarray(indices.astype(np.uint8))
    image.putpalette(np.random.default_rng(colors).integers(0, 256, 3 * colors).astype("u1"))
    again = reopened(image, band_rows=10, coding=coding)
    again.load()

    assert (np.asarray(again) == indices).all()
    assert again.getpalette() == image.getpalette()


@pytest.mark.parametrize("colors", [1, 2, 3, 255, 256, 257, 4096, 65536])
def test_rgb_images_of_every_width_keep_their_colors(colors):
    """RGB images within the color limit come back identical."""
    pixels = picture(257, 256, colors)
    again = reopened(Image.fromarray(pixels), colors=colors, coding="packed")

    assert (np.asarray(again) == pixels).all()


@pytest.mark.parametrize("pixels", [gradient(200, 90), photo(60, 40)])
@pytest.mark.parametrize("band_rows", [None, 16])
def test_modelled_rgb_images_keep_their_colors(pixels, band_rows):
    """RGB images whose indices are modelled come back identical."""
    data = saved(Image.fromarray(pixels), colors=65536, band_rows=band_rows)

    assert kmcodec.info(data).header.coding.name == "MODELLED"
    assert (np.asarray(Image.open(io.BytesIO(data))) == pixels).all()


@pytest.mark.parametrize("transparency", [0, 3, b"\x80", b"\xff\x00\x00", b"\0" * 20])
def test_transparency_of_palette_images_round_trips(transparency):
    """P with transparency opens as P with the same alpha."""
    image = an_image("P")
    image.info["transparency"] = transparency
    again = reopened(image)

    assert again.mode == "P"
    assert again.convert("RGBA").tobytes() == image.convert("RGBA").tobytes()
    if isinstance(transparency, int):
        assert again.info["transparency"] == transparency
    second = reopened(again)
    assert second.info["transparency"] == again.info["transparency"]


def test_identity(tmp_path):
    """Format, MIME type, extension and description are registered."""
    path = tmp_path / "x.kmq"
    an_image("RGB").save(path)
    with Image.open(path) as image:
        assert image.format == "KMQ"
        assert image.format_description == "K-Means palette image"
        assert image.get_format_mimetype() == "image/x-kmq"
        assert (image.n_frames, image.is_animated, image.tell()) == (1, False, 0)
        image.seek(0)
        with pytest.raises(EOFError):
            image.seek(1)
    assert Image.registered_extensions()[".kmq"] == "KMQ"


def test_opening_reads_the_head_only():
    """No band is read, and nothing allocated for pixels, before the pixels are asked for."""
    data = saved(an_image("RGB", (300, 300)), colors=16)
    image = Image.open(io.BytesIO(data[: size_of_head(data)]))

    assert image.size == (300, 300)
    with pytest.raises(kmcodec.TruncatedError):
        image.load()


def test_metadata_is_kept_by_default():
    """What Pillow's info holds under its own keys is saved without being asked for."""
    image = an_image("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    kept = {
        "comment": b"hello",
        "dpi": (300.0, 299.5),
        "exif": exif.tobytes(),
        "icc_profile": b"profile",
        "xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
    }
    image.info.update(kept)
    again = reopened(image)

    assert again.info == kept
    assert again.getexif()[0x0112] == 6
    assert "xmpmeta" in again.getxmp()
    assert reopened(again).info == kept


def test_metadata_is_replaced_and_removed_by_options():
    """A save option wins over info; an empty one removes."""
    image = an_image("RGB")
    image.info.update(comment=b"old", icc_profile=b"profile", exif=b"Exif\0\0MM")
    again = reopened(image, comment="new", icc_profile=None, exif=b"")

    assert again.info == {"comment": b"new"}


def test_unknown_options_warn_with_the_nearest_name():
    """A misspelled save option is ignored, as in all of Pillow, but not silently."""
    with pytest.warns(UserWarning, match="'colours'.*did you mean 'colors'"):
        saved(an_image("RGB"), colours=3)
    with pytest.warns(UserWarning, match="no option 'optimize'"):
        saved(an_image("RGB"), optimize=True)


def test_quality_warns_and_changes_nothing():
    """What all other writers take as 1 to 95 must not reduce a mask to fewer labels."""
    mask = Image.frombytes("P", (16, 16), bytes(range(256)))
    mask.putpalette([7] * 768)
    with pytest.warns(UserWarning, match="'quality'.*say psnr"):
        data = saved(mask, quality=85)

    assert (np.asarray(Image.open(io.BytesIO(data))) == np.asarray(mask)).all()


@pytest.mark.parametrize("mode", ["I", "F", "I;16", "LAB"])
def test_modes_that_cannot_be_written_are_named(mode, tmp_path):
    """A mode that would lose data is an OSError in Pillow's words, and no file is left."""
    with pytest.raises(OSError, match=f"cannot write mode {mode} as KMQ"):
        Image.new(mode, (2, 2)).save(tmp_path / "x.kmq")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "HSV"])
def test_other_color_modes_are_saved_as_rgb(mode):
    """Modes that Pillow's own writers convert are converted."""
    image = an_image("RGB").convert(mode)
    again = reopened(image, colors=65536)

    assert again.mode == "RGB"
    assert again.tobytes() == image.convert("RGB").tobytes()


class Unseekable(io.RawIOBase):
    """A stream that can only be read or written, like a pipe."""

    def __init__(self, data=b""):
        self.source = io.BytesIO(data)
        self.written = b""

    def readable(self):
        return True

    def writable(self):
        return True

    def readinto(self, buffer):
        return self.source.readinto(buffer)

    def write(self, data):
        self.written += bytes(data)
        return len(data)

    def seek(self, *_):
        raise io.UnsupportedOperation

    tell = seek


def test_streams_that_cannot_seek():
    """A picture can be read from and written to a pipe."""
    image = an_image("RGB")
    stream = Unseekable()
    image.save(stream, "KMQ")

    assert stream.written == saved(image)
    assert Image.open(Unseekable(stream.written)).size == image.size


@pytest.mark.parametrize("size", [1, 7, 100, 10**6])
@pytest.mark.parametrize("mode", ["P", "RGB"])
@both_codings
def test_the_parser_takes_pieces_of_any_size(mode, size, coding):
    """ImageFile.Parser gives the same picture however the data arrives."""
    image = an_image(mode)
    data = saved(image, colors=65536, band_rows=8, coding=coding)
    parser = ImageFile.Parser()
    for start in range(0, len(data), size):
        parser.feed(data[start : start + size])

    assert parser.close().tobytes() == image.tobytes()


@pytest.mark.parametrize("mode", ["P", "RGB", "1", "PA"])
@both_codings
def test_truncated_files_are_errors_unless_asked_for(mode, coding, monkeypatch):
    """Bands that are whole are read only under LOAD_TRUNCATED_IMAGES; the rest stays empty."""
    image = an_image(mode, (16, 24))
    data = saved(image, colors=65536, band_rows=8, coding=coding)
    last = kmcodec.info(data).sections[-2]
    cut = data[: last.offset + last.size // 2]
    with pytest.raises(kmcodec.TruncatedError, match="band 2 of 3"):
        Image.open(io.BytesIO(cut)).load()

    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.warns(UserWarning, match="16 of 24 rows are whole"):
        partial = np.asarray(Image.open(io.BytesIO(cut)))
    assert (partial[:16] == np.asarray(image)[:16]).all()
    assert not partial[16:].any()
    nothing = Image.open(io.BytesIO(data[: size_of_head(data) + 4]))
    with pytest.warns(UserWarning, match="0 of 24 rows are whole"):
        assert not np.asarray(nothing).any()


@pytest.mark.parametrize("mode", ["P", "RGB"])
@both_codings
def test_damage_is_an_error_even_where_truncation_is_not(mode, coding, monkeypatch):
    """LOAD_TRUNCATED_IMAGES does not excuse a wrong checksum."""
    data = bytearray(saved(an_image(mode), coding=coding))
    data[-10] ^= 1
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)

    with pytest.raises(kmcodec.ChecksumError):
        Image.open(io.BytesIO(data)).load()


@pytest.mark.parametrize("colors", [2, 12, 16, 200, 256])
def test_pillows_raw_decoder_gets_only_checked_bands(colors):
    """An index beyond the palette is refused in files whose checksums are right, too."""
    indices = np.zeros((8, 8), np.uint8)
    palette = np.zeros((colors, 3), np.uint8)
    data = bytearray(kmcodec.encode_indexed(palette, indices, coding="packed"))
    if colors in (2, 16, 256):
        assert Image.open(io.BytesIO(data)).getextrema() == (0, 0)
        return
    bits = (colors - 1).bit_length()
    payload = bytes([255]) * 8 * bits
    head = bytes(data[: 20 + 3 * colors])
    forged = head + data[len(head) : len(head) + 8] + payload
    forged += pack("<I", crc32(data[len(head) + 4 : len(head) + 8] + payload, crc32(head)))
    with pytest.raises(kmcodec.FormatError, match=r"index (255|15) "):
        Image.open(io.BytesIO(forged)).load()


@both_codings
def test_verify_finds_damage_without_an_image(coding):
    """Verify checks all bands; a file that fails does so with its reason."""
    data = bytearray(saved(an_image("RGB"), band_rows=8, coding=coding))
    Image.open(io.BytesIO(data)).verify()
    data[-6] ^= 4

    with pytest.raises(kmcodec.ChecksumError):
        Image.open(io.BytesIO(data)).verify()


@pytest.mark.parametrize("file_format", ["KMQ", "PNG"])
@pytest.mark.parametrize("use", ["load", "verify", "close"])
def test_verify_comes_directly_after_open(file_format, use, tmp_path):
    """After loading, verifying or closing it is Pillow's own error, as for PNG."""
    path = tmp_path / "x"
    an_image("RGB").save(path, file_format)
    for source in (path, io.BytesIO(path.read_bytes())):
        with Image.open(source) as image:
            getattr(image, use)()
            with pytest.raises(RuntimeError, match="verify must be called directly after open"):
                image.verify()


def test_exif_for_old_clients():
    """_getexif is None without EXIF, and else a dictionary, as of Pillow's other formats."""
    image = an_image("RGB")
    assert reopened(image)._getexif() is None
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"

    found = reopened(image, exif=exif)._getexif()
    assert (found[0x0112], found[0x9003]) == (6, "2026:01:02 03:04:05")


def test_a_notebook_shows_an_open_file_by_itself():
    """IPython asks an object for its PNG; that is of the picture."""
    image = an_image("RGB")
    shown = Image.open(io.BytesIO(reopened(image, colors=65536)._repr_png_()))

    assert (shown.format, shown.tobytes()) == ("PNG", image.tobytes())


def test_mimetypes_knows_the_format():
    """Importing kmcodec is enough for web servers and clients, both ways."""
    assert mimetypes.guess_type("a/x.kmq") == ("image/x-kmq", None)
    assert mimetypes.guess_extension("image/x-kmq") == ".kmq"


def test_a_damaged_head_is_no_unidentified_image():
    """Once the magic is right, the reason reaches the user through Image.open."""
    data = bytearray(saved(an_image("RGB"), coding="packed"))
    data[30] ^= 1
    with pytest.raises(kmcodec.ChecksumError, match="checksum of the head"):
        Image.open(io.BytesIO(data))
    data[4] = 9
    with pytest.raises(kmcodec.UnsupportedError, match="format version 9"):
        Image.open(io.BytesIO(data))
    with pytest.raises(SyntaxError):
        KmqImageFile(io.BytesIO(b"\x89PNG"))


def test_bombs_are_refused_before_any_allocation(monkeypatch):
    """Pillow's pixel limit holds for .kmq files."""
    data = saved(Image.new("RGB", (100, 100)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4999)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(data))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 9999)
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("mode", "drafted"), [("RGB", "L"), ("RGBA", "LA"), ("P", "L"), ("P", "RGB")]
)
def test_a_drafted_mode_is_the_converted_image(mode, drafted):
    """Draft converts the palette, and so the picture, as Pillow would convert the pixels."""
    image = an_image(mode)
    again = reopened(image, colors=65536, coding="packed")
    again.draft(drafted, None)

    assert again.mode == drafted
    assert again.tobytes() == image.convert(drafted).tobytes()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize("band_rows", [None, 32])
def test_a_drafted_size_is_the_reduced_image(mode, band_rows):
    """Draft averages while bands are read, and stays at or above the size that is wanted."""
    image = an_image(mode, (128, 125))
    data = saved(image, colors=65536, band_rows=band_rows, coding="packed")
    for wanted, scale in ((128, 1), (100, 1), (62, 2), (50, 2), (15, 8), (5, 8)):
        again = Image.open(io.BytesIO(data))
        _, box = again.draft(None, (wanted, wanted))

        assert box == (0, 0, 128 / scale, 125 / scale)
        assert again.tobytes() == (image.reduce(scale) if scale > 1 else image).tobytes()


@pytest.mark.parametrize("band_rows", [None, 16])
def test_a_draft_of_a_modelled_file(band_rows):
    """Mode and size are reduced while modelled bands are read, too."""
    image = Image.fromarray(gradient(128, 126))
    again = reopened(image, band_rows=band_rows)
    again.draft("L", (30, 30))
    drafted = image.convert("L").reduce(4)

    assert (again.mode, again.size) == ("L", drafted.size)
    assert again.tobytes() == drafted.tobytes()


def test_a_draft_keeps_to_whole_bands():
    """A scale that does not divide the bands is not taken, and palettes are not averaged."""
    again = reopened(an_image("RGB", (64, 64)), band_rows=4, coding="packed")
    again.draft(None, (8, 8))
    assert again.size == (16, 16)

    again = reopened(an_image("P", (64, 64)))
    again.draft(None, (8, 8))
    assert again.size == (64, 64)


def test_thumbnails():
    """Thumbnail works on a file that is not loaded, and gives nearly what it gives on pixels."""
    image = an_image("RGB", (256, 256))
    again = reopened(image, colors=65536, coding="packed")
    again.thumbnail((32, 32))
    image.thumbnail((32, 32))

    assert again.size == (32, 32)
    assert np.abs(np.asarray(again).astype(int) - np.asarray(image)).mean() < 4


@both_codings
def test_an_open_image_pickles(coding):
    """An open image can be sent to another process."""
    image = reopened(an_image("RGB"), colors=65536, coding=coding, band_rows=8)

    assert pickle.loads(pickle.dumps(image)).tobytes() == image.tobytes()


def test_an_error_pickles_with_its_place():
    """An error raised in a worker arrives as it was."""
    with pytest.raises(kmcodec.TruncatedError) as caught:
        kmcodec.decode(kmcodec.encode(picture(4, 4, 2))[:-1])
    again = pickle.loads(pickle.dumps(caught.value))

    assert str(again) == str(caught.value)
    assert (again.offset, again.field) == (caught.value.offset, caught.value.field)


def test_spawned_workers_register_with_an_initializer():
    """A spawned worker knows KMQ when register is its initializer."""
    data = saved(an_image("RGB"))
    script = (
        "import io, sys\nfrom concurrent.futures import ProcessPoolExecutor\n"
        "from multiprocessing import get_context\nimport kmcodec\nfrom PIL import Image\n"
        "if __name__ == '__main__':\n"
        "    data = io.BytesIO(sys.stdin.buffer.read())\n"
        "    with ProcessPoolExecutor(1, get_context('spawn'), kmcodec.register) as pool:\n"
        "        print(pool.submit(Image.open, data).result(60).size)\n"
    )
    code = [sys.executable, "-P", "-c", script]
    result = subprocess.run(code, input=data, capture_output=True, timeout=120, check=False)

    assert result.stdout.decode().strip() == "(37, 23)", result.stderr.decode()


def test_register_is_idempotent():
    """Registering again changes nothing."""
    kmcodec.register()

    assert Image.ID.count("KMQ") == 1


def test_metadata_behind_the_pixels_is_kept():
    """An image that is not loaded yet is saved with the metadata that its loading finds."""
    xmp = "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    late = PngImagePlugin.PngInfo()
    late.add_itxt("XML:com.adobe.xmp", xmp)
    late.chunks = [(*chunk[:2], True) for chunk in late.chunks]
    file = io.BytesIO()
    an_image("RGB").save(file, "PNG", pnginfo=late)

    assert kmcodec.info(kmcodec.encode(Image.open(file))).metadata["xmp"] == xmp.encode()


def test_pillow_does_not_identify_a_damaged_magic():
    """Of a file whose magic is damaged Pillow says that it knows no such format, an OSError."""
    data = bytearray(kmcodec.encode(gradient(8, 8)))
    data[1] ^= 1
    with pytest.raises(Image.UnidentifiedImageError):
        Image.open(io.BytesIO(data))
    with pytest.raises(kmcodec.SignatureError):
        kmcodec.load(bytes(data))
    assert issubclass(Image.UnidentifiedImageError, OSError)
