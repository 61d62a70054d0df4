"""An extractor: how the attributes of a set are read from files of raw data."""

from __future__ import annotations

from .declarations.messages import ExtractorMessage, without_empty
from .declarations.provenance_object import ProvenanceObject
from .errors import DefinitionError
from .extractor_cartridge import ExtractorCartridge
from .extractor_extension import ExtractorExtension

__all__ = ["Extractor"]


class Extractor(ProvenanceObject):
    """How attributes are read from raw data; give it to the `Set` whose attributes they are.

    An element of the set then has the path of a file in place of their values. For the extension
    PROGRAM, the program of the transformation that has the extractor's tag as its name prints them.

    Attributes:
        setTag: tag of that set, where it is not given to it.
        transformationTag: tag of the transformation, likewise.
        dataflowTag: tag of the dataflow, likewise.
    """

    def __init__(
        self, tag: str, cartridge: ExtractorCartridge, extension: ExtractorExtension
    ) -> None:
        """Describe an extractor; raises DefinitionError where a part is not of its kind."""
        super().__init__(tag)
        self.cartridge, self.extension = cartridge, extension
        self.setTag = ""
        self.transformationTag = ""
        self.dataflowTag = ""

    @property
    def cartridge(self) -> str:
        """EXTRACTION or INDEXING."""
        return self._cartridge

    @cartridge.setter
    def cartridge(self, cartridge: ExtractorCartridge) -> None:
        if not isinstance(cartridge, ExtractorCartridge):
            raise DefinitionError(
                f"The cartridge of extractor {self._tag!r} must be an ExtractorCartridge. "
                f"Received: {cartridge!r}."
            )
        self._cartridge = cartridge.value

    @property
    def extension(self) -> str:
        """The format or the program."""
        return self._extension

    @extension.setter
    def extension(self, extension: ExtractorExtension) -> None:
        if not isinstance(extension, ExtractorExtension):
            raise DefinitionError(
                f"The extension of extractor {self._tag!r} must be an ExtractorExtension. "
                f"Received: {extension!r}."
            )
        self._extension = extension.value

    def add_cartridge(self, cartridge: ExtractorCartridge) -> None:
        """Change what it does with a file."""
        self.cartridge = cartridge

    def add_extension(self, extension: ExtractorExtension) -> None:
        """Change the format or the program."""
        self.extension = extension

    def get_specification(self) -> ExtractorMessage:
        """The extractor as it stands in a message."""
        message: ExtractorMessage = {
            "tag": self._tag,
            "cartridge": self._cartridge,
            "extension": self._extension,
            "setTag": self.setTag,
            "transformationTag": self.transformationTag,
            "dataflowTag": self.dataflowTag,
        }
        return without_empty(message, ExtractorMessage.__required_keys__)
