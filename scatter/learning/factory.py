"""Scattering, standardisation and a light classifier as one estimator, with settings for a kind of data."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral
from types import MappingProxyType
from typing import Any

from scatter._names import public
from scatter.errors import InputError
from scatter.learning.heads import build

Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Domain:
    """Settings for a kind of data.

    Parameters
    ----------
    estimator : str
        The transform, a name in `scatter`.
    axes : int
        Numbers in ``size``; 0 if the transform asks for none.
    options : callable
        Size, or an empty tuple if it is not known -> parameters.
    """

    estimator: str
    axes: int
    options: Callable[[Sizes], Mapping[str, Any]]

    @property
    def type(self) -> Any:
        """The class."""
        return public(self.estimator)


def _octaves(size: Sizes, usual: int, less: int, most: int) -> int:
    """Octaves of the shortest side less some, from 1 to ``most``; ``usual`` if there is no size."""
    return min(most, max(1, int(math.log2(min(size))) - less)) if size else usual


def _image(size: Sizes) -> dict[str, Any]:
    # Where things are tells classes apart, so the output grid stays; pixels of 0 to 1 have noise of 1 %.
    return {"J": _octaves(size, 3, 1, 4), "log": 0.01}


def _texture(size: Sizes) -> dict[str, Any]:
    # A texture is the same everywhere, and however it is turned.
    return {"J": _octaves(size, 4, 2, 5), "pooling": "mean", "log": True}


def _sound(size: Sizes) -> dict[str, Any]:
    # Wavelets narrow enough for pitches; order 2 tells rhythms whatever the loudness.
    J = _octaves(size, 12, 2, 15)
    return {"J": J, "Q": 8, "T": 2.0 ** min(J, 13), "pooling": "mean", "ratios": 1e-5, "log": 1e-5}


def _series(size: Sizes) -> dict[str, Any]:
    # What happens, and how often, of events much shorter than the record.
    return {"J": _octaves(size, 6, 2, 10), "Q": 2, "pooling": "mean_std", "log": 1e-3}


def _volume(size: Sizes) -> dict[str, Any]:
    # Integrals over a volume are decades apart, and grow with what is in it.
    return {"J": _octaves(size, 2, 2, 3), "log": True}


def _sphere(size: Sizes) -> dict[str, Any]:
    if not size:
        raise InputError("fields on a sphere need a band limit; type size=L")
    return {"L": size[0], "log": 1e-3}


def _graph(size: Sizes) -> dict[str, Any]:
    # Sums of powers grow with the graph, over decades.
    return {"log": True}


def _plain(size: Sizes) -> dict[str, Any]:
    return {}


DOMAINS: Mapping[str, Domain] = MappingProxyType(
    {
        "image": Domain("Scattering2D", 2, _image),
        "texture": Domain("RotoTranslationScattering2D", 2, _texture),
        "sound": Domain("Scattering1D", 1, _sound),
        "series": Domain("Scattering1D", 1, _series),
        "volume": Domain("HarmonicScattering3D", 3, _volume),
        "sphere": Domain("SphericalScattering", 1, _sphere),
        "graph": Domain("GraphScattering", 0, _graph),
        "mesh": Domain("MeshScattering", 0, _plain),
        "points": Domain("PointCloudScattering", 0, _plain),
    }
)


def make_scattering_classifier(
    domain: str, head: str = "logistic", size: int | tuple[int, ...] | None = None, **transform: Any
) -> Any:
    """A classifier of raw samples: scattering, standardisation, and a light classifier.

    Parameters
    ----------
    domain : {'image', 'texture', 'sound', 'series', 'volume', 'sphere', 'graph', 'mesh', 'points'}
        What samples are; see Notes for what follows from it.
    head : {'logistic', 'svm', 'ridge', 'rbf', 'kernel', 'pca'}, default='logistic'
        The classifier, as in `train`. Linear ones are quick and hard to overfit; 'rbf' is often the best from
        hundreds of samples on, and so is 'kernel', with less to choose; 'pca' asks for no more than tens of
        samples a class.
    size : int or tuple of int, optional
        Samples of a signal, sides of an image or a volume, or the band limit of a sphere. The scales follow
        from it, and `fit` learns it where it is None.
    **transform
        Parameters of the transform, in place of the settings of the domain.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Not fitted; of the steps ``scattering``, ``standardise`` and the name of the head.

    Raises
    ------
    InputError
        If there is no such domain, head or parameter, or if the size is none of the domain.

    Notes
    -----
    =========  ============================  ==============================================================
    domain     transform                     settings, and why
    =========  ============================  ==============================================================
    image      `Scattering2D`                the output grid stays, as it matters where things are;
                                             ``log=0.01``, for pixels from 0 to 1
    texture    `RotoTranslation-`            averaged over positions and rotations: a texture is the same
               `Scattering2D`                everywhere, however it is turned
    sound      `Scattering1D`                ``Q=8``, narrow enough for pitches; ``ratios``, so that
                                             loudness counts once; means over time
    series     `Scattering1D`                ``Q=2``: short events; mean and deviation over time
    volume     `HarmonicScattering3D`        logarithms of integrals, which do not change as a volume
                                             moves and turns
    sphere     `SphericalScattering`         means over the sphere, which do not change as it turns
    graph      `GraphScattering`             logarithms of sums of powers, which grow with the graph
    mesh       `MeshScattering`              moments over the surface of its own curvature and heat
    points     `PointCloudScattering`        the same for a surface that is given by points
    =========  ============================  ==============================================================

    J is the number of octaves of the shortest side, less 1 for images, and less 2 for others, up to a limit:
    4 for images, 5 for textures, 15 for sounds, 10 for series, 3 for volumes.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import cross_val_score
    >>> from scatter.learning import make_scattering_classifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = make_scattering_classifier("image", size=(8, 8))
    >>> model
    Pipeline(steps=[('scattering', Scattering2D(J=2, log=0.01, shape=(8, 8))),
                    ('standardise', StandardScaler()),
                    ('logistic', LogisticRegression(max_iter=5000))])
    >>> bool(cross_val_score(model, X / 16, y).mean() > 0.96)
    True
    """
    from sklearn.pipeline import Pipeline

    if domain not in DOMAINS:
        raise InputError(f"domain must be one of {', '.join(map(repr, DOMAINS))}, got {domain!r}")
    settings = DOMAINS[domain]
    sides = _sides(domain, settings.axes, size)
    known = inspect.signature(settings.type).parameters
    for name in transform:
        if name not in known:
            raise InputError(
                f"{settings.estimator} has no parameter {name!r}; it has {', '.join(map(str, known))}"
            )
    options = dict(settings.options(sides)) | transform
    if sides and "shape" in known:
        options.setdefault("shape", sides if settings.axes > 1 else sides[0])
    return Pipeline([("scattering", settings.type(**options)), *build(head, 0).steps])


def _sides(domain: str, axes: int, size: object) -> Sizes:
    if size is None:
        return ()
    sides = (size,) if isinstance(size, Integral) else size
    whole = isinstance(sides, (tuple, list)) and all(
        isinstance(side, Integral) and not isinstance(side, bool) and int(side) > 0 for side in sides
    )
    if not isinstance(sides, (tuple, list)) or not whole or len(sides) != axes:
        allowed = f"{axes} positive integer(s)" if axes else "None"
        raise InputError(f"size of domain {domain!r} must be {allowed}, got {size!r}")
    return tuple(int(side) for side in sides)
