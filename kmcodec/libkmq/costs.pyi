from numpy import float32, uint8
from numpy.typing import NDArray

def decode_costs(
    payload: bytes, colors: int, is_key: bool, memory: NDArray[uint8], costs: NDArray[float32]
) -> int: ...
