"""Test that a file is the old one or the complete new one."""

import os
import stat
import subprocess
from pathlib import Path

import numpy as np
import pytest
from commands import descriptor, needs_descriptors, needs_full_device, posix
from helpers import picture

import kmcodec
from kmcodec import atomic
from kmcodec.atomic import atomic_file


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
@needs_full_device
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


@pytest.mark.parametrize("letter", ["п", "字", "🎨", "e\u0301"])
def test_a_long_name_in_any_script_is_saved(tmp_path, letter):
    """A name as long as the file system has room for is saved, whatever its letters take."""
    name = letter * (251 // len(letter.encode())) + ".kmq"
    kmcodec.save(picture(2, 2, 2), tmp_path / name)

    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_error_names_the_file_that_was_given(tmp_path):
    """No error tells of a temporary file, whichever step fails."""
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", tmp_path / "missing" / "x.kmq"):
        with pytest.raises(OSError, match=path.name) as caught:
            kmcodec.save(picture(2, 2, 2), path)

        assert caught.value.filename == str(path)
        assert ".tmp" not in str(caught.value)


def test_a_rename_that_fails_names_the_file_that_was_given(target, monkeypatch):
    """The new file and its temporary name are gone, and the error is of the old one."""

    def fail(path, _):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PermissionError) as caught:
        kmcodec.save(picture(2, 2, 2), target)

    assert caught.value.filename == str(target)
    assert alone(target)


def test_an_interrupt_while_the_file_is_made_leaves_none(target, monkeypatch):
    """A temporary file that has just been made is removed, though nobody was told of it."""
    make = os.open

    def interrupted(*args):
        os.close(make(*args))
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "open", interrupted)
    with pytest.raises(KeyboardInterrupt), atomic_file(target):
        pass

    assert alone(target)


def test_a_second_interrupt_leaves_no_file(target, monkeypatch):
    """An interrupt during clean-up does not keep the temporary file."""
    remove, calls = Path.unlink, []

    def interrupted(path):
        calls.append(path)
        if len(calls) == 1:
            raise KeyboardInterrupt
        remove(path)

    monkeypatch.setattr(Path, "unlink", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(target)

    assert alone(target)


@posix
def test_a_file_that_cannot_be_written_is_replaced(target):
    """As with mv, and its permissions stay."""
    target.chmod(0o444)
    kmcodec.save(picture(2, 2, 2), target)

    assert kmcodec.info(target).header.width == 2
    assert stat.S_IMODE(target.stat().st_mode) == 0o444


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid(), reason="needs root")
def test_owner_and_group_stay(target):
    """Where the system allows it, a file's owner and group are kept, and all mode bits then."""
    os.chown(target, 1234, 5678)
    target.chmod(0o6750)
    kmcodec.save(picture(2, 2, 2), target)
    new = target.stat()

    assert (new.st_uid, new.st_gid, stat.S_IMODE(new.st_mode)) == (1234, 5678, 0o6750)


@posix
def test_rights_of_others_are_not_taken_over(target, monkeypatch):
    """Where owner and group cannot be kept, nobody runs or reads it with rights of another."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    facts = list(target.stat())
    facts[stat.ST_MODE] = stat.S_IFREG | 0o6754
    facts[stat.ST_UID] += 1
    facts[stat.ST_GID] += 1
    with target.open("r+b") as file:
        atomic._take_over(file.fileno(), target, os.stat_result(facts))

    assert stat.S_IMODE(target.stat().st_mode) == 0o744


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="needs extended attributes")
def test_extended_attributes_stay(target):
    """What is attached to a file stays attached."""
    try:
        os.setxattr(target, "user.origin", b"scanner")
    except OSError:
        pytest.skip("the file system has no extended attributes")
    kmcodec.save(picture(2, 2, 2), target)

    assert os.getxattr(target, "user.origin") == b"scanner"


@needs_descriptors
@pytest.mark.parametrize("link", [False, True])
def test_a_descriptor_is_written_where_it_stands(target, link):
    """What a file holds stays when it is named by a descriptor, or by a link to one."""
    with target.open("ab") as other:
        path = Path(f"/dev/fd/{other.fileno()}")
        if link:
            path = target.with_name("link")
            path.symlink_to(f"/dev/fd/{other.fileno()}")
        with atomic_file(path) as file:
            file.write(b" new")
        other.write(b" end")
        if link:
            path.unlink()

    assert target.read_bytes() == b"old new end"
    assert alone(target)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_a_descriptor_of_another_process_is_added_to(target):
    """Its file is not emptied, nor replaced while that process has it open."""
    with (
        target.open("ab") as file,
        subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file) as process,
    ):
        with atomic_file(f"/proc/{process.pid}/fd/1") as other:
            other.write(b" new")
        process.communicate()

    assert target.read_bytes() == b"old new"


@needs_descriptors
def test_a_descriptor_of_a_pipe_is_written():
    """A shell names the pipe to a command so."""
    reader, writer = os.pipe()
    with atomic_file(f"/dev/fd/{writer}") as file:
        file.write(b"new")
    os.close(writer)

    assert os.read(reader, 9) == b"new"
    os.close(reader)


@needs_descriptors
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_what_was_in_standard_output_stays(target, name):
    """Another program's lines before and after the picture stay, in order."""
    with target.open("ab", buffering=0) as file, descriptor(1, file):
        file.write(b"before\n")
        kmcodec.save(np.zeros((2, 2, 3), np.uint8), name)
        file.write(b"after\n")
    data = target.read_bytes()

    assert data.startswith(b"oldbefore\n")
    assert data.endswith(b"after\n")
    assert kmcodec.decode(data[10:-6]).shape == (2, 2, 3)
