"""Read the frames of pictures that move, one at a time, whatever their format."""

from collections.abc import Iterator
from typing import Final, Protocol

from PIL import Image

from .apng_reader import ApngReader
from .gif_reader import GifReader
from .reading import check_frames

_OF_FRAMES: Final = frozenset(
    {"background", "bbox", "blend", "default_image", "disposal", "duration", "extension", "loop"}
    | {"timestamp", "transparency", "version"}
)
"""What Pillow's readers tell of one frame, or of the file it is in."""


class FrameReader(Protocol):
    """What all readers have."""

    @property
    def size(self) -> tuple[int, int]:
        """The size of all frames."""

    @property
    def count(self) -> int:
        """The number of frames."""

    @property
    def loop(self) -> int:
        """How often all are shown, 0 for ever."""

    def pictures(self, wanted: range) -> Iterator[Image.Image]:
        """Yield frames, whose numbers ascend, each with its duration in ``info``, if it has one."""


class PillowReader:
    """The frames of a file whose reader in Pillow puts each together."""

    def __init__(self, image: Image.Image) -> None:
        """Count the frames of an open image.

        Raises:
            LimitError: there are too many.
        """
        self._image = image
        self.size = image.size
        self.count: int = getattr(image, "n_frames", 1)
        self.loop: int = image.info.get("loop", 0)
        check_frames(self.count, self.count * image.width * image.height)

    def pictures(self, wanted: range) -> Iterator[Image.Image]:
        """Yield copies of frames."""
        for number in wanted:
            self._image.seek(number)
            self._image.load()
            picture = self._image.copy()
            if "exif" not in picture.info and hasattr(self._image, "tag_v2"):
                picture.info["exif"] = self._image.getexif().tobytes()
            yield picture


class LayerReader:
    """The frames of a file of layers, with the metadata that Pillow finds in it."""

    def __init__(self, image: Image.Image, layers: GifReader | ApngReader) -> None:
        """Take what is told of the whole file from the image that Pillow has opened."""
        self._layers = layers
        self._info = {name: image.info[name] for name in image.info.keys() - _OF_FRAMES}
        self._modes = {"RGB": "L", "RGBA": "LA"} if image.mode in {"1", "L", "LA"} else {}
        self.size, self.count, self.loop = layers.size, layers.count, layers.loop

    def pictures(self, wanted: range) -> Iterator[Image.Image]:
        """Yield frames as browsers show them."""
        for number, shown in zip(wanted, self._layers.pictures(wanted), strict=True):
            picture = shown.convert(self._modes.get(shown.mode))
            picture.info = {**self._info, "duration": self._layers.duration(number)}
            yield picture
