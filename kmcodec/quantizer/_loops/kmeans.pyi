from numpy import float64, int32, int64, uint16
from numpy.typing import NDArray

def sum_clusters(
    points: NDArray[uint16],
    counts: NDArray[int64],
    labels: NDArray[int32],
    before: NDArray[int32],
    sums: NDArray[int64],
    weights: NDArray[int64],
) -> int: ...
def move_centroids(
    sums: NDArray[int64],
    weights: NDArray[int64],
    fixed: int,
    grid: float,
    centroids: NDArray[float64],
) -> None: ...
def shift_squares(
    sums: NDArray[int64],
    weights: NDArray[int64],
    centroids: NDArray[float64],
    shifts: NDArray[float64],
) -> None: ...
