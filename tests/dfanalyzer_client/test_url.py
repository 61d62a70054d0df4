"""The store's URL: pymonetdb's forms, and a password that does not show."""

from __future__ import annotations

import traceback
from urllib.parse import quote

import pytest
from pymonetdb.target import Target

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.errors import StoreURLError


def test_all_parts_are_read() -> None:
    """User, password, host, port, database and options come out unquoted."""
    url = StoreURL.parse("monetdbs://a%40b:p%2F%3A@db.example.org:50001/pr%20ov?cert=x.pem")
    assert (url.scheme, url.user, url.password) == ("monetdbs", "a@b", "p/:")
    assert (url.host, url.port, url.database) == ("db.example.org", 50001, "pr ov")
    assert url.options == "cert=x.pem"


def test_the_driver_reads_what_is_revealed() -> None:
    """pymonetdb understands the URL with all its quoting."""
    target = Target()  # type: ignore[no-untyped-call]
    target.parse(StoreURL.parse("monetdb://a%40b:p%2F%3A&@[::1]:50001/prov").reveal())
    assert (target.user, target.password) == ("a@b", "p/:&")
    assert (target.host, target.port, target.database) == ("::1", 50001, "prov")


def test_user_and_password_may_stand_behind_the_question_mark() -> None:
    """MonetDB's own form is the same address, and its password does not show either."""
    url = StoreURL.parse("monetdb://localhost/prov?user=ada&password=s3%26cret&cert=x")
    assert (url.user, url.password, url.options) == ("ada", "s3&cret", "cert=x")
    assert "cret" not in f"{url} {url!r}"
    with pytest.raises(StoreURLError) as caught:
        StoreURL.parse("monetdb://localhost?user=ada&password=s3cret")
    assert "cret" not in str(caught.value)


def test_the_password_does_not_show() -> None:
    """Neither str nor repr holds the password, and what they print parses again."""
    url = StoreURL.parse("monetdb://ada:s3cret@localhost/prov")
    assert "s3cret" not in f"{url} {url!r} {url.without_password()}"
    assert StoreURL.parse(str(url)) == url.without_password()


@pytest.mark.parametrize(
    "text",
    [
        "monetdb://user:qq?zz@host/db",
        "monetdb://user:qq#zz@host/db",
        "monetdb://user:qq/zz@host/db",
        "monetdb://user:qq[zz@host/db",
        "monetdb://user:zz",
        "monetdb://user:1234",
        "monetdb://user:1234/zz@host",
        "monetdb://user:1234/zz?zz@host/db",
        "monetdb://user:1234?zz@host/db",
        "monetdb://user:p\u2100zz@host/db",
        "monetdb://user:zz%E4@host/db",
        "monetdb://user:zz\t@host/db",
        "monetdb://host/db?user=u&pwd=zz",
        "monetdb://host/db?user=u&password=zz%E4",
        "monetdb://host/db?user=u&password=zz#zz",
        "user:zz@host/db",
        "zz:zz@host/db",
        "zz://user:zz@host/db",
        "zz",
        "monetdb:user:zz@host:port/db",
        "monetdb:/zz@host/db",
    ],
)
def test_a_text_that_is_no_url_shows_no_part_of_itself(text: str) -> None:
    """Neither the error nor what it came from."""
    with pytest.raises(StoreURLError) as caught:
        StoreURL.parse(text)
    for part in ("qq", "zz", "1234"):
        assert part not in f"{caught.value!r} {caught.value}"
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "password", ["p%C3%A4ss", "päss%wort", "%", "%41", "a+b c", "日本/:@?#&='\"", "'"]
)
def test_any_password_is_what_the_driver_gets(password: str) -> None:
    """Percent-encoded UTF-8 comes out as it was, in both places of a URL, and is encoded once."""
    quoted = quote(password, safe="")
    for text in (
        f"monetdb://{quoted}:{quoted}@h/{quoted}",
        f"monetdb://h/{quoted}?user={quoted}&password={quoted}",
        StoreURL.parse(f"monetdb://{quoted}:{quoted}@h/{quoted}").reveal(),
    ):
        url = StoreURL.parse(text)
        assert (url.user, url.password, url.database) == (password, password, password)
        arguments = url.driver_arguments()
        assert (arguments["username"], arguments["password"]) == (password, password)
        target = Target()  # type: ignore[no-untyped-call]
        target.parse(arguments["database"])
        assert target.database == password


def test_names_of_one_store_are_known_as_one() -> None:
    """Of this machine, and however it is connected to; not of another database, login or port."""
    url = StoreURL.parse("monetdb://ada:x@localhost/prov?connect_timeout=3")
    for text in ("monetdb://ada@127.0.0.1:50000/prov", "monetdb://ada:y@[::1]/prov?replysize=9"):
        assert StoreURL.parse(text).is_same_store(url)
    for text in (
        "monetdb://bob@localhost/prov",
        "monetdb://ada@localhost:50001/prov",
        "monetdb://ada@localhost/other",
        "monetdb://ada@db.example.org/prov",
        "monetdbs://ada@localhost/prov",
        "monetdb://ada@localhost/prov?sock=/x",
    ):
        assert not StoreURL.parse(text).is_same_store(url)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("localhost/prov", "no scheme"),
        ("http://ada:s3cret@localhost/prov", "unknown scheme 'http'"),
        ("monetdb://ada:s3cret@localhost", "no database"),
        ("monetdb://ada:s3cret@:50000/prov", "no host"),
        ("monetdb://ada:s3cret@localhost:port/prov", "port"),
        ("monetdb://ada:s3cret@localhost:99999/prov", "range"),
        ("monetdb://ada:s3@cret@localhost/a/b", "more than a database name"),
    ],
)
def test_a_wrong_url_is_said_without_the_password(text: str, problem: str) -> None:
    """The error says what is wrong and what was expected, and never repeats the password."""
    with pytest.raises(StoreURLError, match="Expected monetdb://") as caught:
        StoreURL.parse(text)
    assert problem in str(caught.value)
    assert "cret" not in "".join(traceback.format_exception(caught.value))


def test_a_relay_has_a_host_and_a_port() -> None:
    """Neither login nor database: its token is in the environment."""
    url = StoreURL.parse("relay+http://head.example.org")
    assert (url.is_relay, url.host, url.port) == (True, "head.example.org", 22001)
    assert str(url) == url.reveal() == "relay+http://head.example.org:22001"
    assert StoreURL.parse(url.reveal()) == url.without_password() == url
    assert url.is_named("relay+http://head.example.org:22001/")
    assert not url.is_named("relay+https://head.example.org:22001")
    assert str(StoreURL.parse("relay+http://[::1]:9")) == "relay+http://[::1]:9"
    for wrong in (
        "relay+http://a:s3cret@h",
        "relay+http://h/provenance",
        "relay+http://h?a=s3cret",
    ):
        with pytest.raises(StoreURLError, match="KERAS_PROV_TOKEN") as caught:
            StoreURL.parse(wrong)
        assert "s3cret" not in str(caught.value)
