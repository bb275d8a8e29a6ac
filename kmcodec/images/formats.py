"""Tell formats by the names of files."""

import os
from pathlib import Path

from PIL import Image


def named_format(path: str | os.PathLike[str]) -> str | None:
    """Return the format that Pillow knows by a path's extension, or None."""
    return Image.registered_extensions().get(Path(path).suffix.lower())
