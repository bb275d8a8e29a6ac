"""Which peers are installed, in which versions."""

import contextlib
import os
import platform
import re
import shutil
import subprocess
import time
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from PIL import features

DISTRIBUTIONS = (
    "kmcodec",
    "numpy",
    "pillow",
    "imagequant",
    "pyoxipng",
    "imagecodecs",
    "opencv-python-headless",
    "scikit-learn",
    "scikit-image",
)
VERSION_OPTIONS = {"pngquant": "--version", "gifsicle": "--version", "cwebp": "-version"}


def is_there(need: str) -> bool:
    """Whether a module, a command or a feature of Pillow is installed."""
    if need.startswith("$"):
        return shutil.which(need[1:]) is not None
    if need.startswith("PIL:"):
        return need[4:] in features.get_supported()
    return find_spec(need) is not None


def library_versions() -> dict[str, str]:
    """Versions of the commands and of the libraries behind Pillow and imagecodecs."""
    found = {}
    for feature in ("webp", "avif"):
        if is_there(f"PIL:{feature}"):
            found[f"lib{feature}"] = str(features.version(feature))
    if is_there("imagecodecs"):
        import imagecodecs

        found["libjxl"] = imagecodecs.jpegxl_version().split()[-1]
    for command, option in VERSION_OPTIONS.items():
        if is_there(f"${command}"):
            printed = subprocess.run((command, option), capture_output=True, check=True, text=True)
            found[command] = re.findall(r"\d+(?:\.\d+)+", printed.stdout)[0]
    return found


def distribution_versions() -> dict[str, str]:
    """Versions of Python packages."""
    found = {}
    for name in DISTRIBUTIONS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def stamp() -> dict[str, Any]:
    """When, where and with which versions figures were measured."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "versions": {**distribution_versions(), **library_versions()},
    }
