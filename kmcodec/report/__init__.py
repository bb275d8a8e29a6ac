"""Show what a .kmq file of a picture is like: numbers, and one page of HTML with everything in it.

``write_report`` is what the command ``kmq-report`` does. ``measure_picture`` and ``measure_file``
give the numbers alone, and ``make_page`` the page of them.
"""

from .curve import Point
from .measure import Measures, measure_file, measure_picture
from .page import make_page, write_report

__all__ = ("Measures", "Point", "make_page", "measure_file", "measure_picture", "write_report")
