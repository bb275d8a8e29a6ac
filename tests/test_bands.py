"""Bands on threads: results in order, few at a time, and the same bytes for any number."""

import re
import threading
import time
from contextlib import closing
from io import BytesIO

import numpy as np
import pytest
from helpers import drawing, gradient, picture
from PIL import Image

import kmcodec
from kmcodec.coding.bands import check_band, count_workers, map_in_order
from kmcodec.coding.container import find_bands, read_head
from kmcodec.format import Coding

both_codings = pytest.mark.parametrize("coding", ["modelled", "packed"])
some_threads = pytest.mark.parametrize("threads", [1, 2, 5])


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_results_come_in_order(workers):
    """Late results do not overtake early ones, and early ones wait."""

    def slow_at_first(number):
        time.sleep(0.01 * (number < 3))
        return -number

    assert list(map_in_order(slow_at_first, range(20), workers)) == [-n for n in range(20)]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_nothing_gives_nothing(workers):
    """No items have no results."""
    assert list(map_in_order(str, [], workers)) == []


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_few_items_are_taken_ahead(workers):
    """Items are taken at most two a worker before the results that are asked for."""
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    with closing(map_in_order(str, items(), workers)) as results:
        assert not taken
        for wanted in range(1, 6):
            next(results)
            assert len(taken) < wanted + 2 * workers


def test_one_worker_is_the_caller_itself():
    """With one worker no thread is started, and nothing is done ahead."""
    names = map_in_order(lambda _: threading.current_thread().name, range(3), 1)

    assert set(names) == {threading.current_thread().name}


def test_workers_are_threads_that_end():
    """With more workers all items are done elsewhere, and no thread outlives the last result."""
    before = threading.active_count()
    names = set(map_in_order(lambda _: threading.current_thread().name, range(9), 3))

    assert threading.current_thread().name not in names
    assert len(names) <= 3
    assert threading.active_count() == before


def test_workers_run_at_the_same_time():
    """Two items that wait for one another are done by two workers."""
    barrier = threading.Barrier(2, timeout=30)

    assert len(list(map_in_order(lambda _: barrier.wait(), range(2), 2))) == 2


class FaultError(Exception):
    """What goes wrong in these tests."""


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_fault_comes_after_the_results_before_it(workers):
    """An error of the function is raised in its turn; results before it are not lost."""

    def fail_at_four(number):
        if number == 4:
            raise FaultError
        return number

    results = map_in_order(fail_at_four, range(10), workers)

    assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(FaultError):
        next(results)
    assert list(results) == []


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_fault_of_the_items_is_raised(workers):
    """An error where items come from is raised too, and all threads end."""
    before = threading.active_count()

    def items():
        yield 1
        raise FaultError

    with pytest.raises(FaultError):
        list(map_in_order(str, items(), workers))
    assert threading.active_count() == before


def test_results_that_nobody_wants_are_not_made():
    """Closing early cancels what has not begun, and waits for what has."""
    before = threading.active_count()
    done = []
    gate = threading.Event()

    def wait(number):
        if number:
            assert gate.wait(30)
        done.append(number)

    results = map_in_order(wait, range(50), 2)
    next(results)
    gate.set()
    results.close()

    assert len(done) <= 4
    assert threading.active_count() == before


def test_workers_are_as_many_as_are_wanted_and_useful():
    """The caller's number, or one a core, but never more than there are bands."""
    assert [count_workers(threads, 4) for threads in (1, 3, 4, 5, 1000)] == [1, 3, 4, 4, 4]
    assert 1 <= count_workers(None, 3) <= 3
    assert count_workers(None, 1) == 1


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
    for number, band in enumerate(bands):
        if number == 4:
            with pytest.raises(kmcodec.ChecksumError):
                check_band(stream, head, band)
        else:
            check_band(stream, head, band)
