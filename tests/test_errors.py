"""What is refused, and what is said: what was wrong, what was got, and what is allowed or what to type."""

import re

import numpy as np
import pytest
import scipy.sparse
from sklearn.exceptions import NotFittedError

from scatter import InputError, ScatterError, Scattering1D, Scattering2D, ScatterWarning

SIGNALS = np.ones((4, 64))
IMAGES = np.ones((3, 16, 16))


def refusal(call, *arguments):
    """The message of the error of a call, which must be one line, an `InputError` and a `ValueError`."""
    with pytest.raises(InputError) as info:
        call(*arguments)
    assert isinstance(info.value, ScatterError)
    assert isinstance(info.value, ValueError)
    message = str(info.value)
    assert "\n" not in message
    return message


def poisoned(x, value):
    x = x.copy()
    x.flat[x.size // 2] = value
    return x


# ---------------------------------------------------------------------- parameters
COUNTS = [0, -1, 1.5, 2.0, True, "2", None]
PADDINGS = "padding must be one of 'reflect', 'symmetric', 'periodic', 'zero' or None, got "
DURATION = "T must be a duration from 1 to the 64 samples of the signal, 0, 'global' or None, got "
STRIDE = "stride must be a power of two up to T, 8 here, got "
SHARED = [
    *[({"J": J}, f"J must be an integer >= 1, got {J!r}") for J in COUNTS],
    *[({"max_order": m}, f"max_order must be an integer >= 0, got {m!r}") for m in (-1, 1.5, "2", None)],
    *[({"padding": p}, f"{PADDINGS}{p!r}") for p in ("wrap", "edge", 0, True, "")],
    *[
        ({"out_type": o}, f"out_type must be one of 'array', 'list', 'dict', got {o!r}")
        for o in ("tuple", None, 1)
    ],
    *[
        ({"average": a}, f"average must be True, 'global' or False, got {a!r}")
        for a in ("local", None, 2, 0, 1)
    ],
    *[
        (
            {"pooling": p},
            "pooling must be None, 'mean', 'mean_std', 'median', 'max', 'moments', 'powers', or a tuple of "
            f"these, got {p!r}",
        )
        for p in ("largest", True, (), ("mean", None), 1, ("mean", "meen"))
    ],
    *[
        ({"log": v}, f"log must be True, False or a positive number, got {v!r}")
        for v in (-1, -0.5, "yes", None, np.nan, np.inf)
    ],
    *[
        ({"executor": e}, f"executor must be one of 'auto', 'array', 'compiled', got {e!r}")
        for e in ("numpy", None, True, "")
    ],
    *[
        ({"n_jobs": n}, f"n_jobs must be an integer that is not 0, or None, got {n!r}")
        for n in (0, 1.5, "2", True)
    ],
    *[
        ({"tol": t}, f"tol must be a number from 0 to below 0.1 or None, got {t!r}")
        for t in (-1e-9, 0.1, "1e-3", True, np.nan, np.inf)
    ],
    *[({"two_sided": v}, f"two_sided must be True or False, got {v!r}") for v in (1, None, "x")],
    (
        {"average": False},
        "average=False leaves maps of several sizes, which are not one array; type out_type='list' or "
        "out_type='dict', or add pooling='mean'",
    ),
    (
        {"average": "global", "pooling": "moments"},
        "average='global' leaves one number a path, which has no statistics; type average=True or "
        "average=False with pooling='moments'",
    ),
]
OF_SIGNALS = [
    *[({"Q": Q}, f"Q must be an integer >= 1, got {Q!r}") for Q in (0, 1.5, "8", None)],
    *[({"Q": (3, q)}, f"Q must be an integer >= 1, got {q!r}") for q in (0, 2.5)],
    *[({"Q": Q}, "Q must have at least one number of wavelets per octave, got an empty") for Q in ((), [])],
    *[({"T": T}, f"{DURATION}{T!r}") for T in (0.5, -1, 65, np.nan, np.inf, "abc", True, [1])],
    *[({"stride": s}, f"stride must be an integer >= 1, got {s!r}") for s in (0, -1, 1.5, "2")],
    *[({"stride": s}, f"{STRIDE}{s!r}") for s in (3, 16)],
    *[
        ({"compat": c}, f"compat must be None or 'kymatio-0.3', got {c!r}")
        for c in ("kymatio", "kymatio-0.2", 0)
    ],
    *[
        ({"shape": s}, f"shape must have 1 side(s), got {s!r}; type for example shape=4096")
        for s in ((64, 64), (), "64")
    ],
    *[({"shape": s}, "every side of shape must be an integer >= 1, got ") for s in (0, -3, (64.0,))],
    ({"T": 0}, "average=False leaves maps of several sizes, which are not one array"),
]
OF_IMAGES = [
    *[({"pre_pad": v}, f"pre_pad must be True or False, got {v!r}") for v in (1, None, "x")],
    *[({"stride": s}, f"stride must be an integer >= 1, got {s!r}") for s in (0, 1.5)],
    *[({"stride": s}, f"stride must be a power of two up to 2**J, 4 here, got {s!r}") for s in (3, 8)],
    *[({"L": L}, f"L must be an integer >= 1, got {L!r}") for L in COUNTS],
    *[
        ({"shape": s}, f"shape must have 2 side(s), got {s!r}; type for example shape=(32, 32)")
        for s in (16, (16,), (16, 16, 3))
    ],
    *[({"shape": s}, "every side of shape must be an integer >= 1, got ") for s in ((16, 0), (16, 1.5))],
]


@pytest.mark.parametrize(("parameters", "message"), SHARED + OF_SIGNALS, ids=str)
def test_1d_parameters(parameters, message):
    S = Scattering1D(**{"J": 3, "shape": 64} | parameters)
    assert message in refusal(S, SIGNALS)


@pytest.mark.parametrize(("parameters", "message"), SHARED + OF_IMAGES, ids=str)
def test_2d_parameters(parameters, message):
    S = Scattering2D(**{"J": 2, "shape": (16, 16)} | parameters)
    assert message in refusal(S, IMAGES)


@pytest.mark.parametrize(
    "parameters", [{"J": 0}, {"Q": ()}, {"T": 65}, {"padding": "wrap"}, {"pooling": "largest"}]
)
def test_fit_refuses_the_same_parameters(parameters):
    called = refusal(Scattering1D(**{"J": 3, "shape": 64} | parameters), SIGNALS)
    assert refusal(Scattering1D(**{"J": 3} | parameters).fit, SIGNALS) == called


# ---------------------------------------------------------------------- scales and sizes
@pytest.mark.parametrize("N", [2, 3, 64, 100])
def test_a_scale_larger_than_the_signal(N):
    message = refusal(Scattering1D(J=7), np.ones(N))
    assert f"J=7 needs signals of at least 2**J samples, but the signal has only {N}; type" in message
    largest = int(re.search(r"type J=(\d+) or less", message)[1])
    assert Scattering1D(largest)(np.ones(N)).shape[-1] >= 1
    refusal(Scattering1D(largest + 1), np.ones(N))


@pytest.mark.parametrize("shape", [(2, 2), (16, 16), (16, 5), (7, 30), (1, 9)])
def test_a_scale_larger_than_the_image(shape):
    message = refusal(Scattering2D(J=5), np.ones(shape))
    assert "J=5 needs sides of at least 2**J = 32 pixels" in message
    assert f"got an image of {shape[0]} x {shape[1]}" in message
    largest = int(re.search(r"type J=(\d+) or less", message)[1])
    assert Scattering2D(largest)(np.ones(shape)).shape[0] > 1
    refusal(Scattering2D(largest + 1), np.ones(shape))


@pytest.mark.parametrize(
    "parameters", [{"T": 4}, {"T": "global"}, {"T": 0, "out_type": "list"}, {"average": "global"}], ids=str
)
@pytest.mark.parametrize("J", [8, 2000])
def test_a_scale_far_larger_than_the_signal_whatever_the_average(J, parameters):
    """Such wavelets have a spectrum between two frequencies of the grid: their coefficients are rounding."""
    message = refusal(Scattering1D(J, shape=8, **parameters), np.ones(8))
    assert f"J={J}" in message
    assert len(message) < 300


def test_no_padding_needs_a_multiple_of_the_stride():
    message = refusal(Scattering1D(J=3, shape=60, padding=None), np.ones(60))
    assert message == (
        "padding=None needs a length that is a multiple of 8, got 60; type padding='periodic', "
        "or crop to 56 samples"
    )
    assert Scattering1D(J=3, shape=56, padding=None)(np.ones(56)).shape[-1] == 7
    message = refusal(Scattering2D(J=2, shape=(16, 15), padding=None), np.ones((16, 15)))
    assert message == (
        "padding=None needs sides that are multiples of 2**J = 4, got (16, 15); type padding='periodic', "
        "or crop to (16, 12)"
    )


@pytest.mark.parametrize(
    ("S", "x", "got", "advice"),
    [
        (Scattering1D(3, 64), np.ones((2, 60)), "(60,)", "shape=60"),
        (Scattering2D(2, (16, 20)), np.ones((5, 20, 16)), "(20, 16)", "shape=(20, 16)"),
        (Scattering2D(2, (16, 16)), np.ones((16, 16, 3)), "(16, 3)", "shape=(16, 3)"),
    ],
    ids=str,
)
def test_another_size_than_stated(S, x, got, advice):
    message = refusal(S, x)
    assert f"the last axes must be {S.frame.shape}, got {got} (input of shape {x.shape})" in message
    assert message.endswith(advice)


def test_pre_padded_images_of_another_size():
    S = Scattering2D(2, (16, 16), pre_pad=True)
    assert S(np.ones(S.padded_shape)).shape == (81, 4, 4)
    message = refusal(S, IMAGES)
    assert "the last axes must be (24, 24), got (16, 16)" in message


def test_too_few_axes():
    assert refusal(Scattering1D(3, 64), 1.0) == "an array of shape (..., N) is needed, got shape ()"
    message = refusal(Scattering2D(2, (16, 16)), np.ones(16))
    assert message == "an array of shape (..., M, N) is needed, got shape (16,)"


def test_an_empty_batch():
    needed = "an array with at least one sample is needed, got shape "
    assert refusal(Scattering1D(3, 64), np.ones((0, 64))) == needed + "(0, 64)"
    assert refusal(Scattering2D(2), np.ones((2, 0, 16, 16))) == needed + "(2, 0, 16, 16)"


# ---------------------------------------------------------------------- values and types
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_nan_and_infinity(value, dtype):
    for S, x in ((Scattering1D(3, 64), SIGNALS), (Scattering2D(2, (16, 16)), IMAGES)):
        message = refusal(S, poisoned(x.astype(dtype), value))
        assert message.startswith("the input contains NaN or infinity (1 of ")
        assert "replace them first, for example with np.nan_to_num(x)" in message


def test_opposite_infinities_are_refused_without_a_warning():
    message = refusal(Scattering1D(3, 64), poisoned(poisoned(SIGNALS, np.inf)[::-1], -np.inf))
    assert message.startswith("the input contains NaN or infinity")


def test_a_batch_whose_sum_overflows_is_finite_all_the_same():
    x = np.full((1000, 64), 1e36, dtype="float32")
    assert np.isfinite(Scattering1D(3, 64)(x)).all()


def test_complex_input_to_one_sided_wavelets_is_warned_of():
    for S, x in ((Scattering1D(3, 64), SIGNALS), (Scattering2D(2, (16, 16)), IMAGES)):
        with pytest.warns(ScatterWarning, match="seen at half of its frequencies; type two_sided=True"):
            S(x + 0j)
        S.set_params(two_sided=True)(x + 0j)


@pytest.mark.parametrize(
    ("x", "dtype"),
    [
        (SIGNALS.astype(object), "object"),
        (np.full((2, 64), "a"), "<U1"),
        (["a", "b"], "<U1"),
        (None, "object"),
        ({}, "object"),
        (np.zeros(64, "datetime64[s]"), "datetime64[s]"),
    ],
    ids=["objects", "strings", "list of strings", "None", "dict", "dates"],
)
def test_what_holds_no_numbers(x, dtype):
    message = refusal(Scattering1D(3, 64), x)
    assert message == f"the array must hold numbers, got dtype {dtype}; type: np.asarray(x, dtype='float32')"


@pytest.mark.parametrize("make", [scipy.sparse.csr_array, scipy.sparse.coo_matrix, scipy.sparse.csc_array])
def test_sparse_matrices(make):
    name = make.__name__
    for S, x in ((Scattering1D(3, 64), SIGNALS), (Scattering2D(2, (16, 16)), IMAGES[0])):
        assert refusal(S, make(x)) == f"a dense array is needed, got the sparse {name}; type: x.toarray()"


@pytest.mark.parametrize("S", [Scattering1D(1), Scattering2D(1)], ids=str)
def test_ragged_lists(S):
    assert "the input can't be made into an array" in refusal(S, [[1, 2], [3]])


# ---------------------------------------------------------------------- fit and transform
@pytest.mark.parametrize("S", [Scattering1D(3), Scattering2D(2)], ids=str)
@pytest.mark.parametrize("method", ["transform", "get_feature_names_out"])
def test_transform_before_fit(S, method):
    arguments = [SIGNALS] if method == "transform" else []
    with pytest.raises(NotFittedError, match=f"This {type(S).__name__} instance is not fitted yet"):
        getattr(S, method)(*arguments)


@pytest.mark.parametrize("S", [Scattering1D(), Scattering2D()], ids=str)
@pytest.mark.parametrize("name", ["tree", "frame", "meta"])
def test_what_needs_a_shape_says_so(S, name):
    def ask():
        value = getattr(S, name)
        return value() if callable(value) else value

    wanted = f"the shape of the signals is not known yet; type {type(S).__name__}(..., shape=...) or call fit"
    assert refusal(ask) == wanted


RAGGED = [[1.0, 2.0], [3.0]]
REFUSED_BY_FIT = {
    "sparse": (scipy.sparse.csr_array(SIGNALS), "sparse"),
    "complex": (SIGNALS * 1j, "Complex data not supported"),
    "complex images": (IMAGES * 1j, "Complex data not supported"),
    "NaN": (poisoned(SIGNALS, np.nan), "NaN"),
    "NaN in images": (poisoned(IMAGES, np.nan), "NaN"),
    "infinity": (poisoned(SIGNALS, np.inf), "infinity"),
    "one sample": (SIGNALS[0], "1D array"),
    "no samples": (SIGNALS[:0], "(0, 64)"),
    "no images": (IMAGES[:0], "(0, 16, 16)"),
    "ragged": (RAGGED, "inhomogeneous"),
    "ragged images": ([RAGGED], "inhomogeneous"),
    "strings": ([["a", "b", "c", "d"]], "'a'"),
    "objects": (IMAGES.astype(object), "dtype object"),
    "one number": (np.ones((3, 1)), "a sample of 1 feature(s) has no scales; at least 2 features are needed"),
}


@pytest.mark.parametrize(("X", "message"), REFUSED_BY_FIT.values(), ids=REFUSED_BY_FIT)
@pytest.mark.parametrize("S", [Scattering1D(1), Scattering2D(1)], ids=str)
def test_fit_refuses(S, X, message):
    assert message in refusal(S.fit, X)


REFUSED_BY_TRANSFORM = {
    "sparse": (scipy.sparse.csr_array(np.ones((3, 256))), "sparse"),
    "complex": (np.ones((3, 256)) * 1j, "Complex data not supported"),
    "complex images": (IMAGES * 1j, "Complex data not supported"),
    "NaN": (poisoned(np.ones((3, 256)), np.nan), "NaN"),
    "fewer features": (np.ones((3, 255)), "X has 255 features, but Scattering2D is expecting 256 features"),
    "smaller images": (IMAGES[:, :8], "X has 128 features, but Scattering2D is expecting 256 features"),
    "another shape": (np.ones((3, 8, 32)), "samples must be of shape (16, 16) as in fit, got (8, 32)"),
    "channels": (IMAGES[:, None], "samples must be of shape (16, 16) as in fit, got (1, 16, 16)"),
}


@pytest.mark.parametrize(("X", "message"), REFUSED_BY_TRANSFORM.values(), ids=REFUSED_BY_TRANSFORM)
def test_transform_refuses(X, message):
    assert message in refusal(Scattering2D(J=2).fit(IMAGES).transform, X)


def test_fit_refuses_samples_of_another_shape_than_stated():
    assert refusal(Scattering1D(3, 64).fit, np.ones((2, 60))) == (
        "samples must be of shape (64,), with channels before it or flattened into rows of a multiple of 64 "
        "numbers, got samples of shape (60,)"
    )
    assert refusal(Scattering2D(2, (16, 16)).fit, np.ones((2, 3, 16, 17))) == (
        "samples must be of shape (16, 16), with channels before it or flattened into rows of a multiple of "
        "256 numbers, got samples of shape (3, 16, 17)"
    )


def test_feature_names_of_other_features():
    S = Scattering1D(3).fit(SIGNALS)
    message = refusal(S.get_feature_names_out, ["a"])
    assert message == "input_features should have length equal to number of features (64), got 1"


def test_pre_padding_needs_the_shape_before_padding():
    """Without it, fit would accept images that transform then refuses."""
    assert "pre_pad=True" in refusal(Scattering2D(J=2, pre_pad=True).fit, IMAGES)


@pytest.mark.parametrize("S", [Scattering1D(2, 16, max_order=1), Scattering2D(2, (16, 16))], ids=str)
def test_other_array_libraries_are_refused_alike(backend, S):
    """All but NaN, which would stop a device or a trace."""
    shape = S.frame.shape
    for bad in (np.ones(shape[1:]), np.ones((0, *shape)), np.ones((*shape[:-1], shape[-1] + 1))):
        assert refusal(S, backend.asarray(bad)) == refusal(S, bad)


# ---------------------------------------------------------------------- what else may be mistyped
@pytest.mark.parametrize("rate", ["x", -1, 0, np.nan, np.inf, True])
def test_sampling_rate(rate):
    wanted = f"sampling_rate must be a positive number or None, got {rate!r}"
    assert refusal(Scattering1D(3, 64, sampling_rate=rate).fit, SIGNALS) == wanted


@pytest.mark.parametrize("log", [0, 0.0, -1e-3])
def test_log_of_zero_would_be_infinite(log):
    assert f"log must be True, False or a positive number, got {log!r}" in refusal(
        Scattering1D(3, 64, log=log), SIGNALS
    )


def test_out_type_is_checked_by_fit():
    assert "out_type must be one of" in refusal(Scattering1D(3, 64, out_type="x").fit, SIGNALS)


def test_sparse_tensors():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    assert "type: x.to_dense()" in refusal(Scattering1D(3, 64), torch.ones(2, 64).to_sparse())


def test_one_pixel_has_no_scales():
    assert "an image of 1 x 1 has no scales" in refusal(Scattering2D(1), np.ones((1, 1)))


def test_a_padded_image_of_the_wrong_size_is_told_about_padding():
    message = refusal(Scattering2D(2, (16, 16), pre_pad=True), np.ones((16, 16)))
    assert "the last axes must be (24, 24), got (16, 16)" in message
    assert "pad the images to padded_shape, or leave pre_pad out" in message


def test_the_first_bad_value_is_located():
    x = np.ones((3, 64))
    x[1, 7] = x[2, 3] = np.nan
    assert "(2 of 192 values, the first at (1, 7))" in refusal(Scattering1D(3, 64), x)
