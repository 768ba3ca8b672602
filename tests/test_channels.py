"""Where channels are is said or asked, and a guessed shape is never silent."""

import re

import numpy as np
import pytest
from sklearn.base import clone

from scatter import (
    InputError,
    RotoTranslationScattering2D,
    Scattering1D,
    Scattering2D,
    ScatterWarning,
    WaveletEnergies,
)

RNG = np.random.default_rng(0)
IMAGES = RNG.random((5, 3, 32, 20))
SIGNALS = RNG.standard_normal((5, 12, 500))
MAKE = {
    "1D": lambda **options: Scattering1D(J=3, pooling="mean", **options),
    "2D": lambda **options: Scattering2D(J=2, L=2, pooling="mean", **options),
    "roto": lambda **options: RotoTranslationScattering2D(J=2, L=2, pooling="mean", **options),
    "energies": lambda **options: WaveletEnergies(levels=1, **options),
    "energies 1D": lambda **options: WaveletEnergies(levels=1, ndim=1, **options),
}


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("given", [False, True])
def test_channels_last_are_the_same_channels(name, given):
    x = SIGNALS if "1D" in name else IMAGES
    last = np.moveaxis(x, 1, -1)
    options = {"shape": x.shape[2:]} if given else {}
    expected = MAKE[name](**options).fit_transform(x)
    E = MAKE[name](channels="last", **options)
    np.testing.assert_array_equal(E.fit_transform(last), expected)
    assert list(E.get_feature_names_out()) == list(MAKE[name](**options).fit(x).get_feature_names_out())
    if given:  # rows of such samples, and samples without channels
        np.testing.assert_array_equal(E.fit_transform(last.reshape(5, -1)), expected)
        np.testing.assert_array_equal(
            E.fit_transform(x[:, 0]), expected[:, : expected.shape[1] // x.shape[1]]
        )
    if "energies" not in name:
        np.testing.assert_array_equal(E(last), MAKE[name](**options)(x))
        with pytest.raises(
            InputError, match=r"channels='last' needs an axis of channels .* type x\[\.\.\., None\]"
        ):
            E(x[0, 0])


@pytest.mark.parametrize("value", ["middle", None, 1, True])
def test_channels_is_first_or_last(value):
    for E in (MAKE["2D"](channels=value), MAKE["energies"](channels=value)):
        with pytest.raises(InputError, match=f"channels must be 'first' or 'last', got {value!r}"):
            E.fit(IMAGES)


def test_tensors_with_channels_last():
    torch = pytest.importorskip("torch")
    last = torch.tensor(np.moveaxis(IMAGES, 1, -1), requires_grad=True)
    found = Scattering2D(J=2, L=2, channels="last")(last)
    np.testing.assert_allclose(found.detach().numpy(), Scattering2D(J=2, L=2)(IMAGES), atol=1e-12)
    found.sum().backward()
    assert last.grad.shape == last.shape


GUESSES = {
    "colour images": (Scattering2D(J=1, L=2), (5, 64, 64, 3), "images of 64 x 3", "shape=(64, 3)"),
    "grey images": (
        Scattering2D(J=1, L=2, pooling="mean"),
        (5, 28, 28, 1),
        "images of 28 x 1",
        "shape=(28, 1)",
    ),
    "leads": (Scattering1D(J=3), (5, 1000, 12), "signals of 12 samples", "shape=12"),
    "energies": (WaveletEnergies("haar", levels=1), (5, 64, 64, 4), "images of 64 x 4", "shape=(64, 4)"),
}


@pytest.mark.parametrize("name", GUESSES)
def test_what_looks_like_channels_last_is_said(name):
    S, shape, kind, right = GUESSES[name]
    message = (
        f"is taken as {kind}; type channels='last' if the last axis holds channels, or {right} if this is"
    )
    with pytest.warns(ScatterWarning, match=re.escape(message)):
        S.fit(np.zeros(shape))
    if not isinstance(S, WaveletEnergies):
        with pytest.warns(ScatterWarning, match=re.escape(message)):
            S(np.zeros(shape))


@pytest.mark.parametrize("name", GUESSES)
def test_what_was_said_is_not_asked_again(name):
    S, shape, *_ = GUESSES[name]
    axes = 1 if isinstance(S, Scattering1D) else getattr(S, "ndim", 2)
    given = clone(S).set_params(shape=shape[-axes:]).fit(np.zeros(shape))
    last = clone(S).set_params(channels="last").fit(np.zeros(shape))
    assert (given.shape_, last.shape_) == (shape[-axes:], shape[-1 - axes : -1])


@pytest.mark.parametrize(("S", "shape"), [
    (Scattering2D(J=2), (5, 28, 28, 3)),
    (Scattering1D(J=6), (5, 1000, 12)),
    (WaveletEnergies(levels=1), (5, 64, 64, 3)),
])  # fmt: skip
def test_errors_about_sides_say_that_channels_may_be_last(S, shape):
    calls = [S.fit] if isinstance(S, WaveletEnergies) else [S.fit, S]
    for call in calls:
        with pytest.raises(InputError, match=r"; if the last axis holds channels, type channels='last'$"):
            call(np.zeros(shape))


def test_a_shape_before_channels_is_recognised():
    S = Scattering2D(J=2, shape=(32, 20))
    with pytest.raises(
        InputError, match=r"the last axes must be \(32, 20\), got \(20, 3\) .*type channels='last'"
    ):
        S(np.moveaxis(IMAGES, 1, -1))
    with pytest.raises(InputError, match=r"must be of shape \(32, 20\), .*type channels='last'"):
        S.fit(np.moveaxis(IMAGES, 1, -1))


@pytest.mark.parametrize(
    "shape", [(5, 3, 64, 64), (5, 64, 64), (5, 2, 3, 64, 4), (64, 9, 4, 64), (5, 7, 64, 4)]
)
def test_ordinary_images_are_not_asked_about(shape):
    assert Scattering2D(J=1, L=2).fit(np.zeros(shape)).shape_ == shape[-2:]


@pytest.mark.parametrize("shape", [(1000, 16), (5, 12, 1000), (5, 64, 16), (5, 200, 100)])
def test_ordinary_signals_are_not_asked_about(shape):
    S = Scattering1D(J=3).fit(np.zeros(shape))
    assert S.shape_ == shape[-1:]
    assert Scattering1D(J=3)(np.zeros(shape)).shape[:-2] == shape[:-1]


@pytest.mark.parametrize("make", [Scattering2D, RotoTranslationScattering2D])
@pytest.mark.parametrize(("features", "advice"), [
    (3072, r"type shape=\(?32, 32\)? for 3 channels, one after the other, or shape=\(M, N\)"),
    (785, r"type shape=\(M, N\); 28 x 28 is one less: take the label out of the rows"),
    (200, r"type shape=\(?10, 10\)? for 2 channels"),
    (1000, r"type shape=\(M, N\)$"),
])  # fmt: skip
def test_rows_that_are_no_square_are_said(make, features, advice):
    words = f"rows of {features} numbers are no square images, .* taken as images of 1 x {features}; {advice}"
    with pytest.warns(ScatterWarning, match=words):
        make(J=2, L=2).fit(np.zeros((2, features)))
    make(J=2, L=2).fit(np.zeros((2, 1024)))
    make(J=2, L=2, shape=(1, features)).fit(np.zeros((2, features)))
    with pytest.warns(ScatterWarning, match=words):
        WaveletEnergies("haar", levels=1).fit(np.zeros((2, features)))
