from numpy import int32, int64, uint8
from numpy.typing import NDArray

def sum_clusters(
    colors: NDArray[uint8],
    counts: NDArray[int64],
    labels: NDArray[int32],
    before: NDArray[int32],
    sums: NDArray[int64],
    weights: NDArray[int64],
) -> int: ...
def best_cut(
    colors: NDArray[uint8],
    counts: NDArray[int64],
    channels: int,
    order: NDArray[int32],
    first: int,
    last: int,
    slices: NDArray[int64],
    cut: NDArray[int32],
) -> float: ...
def split_box(
    colors: NDArray[uint8], order: NDArray[int32], first: int, last: int, channel: int, value: int
) -> int: ...
