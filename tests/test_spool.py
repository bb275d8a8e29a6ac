"""What waits in temporary files."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from helpers import noise

from kmcodec import spool
from kmcodec.spool import ByteSpool, Change, FrameSpool


def change_of(before, after):
    """Return what differs between two (height, width, channels)."""
    mask = (before != after).any(axis=2)
    rows = np.flatnonzero(mask.any(axis=1))
    return Change(rows, mask[rows], after[mask])


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_pieces_come_back_in_order_as_often_as_wanted(size):
    """Empty ones too, whether they are in memory or in a file."""
    pieces = [bytes([number]) * (number * size) for number in range(6)]
    spooled = ByteSpool()
    for piece in pieces:
        spooled.append(piece)

    assert list(spooled) == pieces
    assert list(spooled) == pieces


def test_many_pieces_are_in_a_file():
    """A few megabytes are all that is held."""
    spooled = ByteSpool()
    spooled.append(bytes(spool._MEMORY_BYTES))
    spooled.append(b"more")

    assert spooled._file._rolled


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(1, 1), (5, 13), (17, 8)])
def test_changes_come_back(shape, channels):
    """Rows, pixels and values do, for any part of a frame."""
    rng = np.random.default_rng(0)
    frames = [np.zeros((*shape, channels), np.uint8)]
    for share in (1, 0, 0.1, 0.5, 0, 0.9):
        changed = rng.random((*shape, 1)) < share
        frames.append(np.where(changed, noise((*shape, channels), len(frames)), frames[-1]))
    spooled = FrameSpool(*shape)
    for before, after in pairwise(frames):
        changes = change_of(before, after)
        spooled.append(changes if len(changes.rows) else None)

    plane = frames[0].copy()
    for change, frame in zip(spooled, frames[1:], strict=True):
        if change is not None:
            change.put(plane, change.values)
            assert change.take(frame).tolist() == change.values.tolist()

        assert plane.tolist() == frame.tolist()


def test_what_does_not_change_takes_eight_bytes():
    """However large frames are."""
    spooled = FrameSpool(1 << 14, 1 << 14)
    for _ in range(1000):
        spooled.append(None)

    assert spooled._pieces._file.seek(0, 2) == 8000
    assert list(spooled) == [None] * 1000


FILLS_A_DISK = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
from kmcodec.spool import ByteSpool
spooled = ByteSpool()
try:
    for _ in range(100):
        spooled.append(bytes(100_000))
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs limits of POSIX")
def test_a_full_disk_is_an_error():
    """It is the one that the system gives, and nothing else is told."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", FILLS_A_DISK], capture_output=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"File too large\n", b"")
