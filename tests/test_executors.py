"""Which executor runs, on which threads and instructions, and that it can be stopped and be missing."""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import threadpoolctl
from sklearn.base import clone

from scatter import HarmonicScattering3D, InputError, Scattering1D, Scattering2D
from scatter.cli.info import compiled_executor
from scatter.kernels import executor, library
from scatter.kernels.program import Program
from scatter.numerics.threads import thread_count
from scatter.transforms import executors

pytestmark = pytest.mark.skipif(library.load() is None, reason="the compiled executor is not built")
IMAGES = np.random.default_rng(0).standard_normal((40, 16, 20)).astype("float32")


@pytest.fixture
def runs(monkeypatch):
    """Threads of every run of the compiled executor."""
    counts = []
    right = executor.run

    def run(program, x, out, threads):
        counts.append(threads)
        right(program, x, out, threads)

    monkeypatch.setattr(executor, "run", run)
    return counts


def python(code, **environment):
    """What a fresh interpreter prints for some code."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


# ---------------------------------------------------------------------- which one
@pytest.mark.parametrize(("choice", "count"), [("auto", 1), ("compiled", 1), ("array", 0)])
def test_choice_on_numpy_arrays(runs, choice, count):
    S = Scattering2D(2, (16, 20), executor=choice)
    S(IMAGES)
    assert len(runs) == count
    S.fit_transform(IMAGES)
    assert len(runs) == 2 * count


def test_a_change_of_executor_is_seen(runs):
    S = Scattering2D(2, (16, 20))
    S(IMAGES)
    S.set_params(executor="array")(IMAGES)
    clone(S).set_params(executor="compiled")(IMAGES)
    assert len(runs) == 2


@pytest.mark.parametrize("out_type", ["array", "list", "dict"])
@pytest.mark.parametrize("average", [True, "global", False])
def test_every_container(out_type, average):
    if average is False and out_type == "array":
        return
    S = Scattering2D(2, (16, 20), average=average, out_type=out_type, executor="compiled")
    got, wanted = S(IMAGES), clone(S).set_params(executor="array")(IMAGES)
    if out_type == "array":
        np.testing.assert_allclose(got, wanted, atol=1e-5)
        return
    keys = got if out_type == "dict" else range(len(got))
    for key in keys:
        a, b = (found[key] if out_type == "dict" else found[key]["coef"] for found in (got, wanted))
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_features_of_maps_and_channels_are_in_the_same_order():
    for average, x in ((False, IMAGES[:5]), (True, IMAGES[:6].reshape(2, 3, 16, 20))):
        S = Scattering2D(2, (16, 20), average=average, executor="compiled")
        got, wanted = S.fit_transform(x), clone(S).set_params(executor="array").fit_transform(x)
        assert got.shape == wanted.shape == (len(x), len(S.get_feature_names_out()))
        np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_surfaces_have_no_compiled_executor():
    from scatter import MeshScattering
    from scatter.domains.shapes import icosphere

    mesh = icosphere(1)
    assert MeshScattering(J=2, mesh=mesh, n_eig=8)(np.ones(len(mesh.vertices))).shape
    plan = MeshScattering(J=2, mesh=mesh, n_eig=8)._known
    with pytest.raises(
        InputError, match="executor='compiled' can't be had: only grids are compiled; type exec"
    ):
        executors.compile_cascade("compiled", plan.frame, plan.tree, plan.readout)


# ---------------------------------------------------------------------- PyTorch and others
def test_tensors_that_need_no_gradient(runs):
    torch = pytest.importorskip("torch")
    S = Scattering2D(2, (16, 20))
    x = torch.from_numpy(IMAGES)
    y = S(x)
    assert isinstance(y, torch.Tensor)
    assert y.dtype == torch.float32
    np.testing.assert_array_equal(y.numpy(), S(IMAGES))
    np.testing.assert_array_equal(S(x.transpose(1, 2).contiguous().transpose(1, 2)).numpy(), S(IMAGES))
    parameter = torch.nn.Parameter(x)
    with torch.no_grad():
        np.testing.assert_array_equal(S(parameter).numpy(), S(IMAGES))
    count = len(runs)
    assert count == 6
    S(parameter).sum().backward()
    assert parameter.grad is not None
    assert len(runs) == count + 1


def test_complex_and_conjugate_views_of_tensors():
    torch = pytest.importorskip("torch")
    S = Scattering1D(3, 64, two_sided=True)
    x = torch.complex(*torch.randn(2, 9, 64, dtype=torch.float64))
    np.testing.assert_allclose(S(x.conj()).numpy(), S(x.numpy().conj()), atol=1e-12)


@pytest.mark.filterwarnings("ignore")
def test_transformations_of_tensors_go_array_by_array(runs):
    torch = pytest.importorskip("torch")
    S = Scattering1D(3, 64)
    x = torch.randn(4, 64, dtype=torch.float64)
    wanted = S(x)
    runs.clear()
    torch.testing.assert_close(torch.func.vmap(S)(x), wanted)
    torch.testing.assert_close(
        torch.func.grad(lambda x: S(x).sum())(x), torch.func.vjp(S, x)[1](torch.ones_like(wanted))[0]
    )
    _, tangent = torch.func.jvp(S, (x,), (x,))
    assert torch.isfinite(tangent).all()
    torch.testing.assert_close(torch.jit.trace(lambda x: S(x), x, check_trace=False)(2 * x), 2 * wanted)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, x)
        assert torch.autograd.forward_ad.unpack_dual(S(dual)).tangent is not None
    assert not runs


def test_what_compiled_code_cannot_take_is_refused():
    torch = pytest.importorskip("torch")
    S = Scattering1D(3, 64, executor="compiled")
    message = (
        "executor='compiled' takes NumPy arrays, and PyTorch tensors on the processor outside of vmap, "
        "functional and forward-mode derivatives and traces, got torch.Tensor; type executor='auto'"
    )
    with pytest.raises(InputError) as info:
        torch.func.vmap(S)(torch.zeros(2, 64))
    assert str(info.value) == message
    volumes = HarmonicScattering3D(2, (8, 8, 8), executor="compiled")
    with pytest.raises(InputError, match="traces, and, of volumes, that need no gradient, got torch"):
        volumes(torch.zeros(8, 8, 8, requires_grad=True))
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(InputError, match="and traces, got array_api_strict"):
        S(strict.zeros(64))


# ---------------------------------------------------------------------- threads
@pytest.mark.parametrize("S", [Scattering2D(2, (16, 20)), Scattering1D(5, 9000, 4)], ids=str)
@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("count", [1, 3, 40])
def test_the_number_of_threads_changes_nothing(S, columns, count):
    shape = S.shape if isinstance(S.shape, tuple) else (S.shape,)
    x = np.random.default_rng(0).standard_normal((count, *shape)).astype("float32")
    program = S._plan(shape)._compiled.cascade.program(x.dtype, columns=columns)
    found = []
    for threads in (1, 2, 5):
        found.append(np.full((count, program.coefficients), np.nan, "float32"))
        executor.run(program, x, found[-1], threads)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_eight_threads_at_once():
    S = Scattering2D(2, (16, 20), n_jobs=1)
    batches = [IMAGES * scale for scale in range(1, 33)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(S, batches))
    for batch, got in zip(batches, found, strict=True):
        np.testing.assert_array_equal(got, S(batch))


def test_default_number_of_threads(monkeypatch):
    lib = library.load()
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("joblib.cpu_count", lambda: 6)
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    assert thread_count(None, library.thread_limit(lib)) == 6
    assert [thread_count(n, library.thread_limit(lib)) for n in (1, 4, 9, -1, -2, -9)] == [1, 4, 9, 6, 5, 1]
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert thread_count(None, library.thread_limit(lib)) == 3
    assert thread_count(5, library.thread_limit(lib)) == 5
    with threadpoolctl.threadpool_limits(2):
        assert thread_count(None, library.thread_limit(lib)) == 2
        with threadpoolctl.threadpool_limits(1, user_api="scatter"):
            assert thread_count(None, library.thread_limit(lib)) == 1
    assert thread_count(None, library.thread_limit(lib)) == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "nonsense")
    assert thread_count(None, library.thread_limit(lib)) == 6


def test_a_limit_that_ends_leaves_none_behind():
    with threadpoolctl.threadpool_limits(1):
        assert library.load().module.thread_limit() == 1
    assert library.load().module.thread_limit() == 0


def test_threadpoolctl_sees_the_library():
    found = [info for info in threadpoolctl.threadpool_info() if info["user_api"] == "scatter"]
    assert found
    assert all(info["prefix"].startswith("_scatter_") for info in found)


def test_small_work_is_not_shared(runs):
    S = Scattering2D(2, (16, 20), n_jobs=4)
    S(IMAGES[:8])
    S(np.tile(IMAGES, (8, 1, 1)))
    assert runs[0] == 1
    assert runs[1] > 1


def test_lanes_are_columns_for_large_grids_and_for_few_signals():
    small, large = Scattering2D(2, (16, 20)), Scattering2D(2, (512, 512))
    dtype = np.dtype("float32")
    assert [small._plan(small.shape)._compiled.cascade.prefers_columns(dtype, n) for n in (1, 400)] == [
        True,
        False,
    ]
    assert large._plan(large.shape)._compiled.cascade.prefers_columns(dtype, 400)


def test_an_error_in_a_thread_is_raised_and_ends_the_others(monkeypatch):
    S = Scattering2D(2, (16, 20), n_jobs=3)
    right = Program.branches

    def broken(self):
        found = right(self)
        return [*found[:2], (found[2][0], "end"), *found[3:]]

    monkeypatch.setattr(Program, "branches", broken)
    threads = threading.active_count()
    with pytest.raises(TypeError):
        S(np.tile(IMAGES[:1], (2, 1, 1)))
    assert threading.active_count() == threads


# ---------------------------------------------------------------------- being stopped
LONG = """
import signal, sys, threading, time
import numpy as np
from scatter import {name}
S = {name}({parameters}, n_jobs={n_jobs})
x = np.random.default_rng(0).standard_normal({shape}).astype("float32")
right = S({first})
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the parent did with it
threading.Timer({after}, signal.raise_signal, [signal.SIGINT]).start()
begin = time.perf_counter()
try:
    while True:
        S(x)
