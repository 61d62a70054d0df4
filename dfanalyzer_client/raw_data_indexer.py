"""DfAnalyzer's program that indexes extracted data, as older scripts call it."""

from __future__ import annotations

from collections.abc import Sequence

from .attribute import Attribute
from .declarations.names import checked_text
from .extractor import Extractor
from .extractor_cartridge import ExtractorCartridge
from .extractor_extension import ExtractorExtension
from .raw_data_extractor import RawDataProgram

__all__ = ["RawDataIndexer"]


class RawDataIndexer(RawDataProgram):
    """A call of the program ``RDI``, which indexes a file of extracted data."""

    program = "RDI"

    def __init__(
        self,
        cartridge: ExtractorCartridge,
        extractor_tag: str,
        path: str,
        file_name_with_extracted_data: str,
        attributes: Sequence[Attribute | str],
        extra_arguments: str = "",
    ) -> None:
        """Describe a call.

        Args:
            cartridge: what is done with a file.
            extractor_tag: tag of the extractor whose data are indexed.
            path: the folder of the file.
            file_name_with_extracted_data: the file's name.
            attributes: what is in it: attributes, or texts ``NAME:TYPE``.
            extra_arguments: what the program takes besides, divided by blanks.

        Raises:
            DefinitionError: a part is not of its kind.
        """
        extractor = Extractor(extractor_tag, cartridge, ExtractorExtension.FASTBIT)
        super().__init__(extractor, "INDEX", attributes)
        self._path = checked_text(path, "path of a RawDataIndexer")
        self._file = checked_text(file_name_with_extracted_data, "file of a RawDataIndexer")
        self._extra = checked_text(extra_arguments, "extra arguments of a RawDataIndexer")

    def _arguments(self) -> list[str]:
        return [
            self._extractor.tag, self._path, self._file, self.get_attributes(),
            *self._extra.split(),
        ]  # fmt: skip
