"""Convert many files at once, here or on a cluster."""
