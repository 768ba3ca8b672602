"""What every scattering estimator shares: a callable on arrays and a scikit-learn transformer."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from scatter.errors import InputError, ScatterWarning
from scatter.frames.base import Frame
from scatter.numerics.namespace import Array, full_precision, is_complex
from scatter.paths import PathTree
from scatter.transforms.channels import channels_first
from scatter.transforms.plan import Plan
from scatter.transforms.samples import SampleTransformer
from scatter.transforms.validation import (
    check_ends,
    check_out_type,
    check_samples,
    check_shape,
    check_signals,
)

if TYPE_CHECKING:
    pass


class ScatteringTransformer(SampleTransformer):
    """Base of the estimators; a subclass says how parameters and a shape become a plan."""

    _ndim: ClassVar[int]
    out_type: str
    _planned: tuple[Any, Plan]
    two_sided: bool = False

    @abstractmethod
    def _make_plan(self, shape: tuple[int, ...]) -> Plan:
        """Check the parameters and build the frame and the paths for signals of this shape."""

    @property
    def _axes(self) -> int:
        return self._ndim

    def _sample_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return self._plan(shape).frame.shape

    # ------------------------------------------------------------------ the plan
    def _plan(self, shape: tuple[int, ...]) -> Plan:
        """Plan for a shape; rebuilt whenever a parameter has changed."""
        key = (shape, repr(sorted(self.get_params(deep=False).items())))
        # Read once: another thread may meet another shape in the meantime.
        known = self.__dict__.get("_planned")
        if known is None or known[0] != key:
            self._planned = known = (key, self._make_plan(shape))
        return known[1]

    def _known_shape(self) -> tuple[int, ...]:
        shape = check_shape(self.shape, self._ndim) or getattr(self, "shape_", None)
        if shape is None:
            raise InputError(
                "the shape of the signals is not known yet; "
                f"type {type(self).__name__}(..., shape=...) or call fit"
            )
        return shape

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_planned", None)  # rebuilt from the parameters; filters are never pickled
        return state

    @property
    def frame(self) -> Frame:
        """The wavelets and the low-pass."""
        return self._plan(self._known_shape()).frame

    @property
    def tree(self) -> PathTree:
        """The paths, in the order of the coefficients."""
        return self._plan(self._known_shape()).tree

    def meta(self) -> dict[str, Any]:
        """What every coefficient is, as arrays over the paths; see `PathTree.meta`."""
        return self.tree.meta()

    def output_size(self, detail: bool = False) -> int | tuple[int, ...]:
        """Number of paths, or of paths of each order with ``detail``."""
        return self.tree.counts if detail else len(self.tree)

    # ------------------------------------------------------------------ arrays in, arrays out
    @full_precision
    def __call__(self, x: Any) -> Any:
        """Scattering coefficients of signals of any leading shape.

        Parameters
        ----------
        x : array of shape (..., *shape)
            NumPy, PyTorch, JAX, CuPy or any array that follows the array API standard. Integers
            become float32; the type, device and precision of the output are those of the input.

        Returns
        -------
        array of shape (..., paths, *grid), or a list or dict with one entry a path
            As ``out_type`` says; the grid is replaced or dropped by ``pooling`` and ``average``.

        Raises
        ------
        InputError
            If a parameter is out of its range or the input is not what the transform accepts.
        """
        check_out_type(self.out_type)
        x = check_signals(x, self._ndim)
        if is_complex(x) and not self.two_sided:
            self._meet_complex(x)
        known = check_shape(self.shape, self._ndim)
        if self._last:
            if x.ndim <= self._ndim:
                raise InputError(
                    "channels='last' needs an axis of channels after those of the signal, got an array of "
                    f"shape {tuple(x.shape)}; type x[..., None]"
                )
            x = channels_first(x, self._ndim)
        # Of signals, an array of two axes is a batch.
        with self._guessing(tuple(x.shape) if self._ndim > 1 or x.ndim > 2 else ()):
            plan = self._plan(known or tuple(x.shape[-self._ndim :]))
        check_ends(x, plan.frame.shape, padded=bool(getattr(self, "pre_pad", False)), last=self._last)
        if self.out_type == "array":
            if not plan.uniform:
                raise InputError(
                    "average=False leaves maps of several sizes, which are not one array; "
                    "type out_type='list' or out_type='dict', or add pooling='mean'"
                )
            return plan.array(x)
        items = zip(plan.tree.paths, plan.items(x), strict=True)
        if self.out_type == "dict":
            return {path.n: coefficients for path, coefficients in items}
        return [
            {
                "coef": coefficients,
                "order": path.order,
                "n": path.n,
                **{name: tuple(b.label(name) for b in path.bands) for name in self._label_names},
                "path": str(path),
            }
            for path, coefficients in items
        ]

    def _meet_complex(self, x: Array) -> None:
        """What to say of complex input to one-sided wavelets."""
        warnings.warn(
            "complex input is seen at half of its frequencies; type two_sided=True to see all of them",
            ScatterWarning,
            stacklevel=3,
        )

    _label_names: ClassVar[tuple[str, ...]] = ("j",)

    def scattering(self, x: Any) -> Any:
        """The same as calling the transform."""
        return self(x)

    # ------------------------------------------------------------------ scikit-learn
    def fit(self, X: Any, y: object = None) -> Self:
        """Learn the shape of the samples; nothing else is learnt.

        Parameters
        ----------
        X : array of shape (n_samples, *shape), (n_samples, channels, *shape) or (n_samples, n_features)
            Signals, or rows that hold them flattened.
        y : ignored

        Returns
        -------
        self
        """
        check_out_type(self.out_type)
        X = self._validate(X, reset=True)
        sample = tuple(X.shape[1:])
        with self._guessing(sample):
            lead, shape = self._layout(sample)
            self._plan(shape).admit(1, 4)
        self.lead_, self.shape_ = lead, shape
        return self

    @full_precision
    def transform(self, X: Any) -> Any:
        """Scattering features of every sample.

        Parameters
        ----------
        X : array
            Samples of the shape that `fit` saw, or of ``shape``, with which nothing is left to learn.

        Returns
        -------
        array of shape (n_samples, n_features_out)
            Of the type and precision of ``X``; named by `get_feature_names_out`.
        """
        if self._unfitted:
            X = self._first(check_samples(X))
            lead, shape = self._layout(tuple(X.shape[1:]))
            plan = self._plan(shape)
            return plan.rows(self._shaped(X, lead, plan.frame.shape))
        check_is_fitted(self)
        X = self._validate(X, reset=False)
        plan = self._plan(self.shape_)
        return plan.rows(self._fitted(X, plan.frame.shape))

    @property
    def _stateless(self) -> bool:
        """Whether ``shape`` says all that `fit` would learn, but for the number of channels."""
        return "shape" in self._get_param_names() and self.shape is not None

    @property
    def _unfitted(self) -> bool:
        """Whether there was no `fit`, and none is needed."""
        return self._stateless and "shape_" not in self.__dict__

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Name of every feature: its path, and where on the output grid it lies.

        Parameters
        ----------
        input_features : array of str, optional
            Checked against what `fit` saw; the names don't depend on it.

        Returns
        -------
        ndarray of str of shape (n_features_out,)
            Of one channel, before a `fit`.
        """
        if self._unfitted:
            return np.asarray(self._plan(self._known_shape()).names, dtype=object)
        check_is_fitted(self)
        return self._named(self._plan(self.shape_).names, input_features)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.array_api_support = True
        tags.requires_fit = not self._stateless
        return tags
