"""DfAnalyzer's program that extracts data from files, as older scripts call it."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence

from .attribute import Attribute
from .declarations.names import checked_text
from .errors import DefinitionError, DfAnalyzerError
from .extractor import Extractor
from .extractor_cartridge import ExtractorCartridge
from .extractor_extension import ExtractorExtension

__all__ = ["RawDataExtractor", "RawDataProgram"]

FOLDER = "DFANALYZER_DIR"


class RawDataProgram:
    """A call of one of DfAnalyzer's programs for files of raw data.

    The programs are a part of DfAnalyzer, not of this package: the variable ``DFANALYZER_DIR``
    says where it is installed. The order of their arguments is that of DfAnalyzer's library in C++.
    """

    program = ""
    """Its name in DfAnalyzer's folder ``bin``."""

    def __init__(
        self, extractor: Extractor, method: str, attributes: Sequence[Attribute | str]
    ) -> None:
        if isinstance(attributes, str) or not isinstance(attributes, Sequence):
            raise DefinitionError(
                f"A {type(self).__name__} takes a list of attributes. Received: {attributes!r}."
            )
        self._extractor = extractor
        self._method = method
        self._attributes = [_attribute(each) for each in attributes]

    @property
    def extractor(self) -> Extractor:
        """The same as a declaration, for the `Set` whose attributes it fills."""
        return self._extractor

    def get_attributes(self) -> str:
        """The attributes as the program takes them: ``[NAME:TYPE,…]``."""
        return f"[{','.join(self._attributes)}]"

    def get_command_line(self) -> str:
        """The command line, as a shell takes it; raises DfAnalyzerError without DFANALYZER_DIR."""
        return shlex.join(self._command())

    def run(self) -> None:
        """Run the program and wait for its end.

        Raises:
            DfAnalyzerError: DFANALYZER_DIR is not set, or the program is missing, or has failed.
        """
        command = self._command()
        try:
            status = subprocess.run(command, check=False).returncode  # noqa: S603  # as asked for
        except OSError as error:
            raise DfAnalyzerError(
                f"{command[0]} cannot be run: {error.strerror}. It is a part of DfAnalyzer, whose "
                f"folder {FOLDER} names."
            ) from error
        if status:
            raise DfAnalyzerError(
                f"{command[0]} has failed with status {status}; it may have said why."
            )

    def _arguments(self) -> list[str]:
        """Its arguments between its kind and the attributes, and behind them."""
        raise NotImplementedError

    def _command(self) -> list[str]:
        folder = os.environ.get(FOLDER, "")
        if not folder:
            raise DfAnalyzerError(
                f"{type(self).__name__} calls a program of DfAnalyzer: set {FOLDER} to the folder "
                "in which DfAnalyzer is installed."
            )
        kind = f"{self._extractor.cartridge}:{self._method}"
        return [os.path.join(folder, "bin", self.program), kind, *self._arguments()]  # noqa: PTH118  # text


class RawDataExtractor(RawDataProgram):
    """A call of the program ``RDE``, which runs a command and keeps the values that it prints."""

    program = "RDE"

    def __init__(
        self,
        cartridge: ExtractorCartridge,
        command_line: str,
        attributes: Sequence[Attribute | str],
    ) -> None:
        """Describe a call.

        Args:
            cartridge: what is done with a file.
            command_line: the command that reads the files.
            attributes: what it prints: attributes, or texts ``NAME:TYPE``.

        Raises:
            DefinitionError: a part is not of its kind.
        """
        super().__init__(
            Extractor("extractor", cartridge, ExtractorExtension.PROGRAM), "EXTRACT", attributes
        )
        self._command_line = checked_text(command_line, "command line of a RawDataExtractor")

    def _arguments(self) -> list[str]:
        return [self._extractor.tag, ".", self._command_line, self.get_attributes()]


def _attribute(given: Attribute | str) -> str:
    if isinstance(given, Attribute):
        return f"{given.name}:{given.type}"
    return checked_text(given, "attribute of raw data")
