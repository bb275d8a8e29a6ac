"""Paths: a file is the old one or the complete new one."""

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import gradient, picture

import kmcodec
from kmcodec.files import atomic_file

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX file semantics")


@pytest.fixture
def target(tmp_path):
    """Make a file with content, alone in its directory."""
    path = tmp_path / "x.kmq"
    path.write_bytes(b"old")
    return path


class FaultError(Exception):
    """What goes wrong in these tests."""


def write_and_fail(path):
    """Write to a file and fail before it is complete."""
    with atomic_file(path) as file:
        file.write(b"half")
        raise FaultError


def alone(path):
    """Whether nothing else was left in a file's directory."""
    return list(path.parent.iterdir()) == [path]


def test_save_and_load(tmp_path):
    """What is saved is loaded, in its mode, and the file is closed."""
    pixels = picture(7, 5, 9)
    kmcodec.save(pixels, tmp_path / "x.kmq", comment="c")
    image = kmcodec.load(str(tmp_path / "x.kmq"))

    assert image.mode == "RGB"
    assert image.info["comment"] == b"c"
    assert (np.asarray(image) == pixels).all()
    assert image.fp is None


def test_a_finished_file_replaces_the_old_one(target):
    """The new content is there when the block ends, and no temporary file is left."""
    with atomic_file(target) as file:
        file.write(b"new")
        assert target.read_bytes() == b"old"

    assert target.read_bytes() == b"new"
    assert alone(target)


def test_a_fault_keeps_the_old_file(target):
    """After an error the old file is as it was, and no temporary file is left."""
    with pytest.raises(FaultError):
        write_and_fail(target)

    assert target.read_bytes() == b"old"
    assert alone(target)


def test_a_fault_leaves_no_new_file(tmp_path):
    """After an error a file that was not there is not there."""
    with pytest.raises(FaultError):
        write_and_fail(tmp_path / "new.kmq")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["fsync", "replace", "write"])
def test_any_failing_step_keeps_the_old_file(target, monkeypatch, call):
    """Whichever system call fails, the old file stays and no temporary file is left."""

    def fail(*_):
        raise OSError(28, "No space left on device")

    if call == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    elif call == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    pieces = fail if call == "write" else picture(2, 2, 2)
    with pytest.raises((OSError, TypeError)):
        kmcodec.save(pieces, target)

    monkeypatch.undo()
    assert target.read_bytes() == b"old"
    assert alone(target)


def test_an_impossible_image_does_not_touch_the_file(target):
    """Mistakes are found before the file is written."""
    with pytest.raises(ValueError, match="colors"):
        kmcodec.save(picture(2, 2, 2), target, colors=0)

    assert target.read_bytes() == b"old"


@posix
def test_permissions_stay(target):
    """An old file's permissions are kept; a new file has those of any new file."""
    target.chmod(0o640)
    kmcodec.save(picture(2, 2, 2), target)
    new = target.with_name("new.kmq")
    kmcodec.save(picture(2, 2, 2), new)
    plain = target.with_name("plain")
    plain.touch()

    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert new.stat().st_mode == plain.stat().st_mode


@posix
def test_a_symbolic_link_is_followed(target):
    """Saving to a link replaces the file it points to, and the link stays."""
    link = target.with_name("link.kmq")
    link.symlink_to(target.name)
    kmcodec.save(picture(2, 2, 2), link)

    assert link.is_symlink()
    assert kmcodec.info(target).header.width == 2


@posix
def test_a_pipe_is_written_directly(tmp_path):
    """What is no regular file is not replaced by one."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    kmcodec.save(picture(2, 2, 2), path)
    data = os.read(reader, 1000)
    os.close(reader)

    assert stat.S_ISFIFO(path.stat().st_mode)
    assert kmcodec.decode(data).shape == (2, 2, 3)


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_an_error():
    """A write that fails is reported, not swallowed."""
    with pytest.raises(OSError, match="No space"):
        kmcodec.save(picture(2, 2, 2), "/dev/full")


def test_a_directory_or_missing_directory_is_an_error(tmp_path):
    """Paths that cannot be files are the system's own errors."""
    with pytest.raises(OSError, match="directory"):
        kmcodec.save(picture(2, 2, 2), tmp_path)
    with pytest.raises(FileNotFoundError):
        kmcodec.save(picture(2, 2, 2), tmp_path / "missing" / "x.kmq")


def test_a_long_name_is_saved(tmp_path):
    """A name of the greatest length leaves room for the temporary one."""
    path = tmp_path / ("n" * 251 + ".kmq")
    kmcodec.save(picture(2, 2, 2), path)

    assert alone(path)


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
