"""What Keras-Prov is, what it needs and what goes into its distributions."""

import runpy
import sys
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # a build front end does not: build_support is not installed

from build_support.commands import COMMANDS, KernelDistribution  # noqa: E402

README = ROOT / "README.md"
STUBS = ROOT / "keras_prov-stubs"

DEMO = ["scikit-learn"]
BENCH = ["dask", "devito", "distributed", "joblib", "matplotlib", "scipy"]
CRATE = ["rocrate>=0.15"]
DOCS = [
    "ipykernel",  # runs the notebook
    "mkdocs-click",
    "mkdocs-material>=9.5",
    "mkdocs>=1.6,<2",
    "mkdocstrings[python]>=0.26",
    "nbclient",
]
PANDAS = ["pandas"]
PEERS = [
    "mlflow",
    "tensorboard",
    "torch==2.13.*",  # which yprov4ml needs; the same as for Keras' tests
    "xarray",  # which yprov4ml needs and does not name
    "yprov4ml; python_version >= '3.12'",
    "yprov4ml==3.2.4; python_version < '3.12'",  # the last one that Python 3.11 can parse
]
PROV = ["prov[dot,rdf,xml]>=3.2"]
SERVICE = ["fastapi>=0.115", "fastapi-offline", "httptools", "uvicorn>=0.30", "uvloop"]
SYSTEM = ["nvidia-ml-py", "psutil"]
COMPANIONS = [
    "keras-tuner",
    "optuna",
    "scikeras",
    "scikit-learn",
    "tensorboard",  # which keras-tuner needs and does not name
]
KERAS_TESTS = [
    "dm-tree",
    "grain",
    "jax",
    "orbax-checkpoint",
    "pandas",
    "pillow",
    "requests",
    "scikit-learn",
    "tensorboard",
    "torch==2.13.*",  # pinned: with another build Keras' tests end otherwise than was recorded
]
DEV = [
    *BENCH,
    *CRATE,
    *DEMO,
    *DOCS,
    *PANDAS,
    *PROV,
    *SERVICE,
    *SYSTEM,
    *COMPANIONS,
    "build",
    "hypothesis",
    "mypy",
    "owlrl",
    "pexpect",
    "pyshacl",
    "pytest",
    "pytest-timeout",
    "pytest-xdist",
    "roc-validator",
    "ruff",
    "schemathesis>=4",
    "types-lxml",
    "types-pexpect",
    "types-psutil",
    "types-setuptools",
]


def stub_packages() -> list[str]:
    """Name the stub packages, which `find_packages` does not take for packages."""
    return sorted(
        ".".join(init.parent.relative_to(ROOT).parts) for init in STUBS.rglob("__init__.pyi")
    )


setup(
    name="keras-prov",
    version=runpy.run_path(str(ROOT / "keras_prov" / "_version.py"))["__version__"],
    description="Provenance of Keras trainings, captured while they run and asked for in SQL",
    long_description=README.read_text(encoding="utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    license_expression="Apache-2.0 AND MPL-2.0 AND BSD-3-Clause",  # two for the libraries
    license_files=["LICENSE", "build_support/licenses/*.txt"],
    keywords=["keras", "provenance", "deep learning", "monetdb", "w3c prov", "dfanalyzer"],
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Database",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",
    install_requires=[
        "click>=8.1",
        "fsspec",
        "keras>=3.12",
        "numpy",
        "packaging>=24.2",
        "platformdirs>=3",
        "prov>=3.2",
        "pymonetdb>=1.8",
        "rich>=13",
        "sqlglot>=30",
        "tenacity>=8.2",
        "tensorflow>=2.20",
        "wrapt>=1.14",
    ],
    extras_require={
        "bench": BENCH,
        "crate": CRATE,
        "demo": DEMO,
        "docs": DOCS,
        "pandas": PANDAS,
        "peers": PEERS,
        "prov": PROV,
        "service": SERVICE,
        "system": SYSTEM,
        "dev": DEV,
        "keras-tests": KERAS_TESTS,
    },
    packages=[
        *find_packages(include=["keras_prov*", "dfanalyzer_client*"]),
        *stub_packages(),
    ],
    include_package_data=True,  # as MANIFEST.in says
    entry_points={"console_scripts": ["keras-prov = dfanalyzer_client.cli:main"]},
    distclass=KernelDistribution,
    cmdclass=COMMANDS,
    zip_safe=False,
)
