from numpy import int32, int64, uint8, uint16
from numpy.typing import NDArray

def tally_moves(
    points: NDArray[uint16],
    counts: NDArray[int64],
    before: NDArray[int32],
    labels_before: NDArray[int32],
    after: NDArray[int32],
    labels_after: NDArray[int32],
    moved: NDArray[uint8],
    changes: NDArray[int64],
) -> int: ...
