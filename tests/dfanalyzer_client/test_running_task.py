"""Tasks in few lines: what they used and generated, how they ended, and who depends on whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client.errors import DefinitionError, ElementError, UnknownTagError


def numeric(*names: str) -> list[Attribute]:
    return [Attribute(name, AttributeType.NUMERIC) for name in names]


@pytest.fixture
def flow(tag: str) -> Dataflow:
    """A solver with inputs and outputs, and a plot that reads what it wrote."""
    solved = Set("oSolve", SetType.OUTPUT, numeric("X", "RESIDUAL"))
    read = Set("oSolve", SetType.INPUT, dependency="Solve")
    return Dataflow(
        tag,
        [
            Transformation("Solve", [Set("iSolve", SetType.INPUT, numeric("A", "B")), solved]),
            Transformation("Plot", [read]),
            Transformation(
                "Two",
                [
                    Set("iOne", SetType.INPUT, numeric("P")),
                    Set("iTwo", SetType.INPUT, numeric("Q")),
                ],
            ),
        ],
    )


def tasks(ask: Any, tag: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = ask.rows(
        'SELECT x.tag, t.identifier, t.status, t.error_msg FROM "public".task t '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s ORDER BY t.id',
        tag,
    )
    return found


def test_a_block_is_a_task(flow: Dataflow, tag: str, ask: Any) -> None:
    """Rows by name or by position, any number of them; begin and end are recorded."""
    with flow.task("Solve") as task:
        task.used(a=1, B=2)
        assert tasks(ask, tag) == [("solve", 1, "RUNNING", None)]
        assert ask.set(tag, "iSolve", "a, b") == [(1, 2)]
        task.generated([0.5, 0.1], {"residual": 0.01, "x": 0.6})
        task.generated("oSolve", {"x": 0.7})
    with flow.task("solve") as task:
        task.used([3, 4])
    assert ask.set(tag, "oSolve", "x, residual") == [(0.5, 0.1), (0.6, 0.01), (0.7, None)]
    assert tasks(ask, tag) == [("solve", 1, "FINISHED", None), ("solve", 2, "FINISHED", None)]
    periods = ask.rows(
        'SELECT p.endtime >= p.starttime FROM "public".performance p '
        'JOIN "public".task t ON t.id = p.task_id '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s',
        tag,
    )
    assert periods == [(True,), (True,)]


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (ValueError("it's singular"), ("FAILED", "ValueError: it's singular")),
        (KeyError(), ("FAILED", "KeyError")),
        (KeyboardInterrupt(), ("INTERRUPTED", "KeyboardInterrupt")),
    ],
)
def test_an_error_goes_its_way_and_is_recorded(
    flow: Dataflow, tag: str, ask: Any, error: BaseException, end: tuple[str, str]
) -> None:
    """With its type and message; what was said before it is kept."""

    def solve() -> None:
        with flow.task("Solve") as task:
            task.used(a=1, b=2)
            raise error

    with pytest.raises(type(error)) as caught:
        solve()
    assert caught.value is error
    assert tasks(ask, tag) == [("solve", 1, *end)]
    assert ask.set(tag, "iSolve", "a") == [(1,)]


def test_an_error_that_no_database_holds_is_recorded_escaped(
    flow: Dataflow, tag: str, ask: Any
) -> None:
    """NUL and half a surrogate pair in its message keep no task from having ended."""
    with pytest.raises(ValueError, match="read"), flow.task("Solve"):
        raise ValueError("read \0 and \ud800, not é")
    assert tasks(ask, tag) == [("solve", 1, "FAILED", "ValueError: read \\x00 and \\ud800, not é")]


def test_a_task_depends_on_another(flow: Dataflow, tag: str, ask: Any) -> None:
    """The rows that the other wrote carry the reader's task."""
    with flow.task("Solve") as solve:
        solve.generated(x=1, residual=0)
    with flow.task("Plot", depends_on=solve):  # or several, as a list
        pass
    ((written, read),) = ask.set(tag, "oSolve", "solve_task_id, plot_task_id")
    assert (written, read) == tuple(
        id_
        for (id_,) in ask.rows(
            'SELECT t.id FROM "public".task t '
            'JOIN "public".data_transformation x ON x.id = t.dt_id '
            'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s ORDER BY t.id',
            tag,
        )
    )


