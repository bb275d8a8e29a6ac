"""Provide Cython loops for the modules of the same names; they never allocate, raise or read."""

from ..._compiled import require_compiled

NAMES = ("dithering", "histogram", "kmeans", "points", "rate", "rounding", "search", "seeding")

require_compiled(__name__, NAMES)
