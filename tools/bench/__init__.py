"""The benches behind the commands ``kmq-bench*``: what they measure and how it is shown."""
