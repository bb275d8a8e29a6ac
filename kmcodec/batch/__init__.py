"""Convert many files: in batches, in processes or on a cluster, and resumed where it ended."""
