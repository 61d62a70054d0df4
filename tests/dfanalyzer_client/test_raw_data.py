"""Rows that a set's extractors read from the files that its tasks name."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Client,
    Dataflow,
    DataSet,
    Element,
    Extractor,
    ExtractorCartridge,
    ExtractorCombination,
    ExtractorExtension,
    File,
    Program,
    Set,
    SetType,
    StoreURL,
    Task,
    Transformation,
    client_for,
)
from dfanalyzer_client.declarations.messages import TaskMessage
from dfanalyzer_client.errors import (
    DefinitionError,
    ElementError,
    RawDataError,
    UnknownTagError,
)
from dfanalyzer_client.private_server import PrivateServer
from message_keys import messages_of

TEXT, NUMERIC, FILE = AttributeType.TEXT, AttributeType.NUMERIC, AttributeType.FILE
CUSTOMERS = 'CUSTOMERID;COUNTRY \n1;"Korea; South"\n2;Peru\n'
NOWHERE = StoreURL.parse("monetdb://a:b@127.0.0.1:9/x")


def reads(
    tag: str,
    extension: ExtractorExtension = ExtractorExtension.CSV,
    cartridge: ExtractorCartridge = ExtractorCartridge.EXTRACTION,
) -> Extractor:
    return Extractor(tag, cartridge, extension)


def customers(*more: Attribute, file: bool = True) -> list[Attribute]:
    first = [Attribute("FILENAME", FILE)] if file else []
    return [*first, Attribute("CUSTOMERID", NUMERIC), Attribute("COUNTRY", TEXT), *more]


def dataflow(
    tag: str,
    attributes: Sequence[Attribute],
    *extractors: Extractor | ExtractorCombination,
    programs: Sequence[Program] = (),
    client: Client | None = None,
) -> Dataflow:
    """A dataflow of one transformation, whose input is read from files."""
    read = Set("iRead", SetType.INPUT, attributes, extractors)
    return Dataflow(tag, [Transformation("Read", [read], programs)], client=client)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two customers."""
    file = tmp_path / "customers.csv"
    file.write_text(CUSTOMERS)
    return file


def program(folder: Path, script: str) -> Path:
    """A shell script that can be run."""
    file = folder / "reads.sh"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(stat.S_IRWXU)
    return file


def task_of(flow: Dataflow, element: list[Any]) -> TaskMessage:
    """A task's message, as a process sends it that has not declared the dataflow."""
    return {
        "id": "1",
        "exec": flow.exec_tag,
        "dataflow": flow.tag,
        "transformation": "read",
        "status": "FINISHED",
        "sets": [{"tag": "iread", "elements": [element]}],
    }


FOUND = [(1, "Korea; South"), (2, "Peru")]


@pytest.mark.parametrize(
    "element",
    [
        lambda path: [str(path)],
        lambda path: {"filename": path},
        lambda path: {"read": path, "filename": str(path)},
        lambda path: {"read": path},
        lambda path: [str(path), str(path)],
    ],
    ids=["only", "attribute", "both", "extractor", "list"],
)
def test_a_set_takes_its_rows_from_the_file_that_its_task_names(
    tag: str, ask: Any, path: Path, element: Callable[[Path], Any]
) -> None:
    """In its FILE attribute or by the extractor's tag; `file` has what was read."""
    flow = dataflow(tag, customers(), reads("read"))
    with flow.task("Read") as task:
        task.used(element(path))
    rows = ask.set(tag, "iRead", "filename, customerid, country")
    assert rows == [(str(path), *row) for row in FOUND]
    files = ask.rows(
        'SELECT name, path, mode, size, sha256 FROM "public".file WHERE path = %s', str(path)
    )
    digest = hashlib.sha256(CUSTOMERS.encode()).hexdigest()
    assert files == [(path.name, str(path), "read", len(CUSTOMERS), digest)]


def test_a_path_stands_in_place_of_what_an_extractor_reads(tag: str, ask: Any, path: Path) -> None:
    """As in DfAnalyzer: other values around it are the element's; rows without files stay rows."""
    attributes = [
        Attribute("NOTE", TEXT),
        Attribute("CUSTOMERID", NUMERIC, extractor="read"),
        Attribute("COUNTRY", TEXT, extractor="read"),
        Attribute("SHARE", NUMERIC),
    ]
    flow = dataflow(tag, attributes, reads("read"))
    flow.save()
    task = Task(1, tag, flow.exec_tag, "Read", workspace=str(path.parent))
    task.add_file(File(str(path.parent), path.name))
    task.add_dataset(DataSet("iRead", [Element(["first", path.name, 0.5])]))
    task.add_dataset(DataSet("iRead", [Element(["last", 7, "Chile", 1])]))
    task.end()
    assert ask.set(tag, "iRead", "note, customerid, country, share") == [
        ("last", 7, "Chile", 1),
        ("first", 1, "Korea; South", 0.5),
        ("first", 2, "Peru", 0.5),
    ]
    found = ask.rows('SELECT path, mode, size FROM "public".file WHERE path = %s', str(path.parent))
    assert found == [(str(path.parent), "read", len(CUSTOMERS))]


