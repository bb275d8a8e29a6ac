"""Which peers are installed, in which versions."""

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib import metadata
from importlib.util import find_spec
from typing import Any, Protocol, TypeVar

from PIL import features

DISTRIBUTIONS = (
    "kmcodec", "numpy", "pillow", "imagequant", "pyoxipng", "imagecodecs",
    "opencv-python-headless", "scikit-learn", "scikit-image", "flip-evaluator",
)  # fmt: skip
VERSION_OPTIONS = {"pngquant": "--version", "gifsicle": "--version", "cwebp": "-version"}


class Peer(Protocol):
    """Something that needs modules, commands (``$name``) or features of Pillow (``PIL:name``)."""

    @property
    def needs(self) -> tuple[str, ...]:
        """List what has to be installed."""


P = TypeVar("P", bound=Peer)


def installed(peers: Mapping[str, P]) -> dict[str, P]:
    """Choose the peers whose needs are there, and name the others."""
    found = {}
    for name, peer in peers.items():
        if missing := [need for need in peer.needs if not is_there(need)]:
            print(f"left out, for want of {', '.join(missing)}: {name}", file=sys.stderr)
        else:
            found[name] = peer
    return found


def is_there(need: str) -> bool:
    """Tell whether a module, a command or a feature of Pillow is installed."""
    if need.startswith("$"):
        return shutil.which(need[1:]) is not None
    if need.startswith("PIL:"):
        return need[4:] in features.get_supported()
    return find_spec(need) is not None


def versions() -> dict[str, str]:
    """Tell the versions of packages, of the libraries behind them, and of commands."""
    found = {}
    for name in DISTRIBUTIONS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
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


def stamp() -> dict[str, Any]:
    """Tell when, where and with which versions figures are measured."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "versions": versions(),
    }
