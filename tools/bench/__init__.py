"""The benches behind the commands ``kmq-bench*``: what they measure, and README's figures of it."""
