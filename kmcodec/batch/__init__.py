"""Convert many files, each as ``conversion`` converts one."""
