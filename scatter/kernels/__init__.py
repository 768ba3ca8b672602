"""The compiled executor: the cascade on grids, on the processor, many times faster than array by array.

`program` turns a frame and its paths into tables, the C++ in ``src`` runs them, and `executor` shares the
work out to threads.
"""
