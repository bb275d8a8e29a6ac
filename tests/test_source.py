"""What a .kmq file may be given as, wherever one is read."""

import os
import tarfile
import threading
from io import BytesIO, RawIOBase, StringIO
from mmap import ACCESS_READ, mmap

import numpy as np
import pytest
from helpers import picture
from PIL import Image

import kmcodec

READERS = [kmcodec.decode, kmcodec.decode_indexed, kmcodec.load, kmcodec.info]
each_reader = pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)


class Pipe(RawIOBase):
    """A stream that cannot go back, and gives few bytes at once."""

    def __init__(self, data):
        super().__init__()
        self.rest = data

    def readable(self):
        return True

    def readinto(self, buffer):
        size = min(len(buffer), len(self.rest), 7)
        buffer[:size], self.rest = self.rest[:size], self.rest[size:]
        return size


@pytest.fixture
def data():
    """Return a file."""
    return kmcodec.encode(picture(9, 7, 5), comment="a file")


def as_tuple(result):
    """Return what a reader gives in a form that can be compared."""
    if isinstance(result, kmcodec.Info):
        return (result,)
    parts = result if isinstance(result, tuple) else (result,)
    return tuple(np.asarray(part).tolist() for part in parts)


@each_reader
def test_a_path_bytes_or_a_file_are_the_same(read, data, tmp_path):
    """Paths as text or PathLike, buffers of every kind, files that can be sought or not."""
    path = tmp_path / "a.kmq"
    path.write_bytes(data)
    expected = as_tuple(read(data))
    buffers = [bytearray(data), memoryview(data), np.frombuffer(data, np.uint8)]
    with path.open("rb") as file:
        for source in (path, str(path), *buffers, BytesIO(data), file, Pipe(data)):
            assert as_tuple(read(source)) == expected, source


@each_reader
def test_a_pipe_by_its_path_is_read_too(read, data, tmp_path):
    """A path may lead to what cannot be sought."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(data,))
    writer.start()

    assert as_tuple(read(path)) == as_tuple(read(data))
    writer.join()


@each_reader
def test_strided_bytes_are_bytes(read, data):
    """A view need not be in one piece."""
    twice = bytes(byte for byte in data for _ in range(2))

    assert as_tuple(read(memoryview(twice)[::2])) == as_tuple(read(data))


@each_reader
@pytest.mark.parametrize("source", [None, 5, [1, 2], StringIO("text")])
def test_anything_else_is_the_callers_mistake(read, source):
    """It is not a damaged file."""
    with pytest.raises(TypeError, match="path, bytes or a binary file"):
        read(source)


@each_reader
def test_a_file_is_read_from_its_start_and_stays_open(read, data):
    """What the caller opened the caller closes."""
    file = BytesIO(data)
    file.seek(5)
    read(file)

    assert not file.closed


@each_reader
def test_a_missing_file_is_the_systems_error(read, tmp_path):
    """Its name is told."""
    with pytest.raises(FileNotFoundError, match=r"none\.kmq"):
        read(tmp_path / "none.kmq")


class Slow(BytesIO):
    """A file that takes few bytes at once."""

    def write(self, data):
        return super().write(data[:11])


def test_every_byte_is_written_to_a_slow_file(data):
    """A raw file may take less than it is given."""
    saved, by_pillow = Slow(), Slow()
    kmcodec.save(picture(9, 7, 5), saved, comment="a file")
    Image.fromarray(picture(9, 7, 5)).save(by_pillow, "KMQ", comment="a file")

    assert saved.getvalue() == by_pillow.getvalue() == data


class Silent:
    """A file whose writing does not say how much it took."""

    def __init__(self):
        self.taken = b""

    def write(self, data):
        self.taken += data


def test_a_file_that_does_not_say_took_all(data):
    """As Python's own writers, which are not checked for it either."""
    file = Silent()
    kmcodec.save(picture(9, 7, 5), file, comment="a file")

    assert file.taken == data


class Full(RawIOBase):
    """A raw file that would have to wait."""

    def write(self, _data):
        return None


def test_a_raw_file_that_does_not_wait_is_an_error():
    """Nothing was written, and that is said."""
    with pytest.raises(BlockingIOError):
        kmcodec.save(picture(9, 7, 5), Full())


class Idle(RawIOBase):
    """A raw file that has nothing yet, and would have to wait for it."""

    def readable(self):
        return True

    def read(self, size=-1):
        return b"" if size == 0 else None


class OnlyRead:
    """A file that can be read, and nothing else."""

    def __init__(self, data):
        self.read = BytesIO(data).read


@each_reader
def test_a_file_without_data_yet_is_not_damaged(read):
    """That it would have to wait is said."""
    with pytest.raises(BlockingIOError):
        read(Idle())


@each_reader
def test_a_file_that_can_only_be_read_is_enough(read, data, tmp_path):
    """Such as a member of an archive that is streamed."""
    assert as_tuple(read(OnlyRead(data))) == as_tuple(read(data))
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("a.kmq")
        info.size = len(data)
        archive.addfile(info, BytesIO(data))
    with tarfile.open(tmp_path / "a.tar", "r|") as archive:
        member = archive.extractfile(archive.next())
        assert as_tuple(read(member)) == as_tuple(read(data))


@each_reader
def test_an_empty_name_is_of_no_file(read):
    """It is not the current folder."""
    with pytest.raises(FileNotFoundError):
        read("")
    with pytest.raises(FileNotFoundError):
        kmcodec.save(picture(2, 2, 2), "")


def test_a_text_file_is_refused_before_any_work():
    """Text is no place for a picture."""
    with pytest.raises(TypeError, match="target is a path or a binary file, not StringIO"):
        kmcodec.save(picture(2, 2, 2), StringIO())


def test_a_mapped_file_opens_in_pillow(data, tmp_path):
    """Whose seek does not tell where it is."""
    path = tmp_path / "a.kmq"
    path.write_bytes(data)
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
        assert np.array_equal(np.asarray(Image.open(mapped)), picture(9, 7, 5))


@pytest.mark.parametrize(
    "options", [{"box": (0, 0, 3, "4")}, {"box": 5}, {"max_pixels": "9"}, {"threads": 1.5}]
)
def test_wrong_arguments_are_named(data, options):
    """In a sentence."""
    with pytest.raises(TypeError, match=f"{next(iter(options))} is .* must be"):
        kmcodec.decode(data, **options)


def test_numbers_may_be_of_any_integer_type(data):
    """NumPy's too."""
    pixels = kmcodec.decode(data, threads=np.int64(1), max_pixels=np.int32(63))

    assert np.array_equal(pixels, picture(9, 7, 5))
    with pytest.raises(kmcodec.LimitError):
        kmcodec.decode(data, max_pixels=np.int64(62))


def test_a_file_is_saved_to_whatever_can_be_written(data):
    """A binary file gets the bytes that a path would."""
    file = BytesIO()
    kmcodec.save(picture(9, 7, 5), file, comment="a file")

    assert file.getvalue() == data
    with pytest.raises(TypeError, match="path or a binary file"):
        kmcodec.save(picture(9, 7, 5), 5)