except KeyboardInterrupt:
    waited = time.perf_counter() - begin - {after}
assert np.array_equal(S({first}), right)
print(waited, threading.active_count())
"""


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    ("name", "parameters", "shape", "first"),
    [
        ("Scattering2D", "2, (32, 32)", "(20000, 32, 32)", "x[:8]"),
        ("Scattering2D", "4, (1024, 1024), L=4", "(8, 1024, 1024)", "x[0, :1024]"),
        ("Scattering1D", "10, 2**18, 8", "(16, 2**18)", "x[0]"),
    ],
)
def test_interruption_returns_within_a_second(name, parameters, shape, first, n_jobs):
    code = LONG.format(name=name, parameters=parameters, shape=shape, first=first, n_jobs=n_jobs, after=0.5)
    waited, threads = python(code).split()
    assert float(waited) < 1
    assert int(threads) == 1


# ---------------------------------------------------------------------- instruction sets
ISA = """
import numpy as np, hashlib
from scatter import HarmonicScattering3D, Scattering1D, Scattering2D
from scatter.kernels.library import load
rng = np.random.default_rng(0)
found = []
cases = (Scattering1D(4, 300, 4), Scattering2D(2, (20, 50)), HarmonicScattering3D(1, (10, 9, 20)))
for S, shape in zip(cases, ((300,), (20, 50), (10, 9, 20))):
    for count in (1, 17):
        for dtype in ("float32", "float64"):
            x = rng.standard_normal((count, *shape)).astype(dtype)
            S.set_params(executor="array")
            wanted = S(x)
            got = S.set_params(executor="compiled")(x)
            found.append(float(np.abs(got - wanted).max() / np.abs(wanted).max() / np.finfo(dtype).eps))