def test_a_program_prints_the_rows_of_a_file(tag: str, ask: Any, path: Path) -> None:
    """The one that has the extractor's tag; it gets the path, and no shell reads it."""
    odd = path.rename(path.with_name("a file; $(touch oops).csv"))
    script = program(path.parent, 'echo customerid,country; echo "$#,$(basename "$1")"')
    flow = dataflow(
        tag,
        customers(file=False),
        reads("read", ExtractorExtension.PROGRAM),
        programs=[Program("other", "/bin/false"), Program("READ", str(script))],
    )
    with flow.task("Read") as task:
        task.used([str(odd)])
    assert ask.set(tag, "iRead", "customerid, country") == [(1, odd.name)]


def test_the_rows_of_two_extractors_are_joined(tag: str, ask: Any, path: Path) -> None:
    """By their keys, whose values are numbers; each row of the outer one stays, the inner's not."""
    ages = path.with_name("ages.csv")
    ages.write_text("age,customerid\n30,1.0\n31,1\n50,\n60,3\n")
    attributes = customers(Attribute("AGE", NUMERIC), file=False)
    both = ExtractorCombination("left", "right", ["CUSTOMERID"])
    flow = dataflow(tag, attributes, reads("left"), reads("right"), both)
    with flow.task("Read") as task:
        task.used({"right": ages, "left": path})
        task.used([str(path), str(ages)])
        task.used(left=path)
    rows = [(1, "Korea; South", 30), (1, "Korea; South", 31), (2, "Peru", None)]
    alone = [(*row, None) for row in FOUND]
    assert ask.set(tag, "iRead", "customerid, country, age") == [*rows, *rows, *alone]


def test_an_index_has_the_positions_of_rows(tag: str, ask: Any, path: Path) -> None:
    """In bytes: whoever goes there reads that row, though others before it have several lines."""
    text = '\ufeffcustomerid;text;country\n1;"Größe\nund Lage";Österreich\n\n2;x;Peru\n'
    path.write_text(text, "utf-8")
    index = reads("find", cartridge=ExtractorCartridge.INDEXING)
    flow = dataflow(tag, [*customers()[:2], Attribute("PLACE", NUMERIC)], index)
    with flow.task("Read") as task:
        task.used(filename=path)
    found = ask.set(tag, "iRead", "customerid, place")
    with path.open("rb") as file:
        lines = [(file.seek(int(position)), file.readline())[1] for _, position in found]
    assert [number for number, _ in found] == [1, 2]
    assert lines == ['1;"Größe\n'.encode(), b"2;x;Peru\n"]


