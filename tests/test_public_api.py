"""The surface users rely on, and the rules the house is built by."""

import ast
import inspect
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import kmcodec
from kmcodec import _kernels, libkmq
from kmcodec._compiled import compiled

PACKAGE = Path(kmcodec.__file__).parent
STAGES = {
    "coded_palette",
    "container",
    "histogram",
    "modelled",
    "packed",
    "palette",
    "pixels",
    "quantize",
}
KERNELS = {"histogram", "kmeans", "mapping", "rate"}


def test_the_surface():
    """The public names are these, and nothing else."""
    errors = ["KmqError", "ChecksumError", "FormatError", "LimitError", "SignatureError"]
    errors += ["TruncatedError", "UnsupportedError"]
    functions = ["decode", "decode_indexed", "encode", "encode_indexed", "info", "load"]
    functions += ["quantize", "quantize_many", "register", "save"]
    others = ["Info", "QualityError", "Quantized"]

    assert sorted([*errors, *functions, *others]) == sorted(kmcodec.__all__)
    assert all(issubclass(getattr(kmcodec, name), kmcodec.KmqError) for name in errors)
    assert issubclass(kmcodec.KmqError, OSError)


def test_public_names_are_documented():
    """Each public name has a docstring."""
    for name in kmcodec.__all__:
        assert inspect.getdoc(getattr(kmcodec, name)), name


def test_the_package_is_typed_and_versioned():
    """py.typed is installed, and the version is that of the distribution."""
    assert (PACKAGE / "py.typed").exists()
    assert version("kmcodec").count(".") == 2


def test_kernels_are_compiled():
    """All kernels are known, each has its types, and none runs uncompiled."""
    folder = PACKAGE / "_kernels"
    sources = {path.stem for path in folder.glob("*.py")} - {"__init__", "build"}

    assert set(_kernels.NAMES) == KERNELS == {path.stem for path in folder.glob("*.pyi")}
    assert sources >= KERNELS
    for package in (_kernels, libkmq):
        assert compiled(package.__name__, package.NAMES) == dict.fromkeys(package.NAMES, True)


def imports_of(path):
    """Names of the modules of this package that a module imports when it is imported."""
    names = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            names |= {node.module} if node.module else {alias.name for alias in node.names}
    return {name.split(".")[0] for name in names}


def test_stages_do_not_import_one_another():
    """Only what stands above the stages sees more than one.

    The one exception is a part of another: a container's palette may be a coded one.
    """
    for stage in STAGES - {"quantize"}:
        parts = {"container": {"coded_palette"}}.get(stage, set())
        assert not imports_of(PACKAGE / f"{stage}.py") & (STAGES - {stage} - parts), stage
    modules = sorted((PACKAGE / "quantize").glob("*.py"))
    assert modules
    for module in modules:
        assert not imports_of(module) & (STAGES - {"histogram", "quantize"}), module


def test_each_layer_sees_only_what_is_below():
    """Stages know no layer, bands and indexing no plan, the plan no codec, the codec no file."""
    layers = ["bands", "indexing", "plan", "codec", "KmqImagePlugin", "files"]
    for number, layer in enumerate(layers):
        assert not imports_of(PACKAGE / f"{layer}.py") & set(layers[number + 1 :]), layer
    for stage in STAGES - {"quantize"}:
        assert not imports_of(PACKAGE / f"{stage}.py") & set(layers), stage


def test_errors_and_format_stand_alone():
    """The error tree imports nothing, the format only the errors."""
    assert imports_of(PACKAGE / "errors.py") == set()
    assert imports_of(PACKAGE / "format.py") == {"errors"}


def test_import_is_light():
    """Importing the package loads neither SciPy nor bitarray nor any tool's module."""
    code = "import sys, kmcodec; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()

    heavy = ("scipy", "bitarray", "argparse", "multiprocessing", "setuptools")
    assert not [name for name in loaded if name.split(".")[0] in heavy]
    assert "kmcodec.KmqImagePlugin" in loaded
