"""Turn a user's condition into SQL, which is built from the parsed condition, never pasted.

Only the expressions on a list are allowed, so that no subquery, function or statement gets in.
Literals become parameters, and names are looked up among the dataflow's attributes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from ...errors import SelectionError, UnknownTagError
from .reader import ConditionReader, parsed

__all__ = ["condition"]

BINARY: dict[type[exp.Expr], str] = {
    exp.And: "AND",
    exp.Or: "OR",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Like: "LIKE",
    exp.ILike: "ILIKE",
}
NAN = "'nan'"
INFINITE = "'inf', 'infinity', '-inf', '-infinity'"
ALLOWED = (
    "Allowed are attributes, numbers, texts, + - * /, comparisons, AND, OR, NOT, IN (…), BETWEEN, "
    "LIKE"
)
NOT_FINITE = {"nan": "isnan", "inf": "isinf", "infinity": "isinf"}

Resolve = Callable[[str | None, str], str]
Bind = Callable[[str | None, str, str, str, bool], Any]


def condition(
    text: str,
    resolve: Resolve,
    resolve_text: Resolve | None = None,
    *,
    resolve_exact: Resolve | None = None,
    bind: Bind | None = None,
) -> tuple[str, list[Any]]:
    """`text` as a condition with placeholders, and their parameters.

    Args:
        text: for example ``otrainingmodel.loss < 0.1 AND optimizer_name = 'Adam'``.
        resolve: the SQL of an attribute, given its set (or None) and its name; raises
            UnknownTagError.
        resolve_text: the same, where an attribute is compared with a text, or with NULL; by default
            `resolve`.
        resolve_exact: the SQL of the text that spells an attribute's NaN or infinity, for
            ``isnan(…)`` and ``isinf(…)``, which are not allowed without it.
        bind: the value to bind for a literal that is compared with an attribute, given its set and
            name, the operator, the literal as a text, and whether it was in quotes; raises
            SelectionError. By default, numbers and texts are bound as they are.

    Raises:
        SelectionError: it is not a condition, or contains something that is not allowed.
    """
    tree = parsed(text)
    builder = _Builder(text, resolve, resolve_text or resolve, resolve_exact, bind)
    return builder.condition(tree), builder.parameters


class _Builder(ConditionReader):
    def __init__(
        self,
        text: str,
        resolve: Resolve,
        resolve_text: Resolve,
        resolve_exact: Resolve | None,
        bind: Bind | None,
    ) -> None:
        more = ", IS NULL, isnan(…) and isinf(…)." if resolve_exact else " and IS NULL."
        super().__init__(text, f"{ALLOWED}{more}")
        self._resolve, self._resolve_text = resolve, resolve_text
        self._resolve_exact, self._bind = resolve_exact, bind
        self._is_of_text = False
        self._compared: tuple[str | None, str] | None = None
        self._operator = ""
        self.parameters: list[Any] = []

    def condition(self, node: exp.Expr) -> str:
        """A node that is true or false; raises SelectionError for a plain value."""
        if isinstance(node, exp.Paren):
            return f"({self._nested(self.condition, node.this)})"
        if isinstance(node, exp.Not):
            return f"NOT ({self._nested(self.condition, node.this)})"
        if isinstance(node, (exp.And, exp.Or)):
            parts = [self._nested(self.condition, part) for part in (node.left, node.right)]
            return f"({f' {BINARY[type(node)]} '.join(parts)})"
        if isinstance(node, (exp.IsNan, exp.IsInf)) and self._resolve_exact is not None:
            return self._not_finite(node, self._resolve_exact)
        if isinstance(node, exp.Predicate):
            return self._predicate(node)
        raise self._refused(node)

    def _not_finite(self, node: exp.IsNan | exp.IsInf, resolve: Resolve) -> str:
        if not isinstance(node.this, exp.Column):
            raise self._refused(node)
        spellings = NAN if isinstance(node, exp.IsNan) else INFINITE
        return f"(lower(COALESCE({resolve(*self._name(node.this))}, '')) IN ({spellings}))"

    def _predicate(self, node: exp.Expr) -> str:
        parts = [part.unnest() for part in node.iter_expressions()]
        self._is_of_text = isinstance(node, (exp.Is, exp.Like, exp.ILike)) or any(
            isinstance(part, exp.Literal) and part.is_string for part in parts
        )
        if isinstance(node, (exp.EQ, exp.NEQ)) and any(isinstance(p, exp.Null) for p in parts):
            raise SelectionError(
                f"Nothing equals NULL: write IS NULL or IS NOT NULL. Received: {node.sql()!r:.200}."
            )
        names = [self._name(part) for part in parts if isinstance(part, exp.Column)]
        self._compared = names[0] if names else None
        self._operator = "IN" if isinstance(node, exp.In) else BINARY.get(type(node), "BETWEEN")
        try:
            return self._comparison(node)
        except UnknownTagError as error:
            raise self._with_hint(error, node) from None

    def _with_hint(self, error: UnknownTagError, node: exp.Expr) -> UnknownTagError:
        """An error of an unknown name, which may have been meant as a text, or as NaN."""
        parts = [part.unnest() for part in node.iter_expressions()][1:]
        words = [self._name(part) for part in parts if isinstance(part, exp.Column)]
        for group, word in words:
            if group is None and f"{word!r}" in str(error):
                function = NOT_FINITE.get(word.lower()) if self._resolve_exact else None
                hint = f"A text is in single quotes: '{word}'."
                if function:
                    hint = f"To find it, use {function}(NAME)."
                first = str(error) if "Did you mean" in str(error) else f"No name is {word!r}."
                return UnknownTagError(f"{first} {hint}")
        return error

    def _comparison(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            return f"{self._value(node.this)} IS NULL"
        if isinstance(node, exp.Between) and not node.args.get("symmetric"):
            low, high = node.args["low"], node.args["high"]
            value = self._value(node.this)
            return f"{value} BETWEEN {self._value(low)} AND {self._value(high)}"
        if isinstance(node, exp.In) and node.expressions and node.args.get("query") is None:
            value = self._value(node.this)
            return f"{value} IN ({', '.join(self._value(item) for item in node.expressions)})"
        if type(node) in BINARY and isinstance(node, exp.Binary):
            return f"{self._value(node.left)} {BINARY[type(node)]} {self._value(node.right)}"
        raise self._refused(node)

    def _value(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Column):
            return self._column(node)
        if isinstance(node, exp.Literal):
            return self._literal(node)
        if isinstance(node, exp.Paren):
            return f"({self._nested(self._value, node.this)})"
        if isinstance(node, exp.Neg):
            return f"(- {self._nested(self._value, node.this)})"
        if isinstance(node, exp.Binary) and type(node) in (exp.Add, exp.Sub, exp.Mul, exp.Div):
            left, right = (self._nested(self._value, part) for part in (node.left, node.right))
            return f"({left} {BINARY[type(node)]} {right})"
        raise self._refused(node)

    def _column(self, node: exp.Column) -> str:
        resolve = self._resolve_text if self._is_of_text else self._resolve
        return resolve(*self._name(node))

    def _name(self, node: exp.Column) -> tuple[str | None, str]:
        """The set, if it is named, and the name of an attribute."""
        parts = [part.name for part in node.parts]
        if len(parts) > 2 or not all(isinstance(part, exp.Identifier) for part in node.parts):
            raise self._refused(node)
        return (parts[0] if len(parts) == 2 else None), parts[-1]

    def _literal(self, node: exp.Literal) -> str:
        value: Any = node.this if node.is_string else self._number(node)
        is_compared = isinstance(node.parent, exp.Predicate)
        if self._bind is not None and self._compared is not None and is_compared:
            value = self._bind(*self._compared, self._operator, node.this, node.is_string)
        self.parameters.append(value)
        return "%s"
