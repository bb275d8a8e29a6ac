"""The surface users rely on."""

import inspect
import os
import pydoc
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

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


def test_names_are_found_when_they_are_used():
    """All are told by ``dir``, at hand by each kind of import, and what is no name is an error."""
    assert set(kmcodec.__all__) <= set(dir(kmcodec))
    star: dict[str, object] = {}
    exec("from kmcodec import *", star)
    for name in kmcodec.__all__:
        assert star[name] is getattr(kmcodec, name) is vars(kmcodec)[name]
    assert kmcodec.options.Options().colors == 256
    with pytest.raises(AttributeError, match="module 'kmcodec' has no attribute 'encode_all'"):
        kmcodec.encode_all  # noqa: B018


def test_help_tells_of_all_names():
    """``help(kmcodec)`` shows the functions, though none is imported before."""
    text = pydoc.render_doc(kmcodec, renderer=pydoc.plaintext)

    assert {name for name in kmcodec.__all__ if name not in text} == {"__version__"}
    assert "encode(image:" in text
    assert kmcodec.__version__ in text


def test_what_is_not_compiled_is_refused_at_once(tmp_path):
    """Importing the package fails, not its first use, and says what to do."""
    shutil.copytree(PACKAGE, tmp_path / "kmcodec", ignore=shutil.ignore_patterns("*.so", "*.pyd"))
    command = [sys.executable, "-P", "-c", "import kmcodec"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env=environment
    )

    assert result.returncode == 1
    assert (
        f"the kmcodec in {tmp_path / 'kmcodec'} is not compiled (binding, costs of" in result.stderr
    )


def loaded_by(code: str) -> set[str]:
    """Run a program in an interpreter of its own, and return the modules that it has loaded."""
    program = f"import sys; {code}; print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-P", "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return set(result.stderr.split())


HEAVY = ("scipy", "bitarray", "multiprocessing", "setuptools", "concurrent")


def ours(loaded: set[str]) -> set[str]:
    """Return the first folder or module of the package of each that is loaded."""
    return {name.split(".")[1] for name in loaded if name.startswith("kmcodec.")}


def test_import_is_light():
    """Importing the package registers the plugin, and loads neither coding nor quantizer."""
    loaded = loaded_by("import kmcodec")

    assert not {name.split(".")[0] for name in loaded} & {*HEAVY, "argparse"}
    assert "importlib.metadata" not in loaded
    assert "KmqImagePlugin" in ours(loaded)
    assert not ours(loaded) & {"cli", "codec", "coding", "files", "frames", "plugin", "quantizer"}


def test_reading_needs_no_quantizer(tmp_path):
    """Neither Pillow nor functions that read import what encodes."""
    kmcodec.save(np.eye(8) > 0, tmp_path / "a.kmq")
    for read in (
        "from PIL import Image; import kmcodec; Image.open({0!r}).load()",
        "import kmcodec; kmcodec.load({0!r})",
        "import kmcodec; kmcodec.info({0!r}, check=True)",
        "import kmcodec; kmcodec.decode({0!r}); kmcodec.decode_indexed({0!r})",
        "import kmcodec; list(kmcodec.decode_frames({0!r}))",
    ):
        loaded = loaded_by(read.format(str(tmp_path / "a.kmq")))
        assert not {name.split(".")[0] for name in loaded} & set(HEAVY)
        assert not ours(loaded) & {"cli", "codec", "frames", "quantizer"}, read


def test_commands_load_what_they_need(tmp_path):
    """Help comes without coding, the facts of a file without the quantizer, neither the version."""
    kmcodec.save(np.eye(8) > 0, tmp_path / "a.kmq")
    run = (
        "from contextlib import suppress; from kmcodec.cli import {0}\n"
        "with suppress(SystemExit): {0}.main([{1!r}])\n"
    )
    for command, argument, unwanted in (
        ("convert", "--help", {"coding", "codec", "frames", "quantizer"}),
        ("info", "--help", {"codec", "frames", "quantizer"}),
        ("info", str(tmp_path / "a.kmq"), {"codec", "frames", "quantizer"}),
    ):
        loaded = loaded_by(f"exec({run.format(command, argument)!r})")
        assert "importlib.metadata" not in loaded
        assert not {name.split(".")[0] for name in loaded} & set(HEAVY)
        assert not ours(loaded) & unwanted, (command, argument)
