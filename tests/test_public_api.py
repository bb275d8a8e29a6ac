"""The surface users rely on."""

import inspect
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import kmcodec
from kmcodec import libkmq
from kmcodec._compiled import compiled
from kmcodec.quantizer import _loops

PACKAGE = Path(kmcodec.__file__).parent


def test_the_surface():
    """The public names are these, and nothing else."""
    errors = ["KmqError", "ChecksumError", "FormatError", "LimitError", "SignatureError"]
    errors += ["TruncatedError", "UnsupportedError"]
    functions = ["decode", "decode_indexed", "encode", "encode_indexed", "info", "load"]
    functions += ["quantize", "quantize_many", "register", "save"]
    functions += ["decode_frames", "encode_frames", "save_frames"]
    others = ["Encoded", "Frame", "FramesInfo", "Info", "QualityError", "Quantized", "__version__"]

    assert sorted([*errors, *functions, *others]) == sorted(kmcodec.__all__)
    assert all(issubclass(getattr(kmcodec, name), kmcodec.KmqError) for name in errors)
    assert issubclass(kmcodec.KmqError, OSError)


def test_public_names_are_documented():
    """Each public name has a docstring."""
    for name in set(kmcodec.__all__) - {"__version__"}:
        assert inspect.getdoc(getattr(kmcodec, name)), name


def test_the_package_is_typed_and_versioned():
    """py.typed is installed, and the version is that of the distribution."""
    assert (PACKAGE / "py.typed").exists()
    assert version("kmcodec") == kmcodec.__version__
    assert kmcodec.__version__.count(".") == 2


def test_extensions_are_compiled():
    """Each loop has its types and serves the module of its name, and nothing runs uncompiled."""
    folder = PACKAGE / "quantizer" / "_loops"
    sources = {path.stem for path in folder.glob("*.py")} - {"__init__"}

    assert set(_loops.NAMES) == sources == {path.stem for path in folder.glob("*.pyi")}
    assert all((PACKAGE / "quantizer" / f"{name}.py").exists() for name in sources)
    for package in (_loops, libkmq):
        assert compiled(package.__name__, package.NAMES) == dict.fromkeys(package.NAMES, True)


def test_import_is_light():
    """Importing the package loads neither SciPy nor bitarray nor any tool's module."""
    code = "import sys, kmcodec; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()

    heavy = ("scipy", "bitarray", "argparse", "multiprocessing", "setuptools")
    assert not [name for name in loaded if name.split(".")[0] in heavy]
    assert "kmcodec.KmqImagePlugin" in loaded
