"""What a .kmq file may be given as, wherever one is read."""

from io import BytesIO, RawIOBase

import numpy as np
import pytest
from helpers import picture

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
    """A file."""
    return kmcodec.encode(picture(9, 7, 5), comment="a file")


def as_tuple(result):
    """What a reader gives in a form that can be compared."""
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
@pytest.mark.parametrize("source", [None, 5, [1, 2]])
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


def test_a_file_is_saved_to_whatever_can_be_written(data):
    """A binary file gets the bytes that a path would."""
    file = BytesIO()
    kmcodec.save(picture(9, 7, 5), file, comment="a file")

    assert file.getvalue() == data
    with pytest.raises(TypeError, match="path or a binary file"):
        kmcodec.save(picture(9, 7, 5), 5)
