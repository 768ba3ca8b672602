"""The array libraries that tests run under, and how hypothesis searches."""

import os

# SciPy reads this when it is imported; scikit-learn's array API checks need it.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
# JAX compiles every operation of every shape once; tests run each once or twice.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)

import importlib
import importlib.util
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("search", settings.get_profile("ci"), derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

LIBRARIES = {
    "numpy": "numpy",
    "numpy read-only": "numpy",
    "array_api_strict": "array_api_strict",
    "torch": "array_api_compat.torch",
    "jax": "jax.numpy",
}


@dataclass(frozen=True)
class Backend:
    """An array library, and the way into it and out of it."""

    name: str
    xp: ModuleType

    def asarray(self, x: Any) -> Any:
        """A copy of ``x`` as an array of this library, of the same type."""
        x = np.array(x)
        x.flags.writeable = self.name != "numpy read-only"
        return x if self.xp is np else self.xp.asarray(x)

    def to_numpy(self, x: Any) -> np.ndarray:
        """``x`` back as a NumPy array; an array of another library than this one is an error."""
        assert type(x) is type(self.asarray(0.0)), f"got a {type(x)} from {self.name} arrays"
        return np.asarray(x)


@pytest.fixture(scope="session", params=LIBRARIES)
def backend(request):
    """Each array library in turn; those that are not installed are skipped by name."""
    package = request.param.split()[0]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    if package == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    return Backend(request.param, importlib.import_module(LIBRARIES[request.param]))


@pytest.fixture(scope="session")
def xp(backend):
    """The namespace of each array library in turn."""
    return backend.xp


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """Run the test in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
