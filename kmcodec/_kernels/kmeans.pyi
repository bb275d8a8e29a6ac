from numpy import int32, int64, uint8, uint16
from numpy.typing import NDArray

def sum_clusters(
    points: NDArray[uint16],
    counts: NDArray[int64],
    labels: NDArray[int32],
    before: NDArray[int32],
    sums: NDArray[int64],
    weights: NDArray[int64],
) -> int: ...
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
def best_cut(
    points: NDArray[uint16],
    counts: NDArray[int64],
    channels: int,
    order: NDArray[int32],
    first: int,
    last: int,
    slices: NDArray[int64],
    cut: NDArray[int32],
) -> float: ...
def split_box(
    points: NDArray[uint16], order: NDArray[int32], first: int, last: int, channel: int, value: int
) -> int: ...
