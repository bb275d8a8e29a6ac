"""Refuse to run without the compiled modules.

Uncompiled, the loops would run a thousand times slower, and the library in C would not run at all,
so an installation without them fails here instead of seeming to work.
"""

from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path


def compiled(package: str, names: Sequence[str]) -> dict[str, bool]:
    """Tell for each module of a package whether it is compiled."""
    found = {name: find_spec(f"{package}.{name}") for name in names}
    return {
        name: spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))
        for name, spec in found.items()
    }


def require_compiled(package: str, names: Sequence[str]) -> None:
    """Refuse an installation that lacks a compiled module of a package."""
    missing = ", ".join(name for name, there in compiled(package, names).items() if not there)
    if missing:
        raise ImportError(
            f"the kmcodec in {Path(__file__).parent} is not compiled ({missing} of {package}): "
            "compile it with `pip install -e .`, or run a Python that has kmcodec installed, and "
            "not in this folder, which hides it"
        )
