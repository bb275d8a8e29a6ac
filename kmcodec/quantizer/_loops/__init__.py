"""Loops in Cython, each for the module of the same name: they never allocate, raise or read."""

from ..._compiled import require_compiled

NAMES = ("dithering", "histogram", "kmeans", "points", "rate", "rounding", "seeding")

require_compiled(__name__, NAMES)
