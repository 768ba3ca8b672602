"""How many threads a computation may take."""

from __future__ import annotations

import os
from numbers import Integral

from scatter.errors import InputError
from scatter.numerics.plain import scalar


def thread_count(n_jobs: int | None, limit: int = 0) -> int:
    """Threads for ``n_jobs`` as joblib counts them, except that None is all that this process may use.

    Those are the processors that it may run on, and no more than the quota of its container, than
    ``OMP_NUM_THREADS``, or than a limit such as threadpoolctl sets.

    Parameters
    ----------
    n_jobs : int, optional
        A number of threads, or, if negative, one more than the processors that are left free, with its sign.
    limit : int, default=0
        Most threads where ``n_jobs`` is None; 0 is no limit.

    Examples
    --------
    >>> thread_count(3), thread_count(None, limit=1)
    (3, 1)
    """
    import joblib

    usable = int(joblib.cpu_count())
    if n_jobs is not None:
        return n_jobs if n_jobs > 0 else max(1, usable + 1 + n_jobs)
    limits = [os.environ.get("OMP_NUM_THREADS", ""), str(limit)]
    return max(1, min([usable, *(int(most) for most in limits if most.isdecimal() and int(most) > 0)]))


def check_jobs(n_jobs: object) -> int | None:
    """Return the number of threads, as `thread_count` takes it.

    Raises
    ------
    InputError
        If it is neither an integer that is not 0, nor None.
    """
    n_jobs = scalar(n_jobs)
    if n_jobs is None:
        return None
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, Integral) or n_jobs == 0:
        raise InputError(f"n_jobs must be an integer that is not 0, or None, got {n_jobs!r}")
    return int(n_jobs)


__all__ = ["check_jobs", "thread_count"]
