"""Print what belongs in a bug report: ``python -m kmcodec --report``."""

import argparse
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from PIL import Image

from . import libkmq
from ._compiled import compiled
from .format import FORMAT
from .quantizer import _loops

PACKAGES = ("kmcodec", "numpy", "scipy", "pillow", "bitarray")


def main() -> int:
    """Print the report if it is asked for, else help."""
    parser = argparse.ArgumentParser(
        prog="python -m kmcodec",
        description="The commands are kmq-convert, kmq-info and kmq-report.",
        allow_abbrev=False,
    )
    parser.add_argument("--report", action="store_true", help="tell versions and build")
    if parser.parse_args().report:
        print(report())
    else:
        parser.print_help()
    return 0


def report() -> str:
    """Return versions, extensions, registration and cores, each on a line."""
    modules = {
        name: there
        for package in (libkmq, _loops)
        for name, there in compiled(package.__name__, package.NAMES).items()
    }
    extensions = [f"{name} {'' if there else 'not '}compiled" for name, there in modules.items()]
    facts = {
        **{name: installed_version(name) for name in PACKAGES},
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "platform": platform.platform(),
        "extensions": ", ".join(extensions),
        "Pillow plugin": "registered" if FORMAT in Image.OPEN else "not registered",
        "cores": str(os.cpu_count()),
    }
    return "\n".join(f"{name}: {fact}" for name, fact in facts.items())


def installed_version(name: str) -> str:
    """Return the version of a package, or say that it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    sys.exit(main())
