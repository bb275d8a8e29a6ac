from numpy import int32, uint8, uint16, uint32
from numpy.typing import NDArray

def weigh_contrast(
    points: NDArray[uint16],
    spacings: NDArray[int32],
    positions: NDArray[uint32],
    top: int,
    strengths: NDArray[uint8],
) -> None: ...
def diffuse_errors(
    points: NDArray[uint16],
    alphas: NDArray[uint8],
    nearest: NDArray[uint8 | uint16],
    entries: NDArray[int32],
    entry_alphas: NDArray[uint8],
    spacings: NDArray[int32],
    order: NDArray[int32],
    cuts: NDArray[int32],
    positions: NDArray[uint32],
    strengths: NDArray[uint8],
    errors: NDArray[int32],
    indices: NDArray[uint8 | uint16],
) -> None: ...
def find_partners(
    points: NDArray[uint16],
    alphas: NDArray[uint8],
    nearest: NDArray[uint8 | uint16],
    entries: NDArray[int32],
    entry_alphas: NDArray[uint8],
    spacings: NDArray[int32],
    order: NDArray[int32],
    cuts: NDArray[int32],
    partners: NDArray[uint8 | uint16],
    shares: NDArray[uint8],
) -> None: ...
def order_dither(
    nearest: NDArray[uint8 | uint16],
    partners: NDArray[uint8 | uint16],
    shares: NDArray[uint8],
    positions: NDArray[uint32],
    strengths: NDArray[uint8],
    pattern: NDArray[uint8],
    indices: NDArray[uint8 | uint16],
) -> None: ...