def test_coroutines_and_threads_have_tasks_of_their_own(flow: Dataflow, tag: str, ask: Any) -> None:
    """Blocks that are open at once are told apart; one that is cancelled was interrupted."""

    async def solve(number: int) -> None:
        with flow.task("Solve") as task:
            task.used(a=number, b=0)
            await asyncio.sleep(60 if number == 2 else 0)
            task.generated(x=number, residual=0)

    async def all_of_them() -> None:
        running = [asyncio.create_task(solve(number)) for number in range(3)]
        await asyncio.gather(*running[:2])
        running[2].cancel()

    asyncio.run(all_of_them())
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: use(flow, "Two", "iOne", p=number), range(40)))
    joined = ask.rows(
        f'SELECT i.a, o.x, t.status, t.error_msg FROM "{tag}".isolve i '
        'JOIN "public".task t ON t.id = i.solve_task_id '
        f'LEFT JOIN "{tag}".osolve o ON o.solve_task_id = t.id ORDER BY i.a'
    )
    cancelled = (2, None, "INTERRUPTED", "CancelledError")
    assert joined == [(0, 0, "FINISHED", None), (1, 1, "FINISHED", None), cancelled]
    assert len({task for (task,) in ask.set(tag, "iOne", "two_task_id")}) == 40


def test_a_function_is_a_task_for_each_call(flow: Dataflow, tag: str, ask: Any) -> None:
    """Arguments called like attributes were used, defaults too; what it returns is generated."""

    @flow.task("Solve")
    def solve(a: float, b: float = 7, *, verbose: bool = False) -> dict[str, float]:
        """Solves."""
        return {"x": a + b, "residual": 0.0}

    assert solve(1) == {"x": 8, "residual": 0.0}
    assert solve(b=2, a=1, verbose=True)["x"] == 3
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        solve()
    assert solve.__doc__ == "Solves."
    assert ask.set(tag, "iSolve", "a, b") == [(1, 7), (1, 2)]
    assert ask.set(tag, "oSolve", "x, residual") == [(8, 0), (3, 0)]
    assert [status for _, _, status, _ in tasks(ask, tag)] == ["FINISHED", "FINISHED", "FAILED"]


def test_a_function_may_return_a_row(flow: Dataflow, tag: str, ask: Any) -> None:
    """As many values as the set has attributes; None generates nothing."""
    solve = flow.task("Solve")(lambda a: (a, 2 * a) if a else None)
    assert solve(2) == (2, 4)
    assert solve(0) is None
    assert ask.set(tag, "oSolve", "x, residual") == [(2, 4)]


def use(flow: Dataflow, transformation: str, *row: Any, **values: Any) -> None:
    with flow.task(transformation) as task:
        task.used(*row, **values)


async def coroutine() -> None: ...


async def async_generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda f: f.task("No"), UnknownTagError, ["'no'", "'solve', 'plot', 'two'"]),
        (lambda f: f.task("Solve").used(a=1), DefinitionError, ["has not begun"]),
        (lambda f: use(f, "Two", p=1), UnknownTagError, ["2 sets of type INPUT", "'ione', 'itwo'"]),
        (lambda f: use(f, "Solve", c=1), UnknownTagError, ["no attribute 'c'", "'a', 'b'"]),
        (lambda f: use(f, "Solve", "iNo", a=1), UnknownTagError, ["no set 'ino'"]),
        (lambda f: use(f, "Solve", a="x"), ElementError, ["attribute 'a'", "'x'"]),
        (lambda f: use(f, "Solve", 7), ElementError, ["list of values or a dict", "7"]),
        (lambda f: f.task("Solve")(lambda: [1, 2, 3])(), ElementError, ["3 values", "x, residual"]),
        (lambda f: f.task("Solve")(lambda: {"y": 1})(), UnknownTagError, ["'y'", "residual"]),
        (lambda f: f.task("Solve")(coroutine), DefinitionError, ["plain function"]),
        (lambda f: f.task("Solve")(async_generator), DefinitionError, ["plain function"]),
    ],
)
def test_what_does_not_fit_is_said(
    flow: Dataflow, wrong: Callable[[Dataflow], None], error: type[Exception], words: list[str]
) -> None:
    """An unknown transformation, set, attribute or value names what was expected."""
    with pytest.raises(error) as caught:
        wrong(flow)
    for word in words:
        assert word in str(caught.value)


def test_sets_of_a_side_are_named_where_there_are_several(
    flow: Dataflow, tag: str, ask: Any
) -> None:
    """In the block by tag; of a function's arguments each goes to the set that has it."""
    with flow.task("Two") as task:
        task.used("iOne", p=1)
        task.used("iTwo", [2])
    flow.task("Two")(lambda p, q: None)(3, 4)
    assert ask.set(tag, "iOne", "p") == [(1,), (3,)]
    assert ask.set(tag, "iTwo", "q") == [(2,), (4,)]
