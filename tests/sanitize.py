"""Run the tests of the compiled executor under AddressSanitizer and UndefinedBehaviorSanitizer.

``python tests/sanitize.py [pytest arguments]`` compiles the kernels with both, for the best instruction set
of this processor, puts that module in the place of the installed one, and stops at the first error. It needs
GCC on Linux and the package nanobind.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLAGS = {"avx512": "-mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma", "avx2": "-mavx2 -mfma", "baseline": ""}
TESTS = [
    *("tests/test_compiled.py", "tests/test_compiled_volumes.py"),
    *(
        f"tests/test_gradients.py::test_{name}"
        for name in ("a_gradient_is_that_of_the_array_executor", "a_gradient_folds_every_padding_back")
    ),
    *(
        f"tests/test_codec.py::test_{name}"
        for name in (
            "compiled_networks_equal_matrix_products",
            "weights_that_pass_eight_bits_and_the_largest_sums",
            "words_that_no_encoder_writes_are_refused",
            "bytes_do_not_depend_on_the_compiled_module",
            "compiled_tables_adapt_as_those_of_numpy",
            "damage_ends_in_an_error_or_in_an_image_never_in_anything_else",
        )
    ),
    *("-n", "0", "-q", "-k", "not large_primes"),
]

PLUGIN = """
import importlib.machinery, importlib.util, sys
import scatter.kernels
name = "scatter.kernels.{module}"
loader = importlib.machinery.ExtensionFileLoader(name, {path!r})
spec = importlib.util.spec_from_file_location(name, {path!r}, loader=loader)
sys.modules[name] = importlib.util.module_from_spec(spec)
loader.exec_module(sys.modules[name])
"""


def build(isa: str, folder: Path) -> Path:
    """Compile the kernels with the sanitizers."""
    import nanobind

    source = Path(nanobind.source_dir())
    module = folder / f"_scatter_{isa}{sysconfig.get_config_var('EXT_SUFFIX')}"
    includes = [
        nanobind.include_dir(),
        source.parent / "ext/robin_map/include",
        sysconfig.get_path("include"),
    ]
    common = ["g++", "-std=c++17", "-fPIC", "-fvisibility=hidden", "-g1", *(f"-I{path}" for path in includes)]
    binding = folder / "nanobind.o"
    subprocess.run(
        [*common, "-O1", "-fno-strict-aliasing", "-w", "-c", source / "nb_combined.cpp", "-o", binding],
        check=True,
    )
    sanitized = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
    names = [f"-DSCATTER_MODULE=_scatter_{isa}", f"-DNB_DOMAIN=_scatter_{isa}"]
    sources = ROOT / "scatter/kernels/src"
    kernels = [sources / "module.cpp", sources / "codec/codec.cpp"]
    flags = ["-O1", "-pthread", "-ffp-contract=off", "-Wno-psabi", *FLAGS[isa].split(), *sanitized, *names]
    subprocess.run([*common, *flags, "-shared", *kernels, binding, "-o", module], check=True)
    return module


def main() -> int:
    from scatter.kernels.library import usable

    with tempfile.TemporaryDirectory() as folder:
        isa = usable()[0]
        module = build(isa, Path(folder))
        plugin = PLUGIN.format(module=f"_scatter_{isa}", path=str(module))
        Path(folder, "sanitized_kernels.py").write_text(plugin)
        libraries = [
            subprocess.run(
                ["g++", f"-print-file-name={name}.so"], capture_output=True, text=True, check=True
            ).stdout
            for name in ("libasan", "libubsan")
        ]
        environment = {
            "LD_PRELOAD": " ".join(path.strip() for path in libraries),
            "ASAN_OPTIONS": "detect_leaks=0",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            "PYTHONPATH": os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]),
            "SCATTER_ISA": isa,
            "SCATTER_SWEEP": os.environ.get("SCATTER_SWEEP", "160"),
        }
        command = [sys.executable, "-m", "pytest", "-p", "sanitized_kernels", *(sys.argv[1:] or TESTS)]
        return subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
