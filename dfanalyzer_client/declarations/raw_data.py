"""Which attributes of a set are read from files, and how a task names these files.

As in DfAnalyzer, an element of a set with extractors has one value in place of all attributes that
an extractor reads: the path of a file. `layouts` says what else such an element may look like.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..errors import RawDataError
from .messages import DataSetMessage
from .sets import Combination, DeclaredSet, named
from .values import stored_value

__all__ = ["RawElements", "Source", "layouts", "raw_elements"]

FILES = frozenset({"FILE", "RDFILE"})
"""Types of attributes that hold paths."""


class Source(NamedTuple):
    """An extractor, and what it reads.

    Attributes:
        tag: its tag.
        cartridge: ``EXTRACTION`` or ``INDEXING``.
        extension: the format, or ``PROGRAM``.
        columns: types of the attributes that it reads, by name.
        is_exact: whether all of these must be in the file, or only those that are.
    """

    tag: str
    cartridge: str
    extension: str
    columns: dict[str, str]
    is_exact: bool


class RawElements(NamedTuple):
    """Elements of a set whose further values are in files.

    Attributes:
        set_tag: the set's tag.
        own: names of the values that the elements have themselves.
        elements: those values, and the path of each source's file.
        sources: the extractors that read the files; one, or those of `combination`.
        combination: joins the rows of two.
    """

    set_tag: str
    own: tuple[str, ...]
    elements: list[tuple[list[Any], list[str]]]
    sources: tuple[Source, ...]
    combination: Combination | None

    @property
    def names(self) -> list[str]:
        """The names of the values that the rows have in the end."""
        read = (name for source in self.sources for name in source.columns)
        return list(dict.fromkeys([*self.own, *read]))


def layouts(known: DeclaredSet, order: Sequence[str]) -> list[tuple[str, ...]]:
    """What the values of an element without names may be; the tag of an extractor is a path.

    Args:
        known: the set.
        order: its attributes, in the order of an element's values.

    Returns:
        Names of attributes and tags of extractors. The one that has as many names as the element
        has values applies, the first of several.
    """
    columns = {tag: source.columns for tag, source in _sources(known).items()}
    own = [name for name in order if all(name not in read for read in columns.values())]
    found = [tuple(order)]
    file = _file_attribute(known)
    if file in own:
        found.insert(0, tuple(own))
    if columns:  # without a word on what is read, a row that is whole is a row
        found.insert(0 if known.read_by else len(found), _collapsed(known, order, own))
    return found


def raw_elements(
    known: DeclaredSet, data: DataSetMessage, order: Sequence[str] | None
) -> RawElements | None:
    """The elements of a task's message that name files to read; None if they name none.

    Raises:
        RawDataError: a path is missing, or two extractors are named that nothing joins.
        UnknownTagError: the set has no such attribute or extractor.
        ElementError: a value does not fit.
    """
    if not known.extractors or not data["elements"]:
        return None
    names = tuple(data.get("attributes") or ()) or _layout_of(
        known, order or list(known.attributes), len(data["elements"][0])
    )
    known.columns([name for name in names if name not in known.extractors])
    tags = [name for name in names if name in known.extractors]
    sources = _sources(known)
    file = _file_attribute(known)
    if not tags:
        (only, *_) = sources.values()
        if file not in names or any(name in only.columns for name in names):
            return None
        tags = [only.tag]
    own = [name for name in names if name not in known.extractors]
    if file is not None and file not in own:
        own.append(file)
    elements = [
        _element(known, values, names, own, tags, index)
        for index, values in enumerate(data["elements"])
    ]
    found = tuple(sources[tag] for tag in tags)
    for source in found:
        if not source.columns:
            raise RawDataError(
                f"Extractor {source.tag!r} of set {known.tag!r} reads no attribute: declare them "
                f"with it, as Attribute(NAME, TYPE, extractor={source.tag!r})."
            )
    return RawElements(known.tag, tuple(own), elements, found, _combination(known, tags))


def _sources(known: DeclaredSet) -> dict[str, Source]:
    """The extractors of a set. If no attribute names its extractor, they read all but files."""
    found = {}
    for tag, (cartridge, extension) in known.extractors.items():
        keys = {k.lower() for c in known.combinations if tag in (c.outer, c.inner) for k in c.keys}
        columns = {
            name: type_
            for name, type_ in known.attributes.items()
            if (name in keys or known.read_by.get(name) == tag if known.read_by else True)
            and (known.read_by or type_ not in FILES)
        }
        is_exact = bool(known.read_by) or len(known.extractors) == 1
        found[tag] = Source(tag, cartridge, extension, columns, is_exact)
    return found


def _file_attribute(known: DeclaredSet) -> str | None:
    """The attribute that holds the path of the only extractor's file; None if there is none."""
    files = [
        name
        for name, type_ in known.attributes.items()
        if type_ in FILES and name not in known.read_by
    ]
    return files[0] if len(files) == len(known.extractors) == 1 else None


def _collapsed(known: DeclaredSet, order: Sequence[str], own: Sequence[str]) -> tuple[str, ...]:
    """An extractor's tag in place of the first attribute that it reads."""
    if not known.read_by:
        return (*own, *known.extractors)
    at = [name if name in own else known.read_by.get(name, "") for name in order]
    return tuple(tag for tag in dict.fromkeys([*at, *known.extractors]) if tag)


def _layout_of(known: DeclaredSet, order: Sequence[str], count: int) -> tuple[str, ...]:
    found = layouts(known, order)
    return next((names for names in found if len(names) == count), tuple(order))


def _element(
    known: DeclaredSet,
    values: Sequence[Any],
    names: Sequence[str],
    own: Sequence[str],
    tags: Sequence[str],
    index: int,
) -> tuple[list[Any], list[str]]:
    """The own values of an element, and the paths that it names."""
    types = {**dict.fromkeys(known.extractors, "FILE"), **known.attributes}
    # it raises if they do not fit; None is for those who leave out what does not
    row = known.row(list(values), {name: types[name] for name in names}, index) or []
    given = dict(zip(names, row, strict=True))
    file = _file_attribute(known)
    paths = [given.get(tag) or (given.get(file) if file else None) for tag in tags]
    if not all(paths):
        raise RawDataError(
            f"Element {index} of set {known.tag!r} names no file for extractor "
            f"{tags[paths.index(next(path for path in paths if not path))]!r}. "
            f"Received: {list(values)!r:.200}."
        )
    if file is not None:
        given.setdefault(file, paths[0])
    where = f"set {known.tag!r}, element {index}"
    return [given[name] for name in own], [str(stored_value(p, "FILE", where)) for p in paths]


def _combination(known: DeclaredSet, tags: Sequence[str]) -> Combination | None:
    if len(tags) == 1:
        return None
    for combination in known.combinations:
        if {combination.outer, combination.inner} == set(tags) and len(tags) == 2:
            return combination
    raise RawDataError(
        f"Set {known.tag!r} has no combination of the extractors {named(tags)}, so their rows "
        "cannot be joined: declare an ExtractorCombination, or name the file of one extractor."
    )
