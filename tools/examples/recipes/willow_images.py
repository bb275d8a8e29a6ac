"""Willow, which Wagtail calls: .kmq opens as other formats do, and is saved with save_as_kmq."""

import sys
from io import BytesIO
from pathlib import Path
from typing import IO

import filetype
from willow.image import INITIAL_IMAGE_CLASSES, Image, ImageFile
from willow.plugins.pillow import PillowImage
from willow.registry import registry

import kmcodec
from kmcodec.format import EXTENSION, MAGIC, MIME_TYPE

NAME = EXTENSION.removeprefix(".")


class KmqType(filetype.Type):
    """What the library that looks at first bytes for Willow knows of the format."""

    def __init__(self) -> None:
        super().__init__(MIME_TYPE, NAME)

    def match(self, buffer: bytearray) -> bool:
        """Whether these are the first bytes of a .kmq file."""
        return buffer.startswith(MAGIC)


class KmqImageFile(ImageFile):
    """A .kmq file, not yet opened."""

    format_name = NAME
    mime_type = MIME_TYPE


def save_as_kmq(image: PillowImage, file: IO[bytes], **options: object) -> KmqImageFile:
    """Write a picture of Willow's; options are those of ``kmcodec.save``."""
    kmcodec.save(image.get_pillow_image(), file, **options)
    return KmqImageFile(file)


def register() -> None:
    """Make the format known; in a Wagtail site, once, in an ``AppConfig.ready``."""
    filetype.add_type(KmqType())
    INITIAL_IMAGE_CLASSES[NAME] = KmqImageFile
    registry.register_image_class(KmqImageFile)
    registry.register_converter(KmqImageFile, PillowImage, PillowImage.open)
    registry.register_operation(PillowImage, save_as_kmq.__name__, save_as_kmq)


def main(source: str, target: str) -> None:
    """Read a .kmq through the library, and write it through that again."""
    register()
    image = Image.open(BytesIO(Path(source).read_bytes()))
    with Path(target).open("wb") as file:
        image.save_as_kmq(file, colors=16)


if __name__ == "__main__":
    main(*sys.argv[1:])
