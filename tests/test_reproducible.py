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
    "16 colors": ("1ffc7f11ff3a41e9", {"colors": 16}),
    "64 colors": ("524f1fe0ad514bef", {"colors": 64}),
    "256 colors": ("7564e2dfbcaca1ca", {"colors": 256}),
    "700 colors": ("99610787ec979f59", {"colors": 700}),
    "packed": ("462031d79deb612d", {"colors": 100, "coding": "packed"}),
    "best": ("c285f46a0c1f7975", {"colors": 24, "speed": 1}),
    "fastest": ("26bb284d05793cc6", {"colors": 24, "speed": 10}),
    "drawn": ("8abd4dbc9eaa91fe", {"colors": 24, "seeding": "k-means++", "seed": 5}),
    "diffused": ("7ff0aceb90c59b1e", {"colors": 24, "dither": 0.75}),
    "ordered": ("228166c55e9650a0", {"colors": 24, "dither": 1.0, "dithering": "ordered"}),
    "auto": ("0516722cc7c59b58", {"colors": 24, "dither": "auto"}),
    "rate": ("390d3b6941334171", {"colors": 48, "rate": 12.5}),
    "oklab with alpha": ("51f5dfc285e89e70", {"colors": 48, "space": "oklab", "rate": 3}),
}


def digest_of(name, threads):
    """Return the start of the SHA-256 of one encode, in several bands."""
    options = GOLDEN[name][1]
    pixels = surface(160, 128, 4 if "alpha" in name else 3)
    data = kmcodec.encode(pixels, **options, band_rows=40, threads=threads)
    return hashlib.sha256(data).hexdigest()[:16]


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("threads", [1, 2])
def test_bytes_are_frozen(name, threads):
    """A photograph made of integers gives these bytes; a change of them must be meant."""
    assert digest_of(name, threads) == GOLDEN[name][0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "KMQ_NO_AVX2": "1"},
        {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"},
    ],
    ids=["one thread, no AVX2", "two threads"],
)
def test_bytes_do_not_depend_on_libraries_and_processor(settings):
    """Another process, with other settings of BLAS and OpenMP or of kernels, has the same bytes."""
    code = "import test_reproducible as t; print(*[t.digest_of(name, 1) for name in t.GOLDEN])"
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | settings,
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
