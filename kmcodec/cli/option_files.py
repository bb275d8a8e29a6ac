"""Read the files that options of the encoder name."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcodec.batch.palette import choose_shared_palette, gather_colors, source_colors
from kmcodec.conversion.directories import list_pictures
from kmcodec.conversion.faults import FileError, explain
from kmcodec.conversion.reading import open_picture
from kmcodec.conversion.source import open_source

from .palette_files import read_palette_file


def read_options(given: dict[str, Any]) -> dict[str, Any]:
    """Read the files that options name, and return options for the encoder."""
    options = dict(given)
    if "importance" in options:
        options["importance"] = read_importance(options["importance"])
    if isinstance(options.get("palette"), Path):
        options["palette"] = read_palette_file(options["palette"])
    if "palette_from" in options:
        options["palette"] = find_palette(options.pop("palette_from"), options)
    return options


def find_palette(names: list[str], options: dict[str, Any]) -> NDArray[np.uint8]:
    """Return the palette of a .kmq in its order, or one chosen for files: (K, 3 or 4).

    Args:
        names: of pictures, and of directories of pictures.
        options: of the encoder, for the choice.
    """
    names = [file for name in names for file in list_files(name)]
    choice = {name: value for name, value in options.items() if name != "importance"}
    try:
        if len(names) == 1:
            with open_source(names[0]) as (source, _):
                if source.kmq:
                    return source.kmq.palette
                colors = source_colors(source)
        else:
            colors, faults = gather_colors(names)
            if faults:
                raise faults[0]
        return choose_shared_palette(colors, options.get("colors", 256), choice)
    except MemoryError as error:
        raise explain(error, names[0]) from error


def list_files(name: str) -> list[str]:
    """Return the names of the pictures in a directory, or the name of what is none."""
    if os.path.isdir(name):  # noqa: PTH112  (which takes any name)
        return [str(path) for path in list_pictures(name)]
    return [name]


def read_importance(name: str) -> NDArray[np.uint8]:
    """Return the gray levels of a picture: (height, width)."""
    try:
        with open_picture(name) as file, Image.open(file) as image:
            return np.asarray(image.convert("L"))
    except FileError:
        raise
    except Exception as error:  # Pillow's readers raise many kinds
        raise explain(error, name) from error
