"""What the tests of the commands share."""

import io
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import kmcodec

TOOLS = Path(__file__).resolve().parent.parent / "tools"
PACKAGES = str(Path(kmcodec.__file__).resolve().parent.parent)
"""Where other processes find kmcodec: installed, as a checkout may not be compiled."""
EXIF = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08" + bytes.fromhex(  # orientation 6
    "0001 0112 0003 0000 0001 0006 0000 0000 0000"
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX file semantics")
needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
needs_descriptors = pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")


class FakeStandard:
    """Standard input or output that holds bytes."""

    def __init__(self, data=b""):
        self.buffer = io.BytesIO(data)

    def write(self, text):
        return self.buffer.write(text.encode())

    def flush(self):
        pass


class Terminal(io.BytesIO):
    """Bytes that say they are a terminal."""

    def isatty(self):
        return True


def run_tool(name, *arguments, **settings):
    """Run a script of ``tools`` in a process of its own."""
    command = [sys.executable, str(TOOLS / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **settings)


def run_shell(name, *arguments, closed):
    """Run a script of ``tools`` from a shell that closes streams, as ``2>&-`` does."""
    command = [sys.executable, str(TOOLS / name), *arguments]
    script = f'exec "$@" {closed}'
    return subprocess.run(
        ["sh", "-c", script, "sh", *command], capture_output=True, check=False, timeout=60
    )


def run_node(*arguments, text=""):
    """Run Node, if it is there."""
    node = shutil.which("node")
    if not node:
        pytest.skip("node is not installed")
    command = [node, *map(str, arguments)]
    return subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, timeout=120
    )


@contextmanager
def descriptor(number, file):
    """Let a descriptor of this process be that of a file, as ``number> file`` does in a shell."""
    before = os.dup(number)
    os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        os.dup2(before, number)
        os.close(before)


def exit_code(main, *arguments):
    """Return the exit code of a command run in this process."""
    try:
        return main(arguments)
    except SystemExit as end:
        return end.code


def same(one, other):
    """Whether two image files hold the same mode and pixels."""
    with Image.open(one) as first, Image.open(other) as second:
        assert first.mode == second.mode
        return np.array_equal(np.asarray(first), np.asarray(second))


def damage(path, offset=-6):
    """Flip one bit of a file."""
    data = bytearray(Path(path).read_bytes())
    data[offset] ^= 1
    Path(path).write_bytes(data)
