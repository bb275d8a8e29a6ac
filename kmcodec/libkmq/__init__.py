"""The codec as a library in plain C, ``kmq.h``, and its binding to Python."""

from .._compiled import require_compiled

NAMES = ("binding",)

require_compiled(__name__, NAMES)
