"""Benchmarks: every case runs scatter and its rivals in turn, in one process, and reports ratios."""