print(load().isa, max(found))
"""


@pytest.mark.parametrize("isa", library.ISAS)
def test_every_instruction_set_gives_the_same_numbers(isa):
    if isa not in library.usable():
        pytest.skip(f"{isa} is not built, or this processor does not have it")
    used, roundings = python(ISA, SCATTER_ISA=isa).split()
    assert used == isa
    assert float(roundings) < 40


def test_an_instruction_set_that_is_not_there():
    code = "from scatter.kernels.library import load; load()"
    names = ", ".join(map(repr, library.usable()))
    message = f"SCATTER_ISA='mmx' is not built; set it to one of {names}, or unset it"
    assert python(code, SCATTER_ISA="mmx").endswith(message)
    told = python(
        "from scatter.cli.info import compiled_executor; print(compiled_executor())", SCATTER_ISA="mmx"
    )
    assert told == f"warning: {message}"


def test_an_instruction_set_that_this_processor_has_not(monkeypatch):
    monkeypatch.setattr(library, "built", lambda: ("avx1024", "baseline"))
    monkeypatch.setenv("SCATTER_ISA", "avx1024")
    with pytest.raises(
        InputError, match="'avx1024' is not what this processor has; set it to one of 'baseline'"
    ):
        library.load.__wrapped__()


# ---------------------------------------------------------------------- without compiled code
def test_without_the_library_everything_works(monkeypatch):
    wanted = Scattering2D(2, (16, 20))(IMAGES)
    monkeypatch.setattr(library, "load", lambda: None)
    np.testing.assert_allclose(Scattering2D(2, (16, 20))(IMAGES), wanted, atol=1e-5)
    with pytest.raises(InputError) as info:
        Scattering2D(2, (16, 20), executor="compiled")(IMAGES)
    reason = f"the compiled executor is {library.NOT_BUILT}"
    assert str(info.value) == f"executor='compiled' can't be had: {reason}; type executor='auto'"
    assert compiled_executor() == f"warning: {library.NOT_BUILT}"


def test_nothing_built_is_seen(monkeypatch):
    monkeypatch.setattr(library, "_found", lambda isa: False)
    assert library.usable() == ()
    assert library.load.__wrapped__() is None


def test_info_names_the_instruction_set(capsys):
    from scatter.cli.info import run_info

    run_info(as_json=True)
    told = json.loads(capsys.readouterr().out)["executors"]["compiled"]
    assert told == f"{library.load().isa}, of {' and '.join(library.usable())}; SCATTER_ISA chooses"
