"""Our own failures are logged once and swallowed, unless strict mode is on."""

import logging
import timeit
import uuid

import pytest

from keras_prov._guard import guarded, strict


@pytest.fixture(autouse=True)
def lenient(monkeypatch):
    """Outside strict mode, in which the other tests run."""
    monkeypatch.delenv("KERAS_PROV_STRICT", raising=False)


@pytest.fixture
def place():
    """A place that has not failed before."""
    return f"Model.fit-{uuid.uuid4()}"


def test_a_failure_is_swallowed_and_logged_with_what_it_cost(place, caplog):
    """The log names the place and what is lost, and carries the traceback."""
    with guarded(place, lost="this training"):
        raise ValueError("of ours")

    [record] = caplog.records
    assert record.name == "keras_prov"
    assert record.levelno == logging.ERROR
    assert f"failed in {place}: this training is not recorded" in record.getMessage()
    assert "ValueError: of ours" in caplog.text
    assert "test_guard.py" in caplog.text


def test_each_place_is_logged_once(place, caplog):
    """A failure in every epoch does not fill the log, and another place still speaks."""
    for _ in range(3):
        with guarded(place):
            raise ValueError
    with guarded(place + "-other"):
        raise ValueError

    assert len(caplog.records) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_exception_passes_through(place, error, caplog):
    """Ctrl-C, `sys.exit` and their like reach the program, and are no failure of ours."""
    with pytest.raises(error), guarded(place):
        raise error

    assert not caplog.records


def test_strict_mode_raises(place, monkeypatch, caplog):
    """With KERAS_PROV_STRICT=1, read when the failure happens, the exception itself comes out."""
    block = guarded(place)
    monkeypatch.setenv("KERAS_PROV_STRICT", "1")

    with pytest.raises(ValueError, match="of ours"), block:
        raise ValueError("of ours")

    assert not caplog.records


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("yes", True), ("0", False), ("", False), (None, False)]
)
def test_what_strict_mode_is(monkeypatch, value, expected):
    """Any value but 0 and the empty one means strict."""
    if value is not None:
        monkeypatch.setenv("KERAS_PROV_STRICT", value)

    assert strict() is expected


def test_a_decorated_function_keeps_its_name_and_result(place):
    """A guarded function is called as before."""

    @guarded(place)
    def double(number: int) -> int:
        """Twice."""
        return 2 * number

    assert double(number=3) == 6
    assert (double.__name__, double.__doc__) == ("double", "Twice.")


def test_a_decorated_function_that_fails_returns_none(place, caplog):
    """Its failure is logged, and the caller gets None."""

    @guarded(place)
    def fail() -> int:
        raise ValueError

    assert fail() is None
    assert len(caplog.records) == 1


def test_blocks_nest(place, caplog):
    """The inner block swallows; the outer one goes on after it."""
    steps = []
    block = guarded(place)
    with block:
        with block:
            raise ValueError
        steps.append("after")

    assert steps == ["after"]
    assert len(caplog.records) == 1


def test_nothing_is_printed_or_warned(place, capsys, recwarn, caplog):
    """A failure writes to the log alone."""
    with guarded(place):
        raise ValueError

    assert capsys.readouterr() == ("", "")
    assert not recwarn.list


def test_it_costs_next_to_nothing_when_nothing_fails(place):
    """A guarded block takes less than two microseconds."""

    def block() -> None:
        with guarded(place):
            pass

    assert min(timeit.repeat(block, number=1000, repeat=20)) / 1000 < 2e-6
