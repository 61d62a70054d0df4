"""The setuptools commands that put MonetDB's kernel into a wheel or an editable install."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from setuptools import Command, Distribution
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build import build
from setuptools.errors import SetupError

from build_support.distributions import CLIENT
from build_support.kernel import (
    SETTING,
    Choice,
    Kernel,
    KernelUnavailableError,
    choose,
    clear,
    install_kernel,
)

_DESTINATION = Path("dfanalyzer_client", "private_server", "_kernel")

DESCRIPTIONS = {CLIENT: "A DfAnalyzer client, service and command for provenance in MonetDB"}
"""Of distributions that pyproject.toml does not describe."""


def _choice() -> Choice:
    try:
        return choose(os.environ.get(SETTING, ""))
    except (ValueError, KernelUnavailableError) as error:
        raise SetupError(str(error)) from error


class KernelDistribution(Distribution):
    """A distribution whose wheels carry shared libraries on some platforms."""

    name_in_metadata: str

    def parse_config_files(self, *args: Any, **kwargs: Any) -> None:
        """Read pyproject.toml, where the name has to be a constant, and then set the real name."""
        super().parse_config_files(*args, **kwargs)
        self.metadata.name = self.name_in_metadata
        self.metadata.description = DESCRIPTIONS.get(
            self.name_in_metadata, self.metadata.description
        )

    def has_ext_modules(self) -> bool:
        """Shared libraries belong in `platlib`, where setuptools puts extension modules."""
        return _choice().kernel is not None or super().has_ext_modules()


def named(name: str) -> type[KernelDistribution]:
    """The class of distributions for setuptools to create, with this name."""
    return type("NamedDistribution", (KernelDistribution,), {"name_in_metadata": name})


class BuildKernel(Command):
    """Include the kernel's libraries; an editable install puts them into the source tree."""

    description = "include the shared libraries of MonetDB's kernel"
    user_options = [("build-lib=", "d", "directory to build into")]  # noqa: RUF012  # setuptools' form
    build_lib: str
    editable_mode: bool
    taken: Kernel | None

    def initialize_options(self) -> None:
        """Set what setuptools may fill in before `finalize_options`."""
        self.build_lib = ""
        self.editable_mode = False
        self.taken = None

    def finalize_options(self) -> None:
        """Build into the directory that the modules are built into."""
        self.build_lib = self.build_lib or self.get_finalized_command("build").build_lib

    def run(self) -> None:
        """Include the libraries, or say why not; it is an error if they are required."""
        choice = _choice()
        # Even if no kernel is wanted: a library left by another build must not be packed.
        clear(self._directory())
        if choice.kernel is None:
            return
        try:
            install_kernel(choice.kernel, self._directory())
        except KernelUnavailableError as error:
            if choice.required:
                raise SetupError(str(error)) from error
            self.warn(
                f"building WITHOUT MonetDB's kernel, so there is no private server, and you have "
                f"to name a store: {error}"
            )
        else:
            self.taken = choice.kernel

    def get_source_files(self) -> list[str]:
        """Nothing here is made from the project's own sources."""
        return []

    def get_outputs(self) -> list[str]:
        """Name the files in the wheel."""
        return [str(self._built(path)) for path in self._files()]

    def get_output_mapping(self) -> dict[str, str]:
        """Map the files of the wheel to those of an editable install."""
        if not self.editable_mode:
            return {}
        return {str(self._built(path)): str(path) for path in self._files()}

    def _directory(self) -> Path:
        return _DESTINATION if self.editable_mode else Path(self.build_lib, _DESTINATION)

    def _files(self) -> list[Path]:
        return sorted(self._directory().glob("*"))

    def _built(self, path: Path) -> Path:
        return Path(self.build_lib, _DESTINATION, path.name)


class BuildWithKernel(build):
    """The `build` command, with `build_kernel` among its parts."""

    sub_commands = [*build.sub_commands, ("build_kernel", None)]  # noqa: RUF012  # setuptools' form


class KernelWheel(bdist_wheel):
    """A wheel for any Python 3, bound to a platform by the kernel alone."""

    def get_tag(self) -> tuple[str, str, str]:
        """Tag the wheel with the platforms of the kernel that was really included."""
        command = self.get_finalized_command("build_kernel")
        taken = command.taken if isinstance(command, BuildKernel) else None
        return ("py3", "none", ".".join(taken.tags) if taken else "any")


COMMANDS = {
    "build": BuildWithKernel,
    "build_kernel": BuildKernel,
    "bdist_wheel": KernelWheel,
}
