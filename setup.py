"""What Keras-Prov needs, and what its distributions hold; what it is stands in pyproject.toml."""

import os
import sys
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # a build front end does not: build_support is not installed

from build_support.commands import COMMANDS, named  # noqa: E402
from build_support.distributions import (  # noqa: E402
    CLIENT,
    DEFAULT,
    SETTING,
    distribution_name,
)

STUBS = ROOT / "keras_prov-stubs"
NAME = distribution_name(ROOT, os.environ.get(SETTING, ""))

CLIENT_NEEDED = [
    "click>=8.1",
    "narwhals>=1.30",
    "packaging>=24.2",
    "platformdirs>=3",
    "plotext>=5.3,<6",  # 6 has another interface
    "prov>=3.2",
    "pymonetdb>=1.8",
    "rich>=13",
    "sqlglot>=30",
    "tenacity>=8.2",
]
KERAS_NEEDED = ["fsspec", "keras>=3.12", "numpy", "wrapt>=1.14"]
BACKEND = ["tensorflow>=2.20"] if NAME == DEFAULT else []

ARROW = ["pyarrow"]
DEMO = ["scikit-learn"]
BENCH = ["dask", "devito", "distributed", "joblib", "matplotlib", "scipy"]
CRATE = ["fsspec", "rocrate>=0.16"]
DOCUMENTS = ["spdx-python-model>=0.0.6"]
DOCS = [
    "ipykernel",  # runs the notebook
    "mkdocs-click",
    "mkdocs-material>=9.5",
    "mkdocs>=1.6,<2",
    "mkdocstrings[python]>=0.26",
    "nbclient",
]
MCP = ["mcp"]
MLFLOW = ["pyyaml"]
NEO4J = ["neo4j>=5"]
PANDAS = ["pandas"]
POLARS = ["polars>=1"]
PEERS = [
    "aim",
    "flowcept",
    "mlflow",
    "setuptools<82",  # aim needs its pkg_resources, and does not name it
    "tensorboard",
    "torch==2.13.*",  # which yprov4ml needs; the same as for Keras' tests
    "trackio",
    "wandb",
    "xarray",  # which yprov4ml needs and does not name
    "yprov4ml; python_version >= '3.12'",
    "yprov4ml==3.2.4; python_version < '3.12'",  # the last one that Python 3.11 can parse
]
PLOT = ["matplotlib"]
PROV = ["prov[dot,rdf,xml]>=3.2"]
SERVICE = ["fastapi>=0.115", "fastapi-offline", "httptools", "uvicorn>=0.30", "uvloop"]
SIGN = [
    "cryptography>=48",
    "model-signing>=1.1",
    "pyopenssl",  # which model-signing needs and does not name
    "rfc3161-client>=1.0.3",
    "securesystemslib>=1.3",
]
OPENLINEAGE = ["openlineage-python>=1.40"]
TENSORBOARD = ["tensorboard"]
VIEW = ["fastapi>=0.115", "jinja2>=3.1", "python-multipart", "uvicorn>=0.30"]
SYSTEM = ["nvidia-ml-py", "psutil"]
COMPANIONS = [
    "keras-tuner",
    "optuna",
    "scikeras",
    "scikit-learn",
    "tensorboard",  # which keras-tuner needs and does not name
]
LIBRARIES = [  # not in `dev`: tensorflow-text and tf-keras are each for one TensorFlow
    "deepxde",
    "flax",  # which DeepXDE needs with JAX, and does not name
    "keras-hub",
    "keras-rs",
    "optax",
    "tensorflow-probability",  # which DeepXDE needs with TensorFlow
    "tf-keras",
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
    *ARROW,
    *BENCH,
    *CRATE,
    *DEMO,
    *DOCS,
    *DOCUMENTS,
    *MCP,
    *MLFLOW,
    *NEO4J,
    *PANDAS,
    *PLOT,
    *POLARS,
    *PROV,
    *OPENLINEAGE,
    *SERVICE,
    *SIGN,
    *SYSTEM,
    *TENSORBOARD,
    *VIEW,
    *COMPANIONS,
    # a graph database for tests, with its own Java; they are skipped without it
    "arcadedb-embedded; sys_platform == 'linux' and platform_machine == 'x86_64'",
    "build",
    "cyclonedx-python-lib[json-validation]>=11",  # checks bills of materials
    "grimp",
    "huggingface-hub",  # checks model cards
    "hypothesis",
    "mlcroissant>=1.1",  # checks descriptions of data
    "mypy",
    "owlrl",
    "pexpect",
    "playwright",  # drives Debian's chromium; tests of the viewer are skipped without that
    "pyright[nodejs]",
    "pyshacl",
    "pytest",
    "pytest-rerunfailures",  # in .ci/run
    "pytest-timeout",
    "pytest-xdist",
    "roc-validator",
    "ruff",
    "schemathesis>=4",
    "types-lxml",
    "types-pexpect",
    "types-protobuf",
    "types-psutil",
    "types-pyyaml",
    "types-setuptools",
]


def stub_packages() -> list[str]:
    """Name the stub packages, which `find_packages` does not take for packages."""
    return sorted(
        ".".join(init.parent.relative_to(ROOT).parts) for init in STUBS.rglob("__init__.pyi")
    )


CLIENT_EXTRAS = {
    "arrow": ARROW,
    "crate": CRATE,
    "documents": DOCUMENTS,
    "mcp": MCP,
    "mlflow": MLFLOW,
    "neo4j": NEO4J,
    "openlineage": OPENLINEAGE,
    "pandas": PANDAS,
    "plot": PLOT,
    "polars": POLARS,
    "prov": PROV,
    "service": SERVICE,
    "sign": SIGN,
    "tensorboard": TENSORBOARD,
    "view": VIEW,
}
KERAS_EXTRAS = {
    "bench": BENCH,
    "demo": DEMO,
    "docs": DOCS,
    "libraries": LIBRARIES,
    "peers": PEERS,
    "system": SYSTEM,
    "dev": DEV,
    "keras-tests": KERAS_TESTS,
}
CLIENT_PACKAGES = find_packages(include=["dfanalyzer_client*"])

if NAME == CLIENT:
    needed, extras, packages = CLIENT_NEEDED, CLIENT_EXTRAS, CLIENT_PACKAGES
else:
    needed = sorted([*CLIENT_NEEDED, *KERAS_NEEDED, *BACKEND])
    extras = {**CLIENT_EXTRAS, **KERAS_EXTRAS}
    packages = [*find_packages(include=["keras_prov*"]), *CLIENT_PACKAGES, *stub_packages()]

setup(
    distclass=named(NAME),
    install_requires=needed,
    extras_require=extras,
    packages=packages,
    include_package_data=True,  # as MANIFEST.in says
    cmdclass=COMMANDS,
    zip_safe=False,
)
