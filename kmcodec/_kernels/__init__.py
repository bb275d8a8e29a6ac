"""Hot loops, Python compiled by Cython: no allocation, no raising, no I/O."""

from .._compiled import require_compiled

NAMES = ("histogram", "kmeans", "mapping", "rate")

require_compiled(__name__, NAMES)