def test_many_rows_are_several_messages_or_none(tag: str, ask: Any, path: Path) -> None:
    """All of them are stored once; if the last row does not fit, not even the first one is."""
    flow = dataflow(tag, customers(), reads("read"))
    count = 2500
    text = "customerid,country\n" + "".join(f"{n},Per'ú\n" for n in range(count))
    path.write_text(f"{text}last,Peru\n")
    with flow.task("Read") as task:
        with pytest.raises(ElementError, match=rf"line {count + 2}, column 'customerid'.*'last'"):
            task.used(filename=path)
        path.write_text(text)
        task.used(filename=path)
    found = ask.set(tag, "iRead", "customerid, country")
    assert found == [(n, "Per'ú") for n in range(count)]
    files = f"SELECT count(*) FROM \"public\".file WHERE path = '{path}'"
    assert ask.one(files) == 1


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A client whose journal nobody stores."""
    client = Client(NOWHERE, tmp_path / "home")
    yield client
    client.close(0)


@pytest.mark.parametrize(
    "text",
    [
        "1;Korea\n2;Peru",
        "1,Korea\r\n\r\n2,Peru\r\n",
        "\ufeffcountry\tx\tCustomerID \nKorea\t;\t1\nPeru\t;\t2\n",
        "a|customerid|country\n0|1|Korea\n0|2|Peru\n",
        '"customerid","country"\n"1","Korea"\n"2","Peru"\n',
    ],
)
def test_delimiter_and_header_are_recognized(
    tag: str, client: Client, path: Path, text: str
) -> None:
    """By the names of the attributes, or else by how many values the first row has."""
    path.write_bytes(text.encode())
    flow = dataflow(tag, customers(), reads("read"), client=client)
    with flow.task("Read") as task:
        task.used(filename=path)
    said = [each["sets"] for each in messages_of(client.home, tag) if each["kind"] == "task"]
    ((data,),) = filter(None, said)
    assert data["attributes"] == ["filename", "customerid", "country"]
    assert data["elements"] == [[str(path), 1, "Korea"], [str(path), 2, "Peru"]]


def test_a_missing_number_is_missing_and_an_empty_file_has_no_rows(
    tag: str, client: Client, path: Path
) -> None:
    """An empty number is NULL and an empty text is empty; NaN is kept."""
    empty = path.with_name("empty.csv")
    empty.write_text("\n")
    path.write_text("customerid,country\n,\nnull,null\nNaN,x\n")
    flow = dataflow(tag, customers(), reads("read"), client=client)
    with flow.task("Read") as task:
        task.used(filename=path)
        task.used(filename=empty)
    said = [each for each in messages_of(client.home, tag) if each["kind"] == "task"]
    (rows,) = [each["sets"][0]["elements"] for each in said if each["sets"]]
    assert [row[1:] for row in rows[:2]] == [[None, ""], [None, "null"]]
    assert str(rows[2][1]) == "nan"
    assert [file["name"] for each in said for file in each.get("files", ())] == [
        path.name,
        empty.name,
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"customerid,land\n1,x\n", ["line 1", "no column 'country'", "customerid, land"]),
        (b"customerid,country,country\n1,x,y\n", ["line 1", "'country' twice"]),
        (b"a,b,c\n", ["line 1", "3 by ','"]),
        (b"1;2,x\n", ["line 1", "2 by ';', 2 by ','"]),
        (b"customerid,country\n1,x\n\n2\n", ["line 4", "2 values were expected", "Received: 1"]),
        (b'customerid,country\n1,"x\n', ["line 2", "it is no CSV"]),
        (b"customerid,country\n1,\xff\n", ["line 2", "not UTF-8"]),
        (b"customerid,country\n1,\0\n", ["line 2", "'country'", "NUL"]),
        (b"customerid,country\nx,y\n", ["line 2, column 'customerid'", "'x'"]),
        (b"\0" * (1 << 21), ["line 1", "bytes"]),
    ],
)
def test_a_file_that_does_not_fit_raises(
    tag: str, client: Client, path: Path, text: bytes, words: list[str]
) -> None:
    """The error names file, line and column, and what was received; nothing of it is sent."""
    path.write_bytes(text)
    flow = dataflow(tag, customers(), reads("read"), client=client)
    with flow.task("Read") as task, pytest.raises((RawDataError, ElementError)) as caught:
        task.used(filename=path)
    for word in [str(path), *words]:
        assert word in str(caught.value)
    assert not [s for each in messages_of(client.home, tag) for s in each.get("sets", ())]


@pytest.mark.parametrize(
    ("extractor", "words"),
    [
        (reads("read", ExtractorExtension.FITS), ["EXTRACTION FITS", "only stored"]),
        (
            reads("read", ExtractorExtension.FASTBIT, ExtractorCartridge.INDEXING),
            ["INDEXING FASTBIT", "INDEXING CSV"],
        ),
        (
            reads("read", cartridge=ExtractorCartridge.INDEXING),
            ["for the positions of rows", "Received: none"],
        ),
        (reads("read", ExtractorExtension.PROGRAM), ["Program('read', PATH)", "'read'"]),
    ],
)
def test_what_is_not_to_be_had_says_so(
    tag: str, client: Client, path: Path, extractor: Extractor, words: list[str]
) -> None:
    """Formats and indexes that are only stored, and a program that nobody has declared."""
    flow = dataflow(tag, customers(), extractor, client=client)
    with flow.task("Read") as task:
        with pytest.raises(RawDataError) as caught:
            task.used(filename=path)
        task.used(["x", 1, "full"])
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("element", "error", "words"),
    [
        ({"filename": None}, RawDataError, ["names no file", "'read'"]),
        ({"filename": "nosuch.csv"}, RawDataError, ["nosuch.csv", "No such file"]),
        ({"filename": "."}, RawDataError, ["no regular file"]),
        ({"nosuch": "x"}, UnknownTagError, ["'nosuch'"]),
        (["a", 1, "b", "c"], ElementError, ["4 values"]),
    ],
)
def test_elements_that_name_no_file_raise(
    tag: str, client: Client, element: Any, error: type[Exception], words: list[str]
) -> None:
    """The error says what was received, and the task goes on."""
    flow = dataflow(tag, customers(), reads("read"), client=client)
    with flow.task("Read") as task, pytest.raises(error) as caught:
        task.used(element)
    for word in words:
        assert word in str(caught.value)
    assert task.task.status.value == "FINISHED"


@pytest.mark.parametrize(
    ("extractors", "words"),
    [
        ([reads("left"), reads("right")], ["no combination", "'left', 'right'"]),
        (
            [reads("left"), reads("right"), ExtractorCombination("left", "right", ["AGE"])],
            ["reads no column 'age'", "It reads customerid, country"],
        ),
        (
            [reads("left"), reads("right"), ExtractorCombination("left", "right", ["COUNTRY"])],
            ["both read a column 'customerid'"],
        ),
    ],
)
def test_rows_that_cannot_be_joined_raise(
    tag: str, client: Client, path: Path, extractors: list[Any], words: list[str]
) -> None:
    """Two files of which nothing says how they belong together, or not unambiguously."""
    attributes = customers(Attribute("AGE", NUMERIC), file=False)
    flow = dataflow(tag, attributes, *extractors, client=client)
    with flow.task("Read") as task, pytest.raises(RawDataError) as caught:
        task.used(left=path, right=path)
    for word in words:
        assert word in str(caught.value)


def test_an_extractor_that_reads_nothing_raises(tag: str, client: Client, path: Path) -> None:
    """The error says how attributes are named for it."""
    named = [Attribute("A", NUMERIC, extractor="read")]
    flow = dataflow(tag, named, reads("read"), reads("idle"), client=client)
    with flow.task("Read") as task, pytest.raises(RawDataError, match="extractor='idle'"):
        task.used(idle=path)


def test_extractors_of_attributes_are_declared(tag: str, client: Client) -> None:
    """One that is not there, two for one attribute, and a tag that an attribute has, are errors."""
    named = [Attribute("A", NUMERIC, extractor="read")]
    with pytest.raises(DefinitionError, match="no extractor 'read'"):
        dataflow(tag, named, client=client).save()
    with pytest.raises(DefinitionError, match="attribute and an extractor 'a'"):
        dataflow(tag, [Attribute("A", NUMERIC)], reads("A"), client=client).save()
    dataflow(tag, named, reads("read"), reads("other"), client=client).save()
    other = [Attribute("A", NUMERIC, extractor="other")]
    with pytest.raises(DefinitionError, match="is read by extractor 'read'"):
        dataflow(tag, other, reads("other"), client=client).save()


def test_what_an_extractor_reads_is_in_the_catalogue(
    tag: str, ask: Any, home: Path, path: Path
) -> None:
    """Also if it is said later; a process that finds the dataflow there reads files by it."""
    note = Attribute("NOTE", TEXT)
    dataflow(tag, [note, Attribute("A", NUMERIC)], reads("read")).save()
    flow = dataflow(tag, [note, Attribute("A", NUMERIC, extractor="read")], reads("read"))
    flow.save()
    statement = (
        'SELECT a.name, e.tag FROM "public".attribute a JOIN "public".data_set s ON s.id = a.ds_id '
        'JOIN "public".dataflow d ON d.id = s.df_id '
        'LEFT JOIN "public".extractor e ON e.id = a.extractor_id WHERE d.tag = %s ORDER BY a.id'
    )
    assert ask.rows(statement, tag) == [("note", None), ("a", "read")]
    path.write_text("a\n5\n")
    other = Client(PrivateServer(home).ensure(), path.parent / "other")
    other.lookup(tag, flow.exec_tag)
    other.save_task(task_of(flow, ["x", str(path)]))
    assert other.flush(30)
    other.close()
    assert ask.set(tag, "iRead", "note, a") == [("x", 5)]


@pytest.mark.parametrize("is_stored", [False, True], ids=["journal", "store"])
def test_a_program_that_another_process_declared_is_not_run(
    tag: str, client: Client, home: Path, path: Path, is_stored: bool
) -> None:
    """Others may write to the same database; whoever runs it declares it."""
    script = program(path.parent, f"touch {path.parent}/ran; echo 1,x")
    program_of = [Program("read", str(script))]
    extractor = reads("read", ExtractorExtension.PROGRAM)
    said_by, other = client, Client(NOWHERE, client.home)
    if is_stored:
        said_by, other = client_for(), Client(PrivateServer(home).ensure(), path.parent / "other")
    attributes = customers(file=False)
    flow = dataflow(tag, attributes, extractor, programs=program_of, client=said_by)
    flow.save()
    assert said_by.flush(30 if is_stored else 0) == is_stored
    other.lookup(tag, flow.exec_tag)
    with pytest.raises(RawDataError, match="this process has not declared"):
        other.save_task(task_of(flow, [str(path)]))
    assert not (path.parent / "ran").exists()
    other.save_dataflow(flow.get_specification())
    other.save_task(task_of(flow, [str(path)]))
    assert (path.parent / "ran").exists()
    other.close(30 if is_stored else 0)
