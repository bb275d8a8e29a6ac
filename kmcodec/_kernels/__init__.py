"""Hot loops, Python compiled by Cython: no allocation, no raising, no I/O.

The compiled form is required. Uncompiled, these loops would run a thousand times slower, so an
installation without it fails here instead of seeming to work.
"""

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec

NAMES = ("histogram", "kmeans", "mapping", "modelling", "packing", "palette_coding", "rate")


def compiled() -> dict[str, bool]:
    """Whether each kernel module is the compiled one."""
    found = {name: find_spec(f"{__name__}.{name}") for name in NAMES}
    return {
        name: spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))
        for name, spec in found.items()
    }


if not all(compiled().values()):
    missing = ", ".join(name for name, there in compiled().items() if not there)
    raise ImportError(
        f"the compiled kernels of this kmcodec are missing ({missing}): reinstall it where a C "
        "compiler is available; to run Python in a checkout, use `pip install -e .`"
    )
