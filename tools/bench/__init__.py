"""Benches of kmcodec and its peers, all of which get one thread."""

import os

for library in ("OMP", "OPENBLAS", "MKL", "RAYON"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # which is read when a peer is imported
