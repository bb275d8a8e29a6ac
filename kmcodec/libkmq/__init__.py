"""Bind the codec, which is a library in plain C (``kmq.h``), to Python."""

from .._compiled import require_compiled

NAMES = ("binding", "costs")

require_compiled(__name__, NAMES)
