"""Show what a .kmq file of a picture is like: numbers, and one page of HTML with everything in it.

``write_report`` is what the command ``kmq-report`` does. ``measure_picture`` and ``measure_file``
give the numbers alone, and ``make_page`` the page of them.
"""

from .curve import Point as Point
from .measure import Measures as Measures
from .measure import measure_file as measure_file
from .measure import measure_picture as measure_picture
from .page import make_page as make_page
from .page import write_report as write_report
