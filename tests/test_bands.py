"""Bands on threads: the same bytes and pixels for any number, and parts of a picture."""

import re
from io import BytesIO

import numpy as np
import pytest
from helpers import drawing, gradient, picture
from PIL import Image

import kmcodec
from kmcodec.coding.bands import check_bands
from kmcodec.coding.container import find_bands, read_head
from kmcodec.format import Coding

both_codings = pytest.mark.parametrize("coding", ["modelled", "packed"])
some_threads = pytest.mark.parametrize("threads", [1, 2, 5])


@pytest.mark.parametrize("threads", [0, -1])
def test_no_threads_are_a_mistake_of_the_caller(threads, tmp_path):
    """At least one thread is needed, wherever it is asked for."""
    data = kmcodec.encode(gradient(8, 8))
    (tmp_path / "x.kmq").write_bytes(data)
    for call in (
        lambda: kmcodec.encode(gradient(8, 8), threads=threads),
        lambda: kmcodec.encode_indexed([[0, 0, 0]], [[0]], threads=threads),
        lambda: kmcodec.decode(data, threads=threads),
        lambda: kmcodec.decode_indexed(data, threads=threads),
        lambda: kmcodec.load(tmp_path / "x.kmq", threads=threads),
    ):
        with pytest.raises((ValueError, TypeError), match="threads"):
            call()


@both_codings
@some_threads
@pytest.mark.parametrize("pixels", [gradient(70, 50), drawing(70, 50), picture(70, 50, 300)])
def test_threads_change_neither_bytes_nor_pixels(pixels, threads, coding, tmp_path):
    """Any number of threads gives one file, and from it one picture."""
    options = {"band_rows": 8, "coding": coding}
    data = kmcodec.encode(pixels, 512, threads=threads, **options)
    path = tmp_path / "x.kmq"
    path.write_bytes(data)

    assert kmcodec.info(data).header.band_count == 7
    assert data == kmcodec.encode(pixels, 512, threads=1, **options)
    assert data == kmcodec.encode(pixels, 512, **options)
    assert (kmcodec.decode(data, threads=threads) == pixels).all()
    palette, indices = kmcodec.decode_indexed(data, threads=threads)
    assert (palette[indices] == pixels).all()
    assert (np.asarray(kmcodec.load(path, threads=threads)) == pixels).all()


@some_threads
def test_damage_is_found_on_any_thread(threads):
    """A damaged band is an error wherever it was to be decoded, and named with its row."""
    data = bytearray(kmcodec.encode(gradient(70, 50), band_rows=8))
    band = find_bands(BytesIO(data), read_head(BytesIO(data), None))[3]
    data[band.offset] ^= 1

    for decode in (kmcodec.decode, kmcodec.decode_indexed):
        with pytest.raises(kmcodec.ChecksumError, match="band at row 24"):
            decode(bytes(data), threads=threads)


class Counting(BytesIO):
    """A file that notes which of its bytes were read."""

    def __init__(self, data):
        super().__init__(data)
        self.seen = np.zeros(len(data), bool)

    def read(self, size=-1):
        start = self.tell()
        piece = super().read(size)
        self.seen[start : start + len(piece)] = True
        return piece


BOXES = [
    (0, 0, 70, 50),
    (0, 0, 1, 1),
    (69, 49, 70, 50),
    (0, 8, 70, 16),
    (0, 7, 70, 17),
    (3, 5, 60, 41),
    (69, 0, 70, 50),
    (0, 24, 70, 25),
]


@both_codings
@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("band_rows", [8, 50])
def test_a_box_is_a_crop(box, band_rows, coding):
    """A part of the picture is what a crop of the whole would be."""
    for pixels in (gradient(70, 50), picture(70, 50, 40, 4)):
        data = kmcodec.encode(pixels, coding=coding, band_rows=band_rows)
        left, top, right, bottom = box

        assert (kmcodec.decode(data, box=box) == pixels[top:bottom, left:right]).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA"])
