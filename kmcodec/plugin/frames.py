"""Keep the frames of an open file for Pillow, which asks for one at a time."""

import warnings
from typing import IO

from ..coding.container import Head, find_frames
from ..coding.frames import FrameDecoder
from ..coding.layout import Frames
from ..format import Indices
from ..options import Progress
from ..stages import Stages


class OpenFrames:
    """The frames of an open file, found when they are asked for, and decoded one at a time."""

    def __init__(self, stream: IO[bytes], head: Head) -> None:
        """``head`` was read from the stream, and has an animation."""
        assert head.animation
        self._stream = stream
        self._head = head
        self._count = head.animation.frame_count
        self._places: Frames | None = None
        self._decoder: FrameDecoder | None = None

    def count(self, whole_only: bool) -> int:
        """Return how many frames can be shown, at least one, which is then blank.

        Args:
            whole_only: whether to leave out those that a truncated file lacks, with a warning.
        """
        if whole_only or self._places is not None:
            return max(1, len(self._find(whole_only)))
        return self._count

    def _find(self, whole_only: bool) -> Frames:
        if self._places is None:
            self._places = find_frames(self._stream, self._head, whole_only=whole_only)
            whole = len(self._places)
            if whole < self._count:
                fault = f"the file is truncated: {whole} of {self._count} frames are whole"
                warnings.warn(fault, stacklevel=4)
        return self._places

    def decode(
        self, frame: int, whole_only: bool, threads: int | None, progress: Progress | None
    ) -> Indices | None:
        """Decode the codes of a frame, (height, width), which stay until the next call.

        The nearest key frame, or the frame that was decoded last, is where decoding starts.

        Returns:
            The codes; None if no frame is whole.

        Raises:
            KmqError: the file is damaged.
        """
        places = self._find(whole_only)
        if not len(places):
            return None
        if self._decoder is None:
            self._decoder = FrameDecoder(self._stream, self._head, places, threads)
        stages = Stages(progress)
        with stages("decoding", 1):
            self._decoder.seek(frame)
            stages.step()
        return self._decoder.codes
