from numpy import float64, int32, int64, intp, uint16
from numpy.typing import NDArray

def spread_clusters(
    points: NDArray[uint16],
    counts: NDArray[int64],
    labels: NDArray[int32],
    centroids: NDArray[float64],
    sizes: NDArray[float64],
    spread: NDArray[float64],
) -> None: ...
def cheapest_merges(
    centroids: NDArray[float64],
    sizes: NDArray[float64],
    fixed: int,
    partners: NDArray[intp],
    costs: NDArray[float64],
) -> None: ...