def test_a_box_of_each_mode(mode):
    """A box has the channels that the whole picture has."""
    image = Image.fromarray(gradient(70, 50)).convert(mode)
    data = kmcodec.encode(image, band_rows=16)

    assert (kmcodec.decode(data, box=(5, 3, 44, 40)) == kmcodec.decode(data)[3:40, 5:44]).all()


@both_codings
@pytest.mark.parametrize("box", BOXES)
def test_a_box_reads_only_its_bands(box, coding):
    """Of bands without a row of the box nothing but the length is read."""
    data = kmcodec.encode(gradient(70, 50), coding=coding, band_rows=8)
    file = Counting(data)
    kmcodec.decode(file, box=box)
    for band in find_bands(BytesIO(data), read_head(BytesIO(data), None)):
        wanted = band.top < box[3] and band.bottom > box[1]
        assert (file.seen[band.offset : band.offset + band.length] == wanted).all()


def test_a_box_is_not_disturbed_by_damage_elsewhere():
    """A damaged band is an error only of the boxes that need it."""
    data = bytearray(kmcodec.encode(gradient(70, 50), band_rows=8))
    band = find_bands(BytesIO(data), read_head(BytesIO(data), None))[2]
    data[band.offset] ^= 1

    kmcodec.decode(bytes(data), box=(0, 0, 70, 16))
    kmcodec.decode(bytes(data), box=(0, 24, 70, 50))
    for box in [(0, 15, 1, 17), (0, 23, 1, 24), None]:
        with pytest.raises(kmcodec.ChecksumError):
            kmcodec.decode(bytes(data), box=box)


def test_a_box_does_not_excuse_truncation():
    """That all bands are there is verified for any box."""
    data = kmcodec.encode(gradient(70, 50), band_rows=8)
    with pytest.raises(kmcodec.TruncatedError):
        kmcodec.decode(data[:-1], box=(0, 0, 1, 1))


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 0, 1),
        (0, 0, 1, 0),
        (2, 0, 1, 1),
        (0, 2, 1, 1),
        (-1, 0, 1, 1),
        (0, -1, 1, 1),
        (0, 0, 71, 1),
        (0, 0, 1, 51),
        (70, 0, 71, 1),
        (0, 0, 1),
        (0, 0, 1, 1, 1),
        (),
    ],
)
def test_a_box_that_is_none_is_a_mistake_of_the_caller(box):
    """Empty boxes, boxes beyond the picture and what has not four sides are refused."""
    with pytest.raises(ValueError):  # noqa: PT011  (some of these are Python's own words)
        kmcodec.decode(kmcodec.encode(gradient(70, 50)), box=box)


@pytest.mark.parametrize("box", [(0, 0, 5), 5, "abcd", (0, 0, 1.5, 1)])
def test_a_box_of_anything_else_is_told_what_it_must_be(box):
    """What is not four integers is shown as it was given."""
    fault = re.escape(f"box is {box!r}, must be four integers")
    with pytest.raises((TypeError, ValueError), match=fault):
        kmcodec.decode(kmcodec.encode(gradient(70, 50)), box=box)


@both_codings
def test_bands_are_checked_without_pixels(coding):
    """Each band can be verified for itself."""
    data = bytearray(kmcodec.encode(gradient(70, 50), coding=coding, band_rows=8))
    head = read_head(BytesIO(data), None)
    bands = find_bands(BytesIO(data), head)
    data[bands[4].offset] ^= 1
    stream = BytesIO(data)

    assert head.header.coding == Coding[coding.upper()]
    for number in range(len(bands)):
        alone = bands.of_rows(8 * number, 8 * number + 1)
        if number == 4:
            with pytest.raises(kmcodec.ChecksumError):
                check_bands(stream, head, alone)
        else:
            check_bands(stream, head, alone)
