"""Same input and options, same bytes: on every machine, in every run, with any threads."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import surface

import kmcodec

GOLDEN = {
    "16 colors": ("8e889c92c1bac38a", {"colors": 16}),
    "64 colors": ("f3306019eb1c1cf5", {"colors": 64}),
    "256 colors": ("43194a46ec465af4", {"colors": 256}),
    "700 colors": ("210a27903ac2286d", {"colors": 700}),
    "packed": ("4a4bb8db2cc0ea1e", {"colors": 100, "coding": "packed"}),
    "best": ("d9a1de5b197463f3", {"colors": 24, "speed": 1}),
    "fastest": ("093d70f135a7fe29", {"colors": 24, "speed": 10}),
    "drawn": ("49863b84bb2b341f", {"colors": 24, "seeding": "k-means++", "seed": 5}),
    "diffused": ("58e50dedd9e28890", {"colors": 24, "dither": 0.75}),
    "ordered": ("9df16830157872a0", {"colors": 24, "dither": 1.0, "dithering": "ordered"}),
    "rate": ("f7ba24843ad8ed9d", {"colors": 48, "rate": 12.5}),
    "oklab with alpha": ("8b8bbd1d8f7591b0", {"colors": 48, "space": "oklab", "rate": 3}),
}


def digest_of(name, threads):
    """The start of the SHA-256 of one encode, in several bands."""
    options = GOLDEN[name][1]
    pixels = surface(160, 128, 4 if "alpha" in name else 3)
    data = kmcodec.encode(pixels, **options, band_rows=40, threads=threads)
    return hashlib.sha256(data).hexdigest()[:16]


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("threads", [1, 2])
def test_bytes_are_frozen(name, threads):
    """A photograph made of integers gives these bytes; a change of them must be meant."""
    assert digest_of(name, threads) == GOLDEN[name][0]


@pytest.mark.parametrize("threads", ["1", "2"])
def test_bytes_do_not_depend_on_numerical_libraries(threads):
    """Another process, with other settings of BLAS and OpenMP, gives the same bytes."""
    names = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
    code = "import test_reproducible as t; print(*[t.digest_of(name, 1) for name in t.GOLDEN])"
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | dict.fromkeys(names, threads),
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout

    assert printed.split() == [digest for digest, _ in GOLDEN.values()]


@pytest.mark.parametrize("layout", ["C", "F", "reversed", "read-only"])
def test_bytes_do_not_depend_on_how_pixels_lie_in_memory(layout):
    """Views and other orders of the same pixels are the same picture."""
    pixels = surface(60, 40)
    same = {
        "C": pixels.copy(order="C"),
        "F": np.asfortranarray(pixels),
        "reversed": pixels[::-1].copy()[::-1],
        "read-only": pixels.copy(),
    }[layout]
    same.flags.writeable = layout != "read-only"

    assert kmcodec.encode(same, 20) == kmcodec.encode(pixels, 20)
