"""The store's URL: pymonetdb's forms, and a password that does not show."""

from __future__ import annotations

import traceback

import pytest

from dfanalyzer_client.errors import StoreURLError
from dfanalyzer_client.url import StoreURL


def test_all_parts_are_read() -> None:
    """User, password, host, port, database and options come out unquoted."""
    url = StoreURL.parse("monetdbs://a%40b:p%2F%3A@db.example.org:50001/pr%20ov?cert=x.pem")
    assert (url.scheme, url.user, url.password) == ("monetdbs", "a@b", "p/:")
    assert (url.host, url.port, url.database) == ("db.example.org", 50001, "pr ov")
    assert url.options == "cert=x.pem"


def test_the_driver_reads_what_is_revealed() -> None:
    """pymonetdb understands the URL with all its quoting."""
    from pymonetdb.target import Target

    target = Target()
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
