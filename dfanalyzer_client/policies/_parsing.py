"""Read the condition of a policy: only what is on a list is allowed in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from ..support.conditions.reader import ConditionReader, parsed
from ._condition import (
    Aggregate,
    Arithmetic,
    Between,
    Both,
    Comparison,
    Condition,
    Function,
    Name,
    Node,
    Not,
    Number,
    Test,
)

__all__ = ["METRICS", "parse_condition"]

METRICS = "metrics"
"""May stand before the name of a metric, as in the conditions of `runs`."""

AGGREGATES: Mapping[type[exp.Expr], str] = {exp.Min: "min", exp.Max: "max", exp.Avg: "avg"}
ARITHMETIC: Mapping[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
}
COMPARISONS: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
LOGIC: Mapping[type[exp.Expr], str] = {exp.And: "AND", exp.Or: "OR"}
TESTS: Mapping[type[exp.Expr], str] = {exp.IsNan: "isnan", exp.IsInf: "isinf"}
ALLOWED = (
    "Allowed are metrics, epoch, seconds and learning_rate, min(…), max(…) and avg(…) over the "
    "epochs so far, abs(…), isnan(…), isinf(…), numbers, + - * /, comparisons, BETWEEN, IS NULL, "
    "AND, OR and NOT."
)


def parse_condition(text: str) -> Condition:
    """The condition of a policy, as ``val_loss > 2 * min(val_loss)``.

    Raises:
        SelectionError: it is not a condition, or has something that is not allowed.
    """
    return _Parser(text).parse()


class _Parser(ConditionReader):
    def __init__(self, text: str) -> None:
        super().__init__(text, ALLOWED)
        self._names: set[str] = set()
        self._aggregates: list[Aggregate] = []
        self._is_within_aggregate = False

    def parse(self) -> Condition:
        node = self._condition(parsed(self._text))
        return Condition(node, frozenset(self._names), tuple(self._aggregates))

    def _condition(self, node: exp.Expr) -> Node:
        """What is true or false; raises SelectionError for a plain value."""
        if isinstance(node, exp.Paren):
            return self._nested(self._condition, node.this)
        if isinstance(node, exp.Not) and isinstance(node.this, exp.Is):
            return self._is_null(node.this, "IS NOT NULL")
        if isinstance(node, exp.Not):
            return Not(self._nested(self._condition, node.this))
        if type(node) in LOGIC and isinstance(node, exp.Connector):
            left, right = self._sides(self._condition, (node.left, node.right))
            return Both(LOGIC[type(node)], left, right)
        if type(node) in COMPARISONS and isinstance(node, exp.Binary):
            left, right = self._sides(self._value, (node.left, node.right))
            return Comparison(COMPARISONS[type(node)], left, right)
        if isinstance(node, exp.Between) and not node.args.get("symmetric"):
            parts = (node.this, node.args["low"], node.args["high"])
            return Between(*self._sides(self._value, parts))
        if type(node) in TESTS:
            return Test(TESTS[type(node)], self._nested(self._value, node.this))
        if isinstance(node, exp.Is):
            return self._is_null(node, "IS NULL")
        raise self._refused(node)

    def _is_null(self, node: exp.Is, test: str) -> Node:
        if not isinstance(node.expression, exp.Null):
            raise self._refused(node)
        return Test(test, self._nested(self._value, node.this))

    def _value(self, node: exp.Expr) -> Node:
        if isinstance(node, exp.Column):
            return self._name(node)
        if isinstance(node, exp.Literal):
            return Number(self._number(node))
        if isinstance(node, exp.Paren):
            return self._nested(self._value, node.this)
        if isinstance(node, exp.Neg):
            return Function("-", self._nested(self._value, node.this))
        if isinstance(node, exp.Abs):
            return Function("abs", self._nested(self._value, node.this))
        if type(node) in AGGREGATES and not node.expressions and not self._is_within_aggregate:
            return self._aggregate(node)
        if type(node) in ARITHMETIC and isinstance(node, exp.Binary):
            left, right = self._sides(self._value, (node.left, node.right))
            return Arithmetic(ARITHMETIC[type(node)], left, right)
        raise self._refused(node)

    def _aggregate(self, node: exp.Expr) -> Node:
        self._is_within_aggregate = True
        inner = self._nested(self._value, node.this)
        self._is_within_aggregate = False
        function = AGGREGATES[type(node)]
        found = Aggregate(function, inner, f"{function}({node.this.sql()})")
        self._aggregates.append(found)
        return found

    def _name(self, node: exp.Column) -> Node:
        parts = [part.name for part in node.parts]
        if not all(isinstance(part, exp.Identifier) for part in node.parts):
            raise self._refused(node)
        if parts[:-1] not in ([], [METRICS]):
            raise self._refused(node)
        self._names.add(parts[-1])
        return Name(parts[-1])

    def _sides(self, build: Callable[[exp.Expr], Node], parts: Sequence[exp.Expr]) -> list[Node]:
        return [self._nested(build, part) for part in parts]
