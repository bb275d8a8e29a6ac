"""Code all frames of an animation, modelled or packed, to payloads that wait in a spool.

The head, which is in front of them, holds their lengths, so it can only be written afterwards.
"""

from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..animation import Animation
from ..format import Indices
from ..options import Options
from ..spool import ByteSpool
from ..stages import Stages
from .frames import FrameEncoder
from .plan import FramePlan


class CodedFrames(NamedTuple):
    """All frames, coded as planned."""

    plan: FramePlan
    lengths: "array[int]"
    """Bytes of the payload of each band of the first frame, then of the next."""
    payloads: ByteSpool

    @property
    def size(self) -> int:
        """The number of bytes that depend on the plan."""
        return len(self.plan.palette) + sum(self.lengths)


def code_frames(
    frames: Iterable[Indices | None],
    plans: Sequence[FramePlan],
    animation: Animation,
    options: Options,
    stages: Stages,
) -> CodedFrames:
    """Code frames by the first of some plans, or packed by the last if that is smaller.

    Args:
        frames: the indices of each frame, (height, width), or None if it is as the one before;
            they may be iterated over again.
        plans: what ``plan_frames`` gave.
        animation: how the frames are timed.
        options: ``slack`` and ``threads``.
        stages: is told what is being done.
    """
    coded = _code(frames, plans[0], animation, options, stages)
    if len(plans) > 1 and _packed_size(plans[-1], coded.lengths, animation) < coded.size:
        coded = _code(frames, plans[-1], animation, options, stages)
    return coded


def _code(
    frames: Iterable[Indices | None],
    plan: FramePlan,
    animation: Animation,
    options: Options,
    stages: Stages,
) -> CodedFrames:
    encoder = FrameEncoder(plan.header, animation.key_interval, options.slack, options.threads)
    lengths, payloads = array("I"), ByteSpool()
    with stages("coding", animation.frame_count):
        for indices in frames:
            codes = None if indices is None else plan.codes(indices)
            for payload in encoder.encode(codes):
                lengths.append(len(payload))
                payloads.append(payload)
            stages.step()
    return CodedFrames(plan, lengths, payloads)


def _packed_size(plan: FramePlan, lengths: "array[int]", animation: Animation) -> int:
    """Return the size of packed frames, if those of another coding have these lengths."""
    header = plan.header
    is_coded = np.frombuffer(lengths, np.uint32).reshape(-1, header.band_count) > 0
    is_coded[:: animation.key_interval] = True
    rows = [bottom - top for top, bottom in map(header.rows_of_band, range(header.band_count))]
    return len(plan.palette) + int(is_coded.sum(axis=0) @ rows) * header.row_bytes
