"""Take frames down to the bytes of an animation, step by step."""

from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import replace
from math import inf
from typing import Any, NamedTuple, Unpack

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .animation import Animation
from .codec import picture_pieces
from .coding.container import Encoded, join_frames
from .coding.frame_coding import CodedFrames, code_frames
from .coding.metadata import collect_metadata, pillow_info
from .coding.plan import plan_frames
from .format import MAX_FRAME_COUNT
from .frame_options import FrameOptions, Timing
from .images.embedded import read_metadata
from .images.pixels import ImageLike, Indexed, Pixels, color_palette, read_image
from .options import Options, split_options
from .quantizer.frames import MappedFrames, choose_frame_palettes, default_colors
from .quantizer.gathered import GatheredFrames
from .quantizer.indexing import fit_mode
from .stages import Stages


class FramesInfo(NamedTuple):
    """What a file of frames shows.

    Attributes:
        palette: (K, 3 or 4) uint8, of all frames.
        psnr: in dB, that of all pixels of all frames; infinite if exact.
        animation: how they are timed; None for one frame, which makes a still file.
    """

    palette: NDArray[np.uint8]
    psnr: float
    animation: Animation | None

    @property
    def is_exact(self) -> bool:
        """Whether every pixel keeps its color, but for hidden ones unless ``keep_hidden``."""
        return self.psnr == inf

    @property
    def frame_count(self) -> int:
        """The number of frames."""
        return self.animation.frame_count if self.animation else 1


def frame_pieces(
    frames: Iterable[ImageLike], /, colors: int | None = None, **options: Unpack[FrameOptions]
) -> tuple[FramesInfo, Iterator[bytes | bytearray]]:
    """Return what the file of ``encode_frames`` shows, and its pieces; all is coded by then."""
    timing = Timing(
        options.pop("duration", None), options.pop("loop", None), options.pop("key_interval", None)
    )
    settings, given = split_options(options, FrameOptions, colors=256 if colors is None else colors)
    if settings.importance is not None:
        raise ValueError("importance is of one picture; it cannot be of several")
    gathered, found = _gather(frames, timing, given, settings)
    if colors is None:
        settings = replace(settings, colors=default_colors(gathered, settings))
    metadata = collect_metadata(given, found, fit_mode(gathered.form.mode, settings))
    if len(gathered) == 1:
        quantized, pieces = picture_pieces(gathered.form.picture(gathered.last), metadata, settings)
        return FramesInfo(color_palette(quantized.palette), quantized.psnr, None), pieces
    animation = timing.animation(gathered.changed, gathered.pixels)
    coded, shown = _code_smallest(gathered, animation, settings)
    header, section, _ = coded.plan
    pieces = join_frames(header, metadata, section, animation, coded.lengths, coded.payloads)
    return FramesInfo(color_palette(shown.palette), shown.loss.psnr, animation), pieces


def _gather(
    frames: Any, timing: Timing, given: Mapping[str, Any], settings: Options
) -> tuple[GatheredFrames, dict[str, Any]]:
    """Gather the frames and their times, and read the metadata of the first."""
    if isinstance(frames, Image.Image) or (isinstance(frames, np.ndarray) and frames.ndim < 4):
        raise TypeError("one image is given where several are wanted, in a list")
    if isinstance(frames, (str, bytes)) or not isinstance(frames, Iterable):
        raise TypeError(f"frames are several images in a list, not {type(frames).__name__}")
    gathered, found = GatheredFrames(), {}
    stages, total = Stages(settings.progress), len(frames) if isinstance(frames, Sized) else 0
    with stages("reading", total or 1):
        for number, image in enumerate(frames):
            if number == MAX_FRAME_COUNT:
                raise ValueError(f"there are more than {MAX_FRAME_COUNT} frames")
            picture = _read_frame(number, image, settings)
            if not number:
                read = read_metadata(image, given, settings.has_color)
                # In its bytes, before the image goes on to its next frame.
                found = pillow_info(collect_metadata({}, read, picture.mode))
            timing.take(image)
            gathered.add(picture)
            if total:
                stages.step()
    if not gathered.changed:
        raise ValueError("an animation needs at least one frame")
    timing.finish()
    return gathered, found


def _read_frame(number: int, image: Any, settings: Options) -> Pixels | Indexed:
    try:
        return read_image(image, settings.has_color)
    except TypeError as error:
        raise TypeError(f"frame {number}: {error}") from error
    except ValueError as error:
        raise ValueError(f"frame {number}: {error}") from error


def _code_smallest(
    gathered: GatheredFrames, animation: Animation, settings: Options
) -> tuple[CodedFrames, MappedFrames]:
    """Code frames with the palette that is asked for, and return them with what they show."""
    stages = Stages(settings.progress)
    results = []
    for chosen in choose_frame_palettes(gathered, settings, stages):
        mapped = MappedFrames(gathered, chosen, straight=settings.keep_hidden)
        first = Indexed(chosen.mode, chosen.palette, mapped.first())
        keep_order = settings.palette is not None or chosen.mode.has_palette
        plans = plan_frames(first, chosen.counts, keep_order, settings)
        results.append((code_frames(mapped, plans, animation, settings, stages), mapped))
    return min(results, key=lambda result: result[0].size)


def encode_frames(
    frames: Iterable[ImageLike], /, colors: int | None = None, **options: Unpack[FrameOptions]
) -> Encoded:
    """Encode frames as a .kmq file: bytes with the attributes ``psnr`` and ``is_exact``.

    Args:
        frames: images as for ``encode``, all of one size, or an array (frames, height, width,
            channels); they are taken one at a time. Their mode is kept if they share it, and their
            palette too; otherwise they are RGB or RGBA. One frame makes a still file.
        colors: most entries of the palette, which all frames share, 1..65536; if there are no more
            colors, all are kept exactly. None for as many as there are, if no frame brings more
            than 256 along in what changes, as in every GIF; else for 256.
        **options: see ``kmcodec.frame_options.FrameOptions``; and all of ``encode`` but
            ``importance``. Metadata is that of the first frame. ``progress`` is told the stage
            "reading" first, and frames while "coding".

    Raises:
        QualityError: ``psnr``, or an ``exact`` result, takes more colors.
        OSError: there is no room for temporary files.
        TypeError, ValueError: a frame, which is named, or an option cannot be used.
    """
    info, pieces = frame_pieces(frames, colors, **options)
    return Encoded.of(pieces, info.psnr)
