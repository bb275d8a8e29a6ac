from numpy import int32, int64, uint16
from numpy.typing import NDArray

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
def approach_seed(
    points: NDArray[uint16],
    weights: NDArray[int64],
    seed: int,
    distances: NDArray[int32],
    upto: NDArray[int64],
) -> None: ...
def split_box(
    points: NDArray[uint16], order: NDArray[int32], first: int, last: int, channel: int, value: int
) -> int: ...
