"""Saving, loading and what a file tells of itself."""

import io
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import animation_file, gradient, moving_codes, picture
from PIL import Image, ImageFile

import kmcodec
from kmcodec.coding.container import join_file
from kmcodec.format import Coding, Flags, Header, Mode


def test_save_and_load(tmp_path):
    """What is saved is loaded, in its mode, and the file is closed."""
    pixels = picture(7, 5, 9)
    kmcodec.save(pixels, tmp_path / "x.kmq", comment="c")
    image = kmcodec.load(str(tmp_path / "x.kmq"))

    assert image.mode == "RGB"
    assert image.info["comment"] == b"c"
    assert (np.asarray(image) == pixels).all()
    assert image.fp is None


def test_load_takes_no_truncated_file(monkeypatch):
    """Pillow's LOAD_TRUNCATED_IMAGES is for Image.open: what loads is whole, as what decodes."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for coding in ("packed", "modelled"):
        data = kmcodec.encode(gradient(40, 30), coding=coding, band_rows=8)
        for read in (kmcodec.load, kmcodec.decode, kmcodec.decode_indexed, kmcodec.info):
            with pytest.raises(kmcodec.TruncatedError):
                read(data[:-1])


@pytest.mark.parametrize("save", [kmcodec.save, lambda image, file: image.save(file, "KMQ")])
def test_what_is_saved_to_a_file_is_found_by_its_name(save, tmp_path):
    """An open file is flushed, so that it can be opened again under its name at once."""
    image = Image.fromarray(gradient(20, 10))
    with (tmp_path / "x.kmq").open("wb") as file:
        save(image, file)
        assert (kmcodec.decode(file.name) == np.asarray(image)).all()


def test_a_file_that_cannot_be_flushed_is_written_too():
    """Whatever has a write method will do."""
    written = []
    kmcodec.save(gradient(20, 10), SimpleNamespace(write=written.append))

    assert (kmcodec.decode(b"".join(written)) == gradient(20, 10)).all()


def test_an_impossible_image_does_not_touch_the_file(target):
    """Mistakes are found before the file is written."""
    with pytest.raises(ValueError, match="colors"):
        kmcodec.save(picture(2, 2, 2), target, colors=0)

    assert target.read_bytes() == b"old"


def test_load_names_what_is_wrong(target):
    """What is no .kmq file, or above the limit, is a KmqError."""
    with pytest.raises(kmcodec.SignatureError):
        kmcodec.load(target)
    kmcodec.save(picture(3, 3, 2), target)
    with pytest.raises(kmcodec.LimitError):
        kmcodec.load(target, max_pixels=8)


@pytest.mark.parametrize("coding", ["modelled", "packed"])
def test_info_lists_the_whole_file(tmp_path, coding):
    """Sections cover the file without gaps, from a path or from bytes."""
    pixels = gradient(64, 48)
    data = kmcodec.encode(pixels, coding=coding, band_rows=8, comment="c", dpi=(72, 72))
    (tmp_path / "x.kmq").write_bytes(data)
    info = kmcodec.info(data)
    ends = [0] + [section.offset + section.size for section in info.sections]

    assert kmcodec.info(tmp_path / "x.kmq").sections == info.sections
    assert [section.offset for section in info.sections] == ends[:-1]
    assert ends[-1] == len(data) == info.file_bytes
    assert info.metadata.keys() == {"comment", "dpi"}
    names = {section.name for section in info.sections}
    assert ("palette_payload" in names) == (coding == "modelled")
    assert ("palette" in names) == (coding == "packed")


def test_info_counts_bits():
    """128 x 128 pixels of 16 colors are 65,920 bits of palette and indices, of 393,216."""
    info = kmcodec.info(kmcodec.encode(picture(128, 128, 16), coding="packed"))

    assert info.bits["palette"] == 16 * 24
    assert info.bits["palette"] + info.bits["indices"] == 65_920
    assert info.bits["raw"] == 393_216


def test_info_counts_the_bits_that_are_stored():
    """Of a modelled file, bits of palette and indices are those of their payloads."""
    data = kmcodec.encode(gradient(64, 48))
    info = kmcodec.info(data)
    bits = info.bits
    parts = bits.keys() - {"file", "raw"}

    assert bits["palette"] + bits["indices"] + bits["lengths"] == 8 * (len(data) - 28)
    assert sum(bits[part] for part in parts) == bits["file"] == 8 * len(data)
    assert bits["palette"] < 8 * info.palette.size
    assert bits["indices"] < 64 * 48


def test_info_is_equal_where_the_file_is():
    """Two of one file are equal and have one hash; another palette makes a difference."""
    pixels = gradient(8, 6)
    one, same, other = (kmcodec.info(kmcodec.encode(p)) for p in (pixels, pixels, 255 - pixels))

    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != "file"


@pytest.mark.parametrize("coding", ["modelled", "packed"])
def test_info_checks_bands_on_request(coding):
    """A damaged band is found only when asked for; a missing one always."""
    data = bytearray(kmcodec.encode(gradient(16, 16), coding=coding))
    data[-6] ^= 1

    assert kmcodec.info(bytes(data)).header.width == 16
    with pytest.raises(kmcodec.ChecksumError):
        kmcodec.info(bytes(data), check=True)
    with pytest.raises(kmcodec.TruncatedError):
        kmcodec.info(bytes(data[:-1]))


def test_errors_tell_the_file(tmp_path):
    """Whatever reads a path, an error has its name; one of bytes has none."""
    path = tmp_path / "x.kmq"
    kmcodec.save(picture(4, 4, 4), path)
    data = path.read_bytes()
    path.write_bytes(data[:-6] + b"!" + data[-5:])

    def check(path):
        kmcodec.info(path, check=True)

    def open_and_load(path):
        with Image.open(path) as image:
            image.load()

    for call in (kmcodec.load, kmcodec.decode, kmcodec.decode_indexed, check, open_and_load):
        with pytest.raises(kmcodec.ChecksumError, match=r"checksum.*offset") as caught:
            call(path)
        assert caught.value.filename == str(path)
        assert pickle.loads(pickle.dumps(caught.value)).filename == str(path)
    path.write_bytes(data[:7] + b"\xff" + data[8:])
    with pytest.raises(kmcodec.UnsupportedError, match="flags") as caught:
        Image.open(path)
    assert caught.value.filename == str(path)
    with pytest.raises(kmcodec.KmqError) as caught:
        kmcodec.decode(data[:-1])
    assert caught.value.filename is None


def test_names_of_other_formats_are_refused(tmp_path):
    """What is saved is a .kmq file, so it is not to be called .png; a name of no format is fine."""
    for name in ("x.png", "x.JPG", "x.tiff"):
        with pytest.raises(ValueError, match=f"{name} is a name of"):
            kmcodec.save(picture(2, 2, 2), tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    for name in ("x.KMQ", "x", "x.5 mm", ".png"):
        kmcodec.save(picture(2, 2, 2), tmp_path / name)
        assert kmcodec.load(tmp_path / name).size == (2, 2)


class Pipe(io.RawIOBase):
    """A stream that cannot go back, and does not end."""

    def readable(self):
        return True

    def read(self, size=-1):
        assert size >= 0, "all of it is asked for"
        return b"\0" * size


@pytest.mark.parametrize("call", [kmcodec.load, kmcodec.info, kmcodec.decode])
def test_a_stream_of_another_format_is_not_read_on(call):
    """Its first bytes tell that it is no .kmq."""
    with pytest.raises(kmcodec.SignatureError):
        call(Pipe())


def test_info_checks_no_more_pixels_than_are_allowed():
    """Bands above max_pixels are not checked, as a few bytes may be a large picture."""
    header = Header(Coding.PACKED, Mode.RGB, Flags(0), 1 << 15, 1 << 13, 1, 1 << 13)
    data = b"".join(join_file(header, {}, bytes(3), [b""]))  # 268 megapixels of one color

    assert len(data) < 50
    assert kmcodec.info(data).header.height == 1 << 13
    with pytest.raises(kmcodec.LimitError, match="limit of 178956970"):
        kmcodec.info(data, check=True)
    with pytest.raises(kmcodec.LimitError, match="limit of 7"):
        kmcodec.info(kmcodec.encode(picture(4, 2, 2)), check=True, max_pixels=7)
    for limit in (1 << 28, None):
        assert kmcodec.info(data, check=True, max_pixels=limit) == kmcodec.info(data)


def test_sections_of_bands_are_a_sequence():
    """They are made as they are taken, from either end, by slices and in order."""
    sections = kmcodec.info(kmcodec.encode(gradient(16, 24), band_rows=8)).sections
    whole = list(sections)

    assert len(sections) == len(whole) == len({section.offset for section in whole})
    assert [sections[place] for place in range(-len(whole), 0)] == whole
    assert sections[2:-1:3] == tuple(whole[2:-1:3])
    assert whole[-3:] == [sections[-3], sections[-2], sections[-1]]
    assert [section.name for section in whole[-3:]] == ["length", "payload", "checksum"]
    assert sections != whole
    with pytest.raises(IndexError):
        sections[len(whole)]


HEADER = Header(Coding.PACKED, Mode.RGB, Flags(0), 13, 10, 5, 4)
FRAMES = animation_file(HEADER, moving_codes(HEADER, 12), 5)


def test_info_lists_frames():
    """A frame is one section, and its bytes are told; its bands are not read."""
    info = kmcodec.info(FRAMES)
    names = [section.name for section in info.sections]

    assert names[:3] == ["header", "palette", "frames_length"]
    assert names[3:5] == ["frames_payload", "checksum"]
    assert names[5:] == ["frame"] * 12
    ends = [0] + [section.offset + section.size for section in info.sections]
    assert [section.offset for section in info.sections] == ends[:-1]
    assert ends[-1] == len(FRAMES) == info.file_bytes
    assert info.animation.frame_count == 12
    assert info.animation.key_interval == 5
    assert info.animation.total == 480
    assert list(info.frame_bytes) == [section.size for section in info.sections[5:]]
    assert info.frame_bytes[3] == 0
    assert info == kmcodec.info(FRAMES)
    assert hash(info) == hash(kmcodec.info(FRAMES))
    still = kmcodec.info(kmcodec.encode(gradient(8, 6)))
    assert (still.animation, list(still.frame_bytes), still.bits["frames"]) == (None, [], 0)


def test_info_counts_the_bits_of_frames():
    """The parts add up to the file: lengths of bands are counted with the frames section."""
    info = kmcodec.info(FRAMES)
    bits = info.bits
    sizes = {section.name: 8 * section.size for section in info.sections}
    rows = 3 * 10 + 4 * 4 + 2 * 2  # of key frames, and of the bands that changed

    assert bits["frames"] == sizes["frames_length"] + sizes["frames_payload"]
    assert bits["indices"] == rows * 13 * 3
    assert bits["row_padding"] == rows
    assert bits["lengths"] == 0
    assert bits["checksums"] == 32 * (1 + 3 * 3 + 4 + 2)
    assert sum(bits[part] for part in bits.keys() - {"file", "raw"}) == bits["file"]
    assert bits["file"] == 8 * len(FRAMES)
    assert bits["raw"] == 12 * 13 * 10 * 24


def test_info_checks_all_frames_on_request():
    """Damage in the last frame is found where the file is checked."""
    damaged = FRAMES[:-6] + bytes([FRAMES[-6] ^ 128]) + FRAMES[-5:]

    assert kmcodec.info(damaged) == kmcodec.info(FRAMES)
    assert kmcodec.info(FRAMES, check=True) == kmcodec.info(FRAMES)
    with pytest.raises(kmcodec.ChecksumError, match=r"^frame 10 of 12: "):
        kmcodec.info(damaged, check=True)
    for data in (FRAMES[:-1], FRAMES + b"\0"):
        with pytest.raises(kmcodec.KmqError):
            kmcodec.info(data)


@pytest.mark.parametrize(
    ("limit", "most", "fault"),
    [
        ("max_frames", 12, "12 frames are more than the limit of 11"),
        ("max_total_pixels", 1560, "1560 pixels of all frames are more than the limit of 1559"),
        ("max_pixels", 130, "13 x 10 pixels are more than the limit of 129"),
    ],
)
def test_frames_are_checked_up_to_a_limit(limit, most, fault):
    """A limit is inclusive, holds where all frames are decoded only, and may be none."""
    assert kmcodec.info(FRAMES, **{limit: 1}).animation
    for allowed in (most, None):
        assert kmcodec.info(FRAMES, check=True, **{limit: allowed}).animation
    with pytest.raises(kmcodec.LimitError, match=fault):
        kmcodec.info(FRAMES, check=True, **{limit: most - 1})
    with pytest.raises(TypeError, match=limit):
        kmcodec.info(FRAMES, check=True, **{limit: "many"})


@pytest.mark.parametrize("data", [FRAMES, kmcodec.encode(picture(40, 30, 4), band_rows=10)])
def test_files_are_checked_by_as_many_threads_as_wanted(data):
    """The facts are the same, and so is the first fault."""
    assert kmcodec.info(data, check=True, threads=1) == kmcodec.info(data, check=True, threads=3)
    damaged = data[:-6] + bytes([data[-6] ^ 1]) + data[-5:]
    for threads in (1, 3):
        with pytest.raises(kmcodec.ChecksumError):
            kmcodec.info(damaged, check=True, threads=threads)
    with pytest.raises(ValueError, match="threads"):
        kmcodec.info(data, check=True, threads=0)
