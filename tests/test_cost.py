"""What a transform takes is told before it is paid."""

import subprocess
import sys
import time

import numpy as np
import pytest
from cli_helpers import fail

from scatter import (
    HarmonicScattering3D,
    RotoTranslationScattering2D,
    Scattering1D,
    Scattering2D,
    ScatterWarning,
)
from scatter.errors import InputError
from scatter.molecules import MolecularScattering
from scatter.numerics import memory
from scatter.numerics.memory import available_memory
from scatter.transforms import cost as cost_module


def view(*shape):
    """An array of any size that takes no memory."""
    return np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), shape, (0,) * len(shape))


@pytest.fixture
def gigabytes(monkeypatch):
    """Let a test say how much memory is free."""

    def free(count):
        monkeypatch.setattr(cost_module, "available_memory", lambda: int(count * 1e9))

    free(16)
    return free


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Scattering2D(J=8, L=64).fit(view(1, 8192, 8192)),
            r"115201 paths of a signal of 8192 x 8192 take about \d+\.\d GB, and 16.0 GB are free; "
            "cut it into parts or resize it, or make J or the number of wavelets smaller",
        ),
        (
            lambda: Scattering2D(J=8, L=10**6)(np.zeros((256, 256))),
            "J=8 and L=1000000 make 8000000 wavelets; at most 16384 are allowed; make one of them smaller",
        ),
        (
            lambda: RotoTranslationScattering2D(J=8, L=2**20)(np.zeros((256, 256))),
            "J=8 and L=1048576 make 8388608 wavelets",
        ),
        (
            lambda: Scattering1D(J=10, Q=(8, 10**6))(np.zeros(1024)),
            r"J=10 and Q=\(8, 1000000\) make 10000000 wavelets",
        ),
        (
            lambda: Scattering2D(J=8, L=64, max_order=50)(np.zeros((256, 256))),
            "more than 262144 paths of up to 3 wavelets; type max_order=2, or make the number of",
        ),
        (
            lambda: Scattering2D(J=2)(view(10**6, 256, 256)),
            "1000000 signals, 81 paths and 331776 coefficients each are 1327.1 GB, and 16.0 GB are free; "
            "transform fewer at a time, type pooling='mean', or let scatter features",
        ),
        (
            lambda: HarmonicScattering3D(J=2)(view(2048, 2048, 2048)),
            r"25 paths of a signal of 2048 x 2048 x 2048 take about 687.2 GB, and 16.0 GB are free; cut",
        ),
        (
            lambda: HarmonicScattering3D(J=2, executor="array")(view(1024, 1024, 1024)),
            r"take about 262.0 GB, and 16.0 GB are free",
        ),
        (
            lambda: MolecularScattering(scale=1e5)((["H", "O"], np.diag([1, 2, 0])[:2])),
            r"25 paths of a signal of \d+ x 80 x 80 take about \d+\.\d GB, and 16.0 GB are free",
        ),
    ],
)
def test_what_does_not_fit_is_refused_at_once(gigabytes, call, message):
    started = time.perf_counter()
    with pytest.raises(InputError, match=message):
        call()
    assert time.perf_counter() - started < 20


def test_long_signals_are_refused_with_how_to_cut_them(gigabytes, tmp_path, monkeypatch):
    gigabytes(0.5)
    S = Scattering1D(J=14, Q=8)
    long = view(1, 2**22)
    with pytest.raises(InputError, match=r"750 paths of a signal of 4194304 take about 1\.2 GB, and 0\.5"):
        S.fit(long)
    monkeypatch.chdir(tmp_path)
    np.save("long.npy", long)
    message = fail("features", "long.npy", "-o", "t.npy", "--transform", "1d", "--J", "14", code=2)
    assert "cut it into segments: x.reshape(-1, n), or scatter features --segment n" in message
    gigabytes(16)
    S.fit(long)


def test_memory_is_asked_for_once_and_not_for_what_is_small(monkeypatch):
    asked = []
    monkeypatch.setattr(cost_module, "available_memory", lambda: asked.append(1) or 10**9)
    S = Scattering2D(J=2, L=2)
    S(np.zeros((32, 32)))
    assert not asked
    monkeypatch.setattr(cost_module, "_UNNOTICED", 0)
    T = Scattering2D(J=2, L=2)
    for _ in range(3):
        T(np.zeros((32, 32)))
    assert len(asked) == 4  # once for the filters, and each time for the result


def test_no_free_memory_at_all_is_not_taken_for_no_limit(monkeypatch):
    monkeypatch.setattr(cost_module, "_UNNOTICED", 0)
    monkeypatch.setattr(cost_module, "available_memory", lambda: 0)
    with pytest.raises(InputError, match=r"and 0\.0 GB are free"):
        Scattering2D(J=2, L=2)(np.zeros((32, 32)))
    monkeypatch.setattr(cost_module, "available_memory", lambda: None)
    assert Scattering2D(J=2, L=2)(np.zeros((32, 32))).shape == (9, 8, 8)


def test_what_takes_long_says_how_long(monkeypatch):
    monkeypatch.setattr(cost_module, "SLOW", 0.0)
    with pytest.warns(ScatterWarning, match="2 signals through 16 paths will take about 0 minutes"):
        Scattering2D(J=2, L=3)(np.zeros((2, 32, 32)))
    assert cost_module._duration(3 * 3600) == "3.0 hours"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured as Linux does")
@pytest.mark.parametrize(
    ("make", "shape"),
    [
        ("Scattering1D(J=10, Q=8, executor=E)", (2**20,)),
        ("Scattering2D(J=4, L=8, executor=E)", (1024, 1024)),
    ],
)
@pytest.mark.parametrize("executor", ["auto", "array"])
def test_the_estimate_is_right_within_a_factor_of_two(make, shape, executor):
    code = f"""
import numpy as np, scipy.fft
from scatter import Scattering1D, Scattering2D
import scatter.kernels.executor
def peak():
    status = dict(line.split(":") for line in open("/proc/self/status"))
    return 1024 * int(status["VmHWM"].split()[0])
E = {executor!r}
S, x = {make}, np.random.default_rng(0).random({shape}, np.float32)
Scattering1D(J=3, executor=E)(np.zeros(64, np.float32)), Scattering2D(J=2, executor=E)(np.zeros((32, 32)))
before = peak()
out = S(x)
print((peak() - before - out.nbytes) / S._plan(x.shape)._costs[4].working)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0.5 < float(found.stdout) < 2


# ------------------------------------------------------------------ what is free
def test_free_memory_is_the_least_of_what_the_system_says(monkeypatch, tmp_path):
    known = available_memory()
    assert known is None or 10**8 < known < 2**50
    monkeypatch.setattr(memory, "_free", lambda: 10**10)
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    monkeypatch.setattr(memory, "_left_by_limit", lambda: None)
    assert available_memory() == 10**10
    for name, text in {
        "memory.max": "5000000000\n",
        "memory.current": "1500000000\n",
        "memory.stat": "anon 1\ninactive_file 500000000\nactive_file 9\n",
    }.items():
        (tmp_path / name).write_text(text)
    assert available_memory() == 4 * 10**9
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory() == 10**10


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits as Linux has them")
def test_free_memory_knows_limits_of_the_shell():
    code = "from scatter.numerics.memory import available_memory; print(available_memory())"
    line = f"ulimit -v 4000000; {sys.executable} -c '{code}'"
    found = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert 0 < int(found.stdout) < 4_096_000_000
