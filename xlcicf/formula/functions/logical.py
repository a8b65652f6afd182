"""Excel's category Logical: conditions, and values chosen by them."""

from collections.abc import Callable, Sequence

from xlcicf.formula import tape as t
from xlcicf.formula.choice import Value, of_each
from xlcicf.formula.choosing import choose, instead_of_na, otherwise
from xlcicf.formula.coercion import taken_as_condition
from xlcicf.formula.context import Context, Fails, Misused
from xlcicf.formula.functions.operators import INFIX
from xlcicf.formula.functions.table import ANY, computed, excel, of_conditions, of_numbers
from xlcicf.formula.grid import constant
from xlcicf.formula.tree import Const, Node


@excel("IF", "IF(~1.5>1,~2,~3)", "IF(~0.5>1,~2,~3)", "IF(~2,~1.5)", "IF(~-1.5<0,0,~-1.5)+~1", arity=(2, 3))
def if_(context, condition, yes, no=None):
    def branch(node):
        if node is None:
            return constant(False)
        return context.value(Const(0.0) if node == Const(None) else node)

    return choose(context, context.operand(condition), lambda: branch(yes), lambda: branch(no))


@excel("IFERROR", "IFERROR(~1.5,~2)", "IFERROR(1/0,~2)", "IFERROR(LN(~2.5),~3)", arity=(2, 2))
def if_error(context, value, fallback):
    return otherwise(context, context.operand(value), context.operand(fallback))


@excel(
    "IFNA",
    "IFNA(~1.5,~2)",
    "IFNA(NA(),~2)",
    "IFERROR(IFNA(1/0,~2),~3)",
    arity=(2, 2),
)
def if_na(context, value, fallback):
    return instead_of_na(context, context.operand(value), context.operand(fallback))


@excel("IFS", "IFS(~1.5>2,~2,~1.5>1,~3)", "IFERROR(IFS(~1.5>2,~2),~4)", "IFS(TRUE,~2,1/0,3)", arity=(2, ANY))
def first_that_holds(context, *pairs):
    """The value behind the first condition that holds; #N/A where none does."""
    if len(pairs) % 2:
        raise Misused("has a condition without a value")
    conditions = [lambda condition=condition: context.operand(condition) for condition in pairs[::2]]
    return _first_of(context, list(zip(conditions, pairs[1::2], strict=True)))


def _first_of(context: Context, pairs: Sequence[tuple[Callable[[], Value], Node]]) -> Value:
    if not pairs:
        raise Fails("#N/A", "has no condition that holds")
    (condition, value), *others = pairs
    return choose(
        context,
        condition(),
        lambda: context.value(value),
        lambda: computed(context, lambda: _first_of(context, others)),
    )


@excel(
    "SWITCH",
    "SWITCH(2,1,~1.5,2,~2.5)",
    'SWITCH("b","A",~1.5,"B",~2.5)',
    "SWITCH(~9,1,~1.5,2,~2.5,~7)",
    "IFERROR(SWITCH(9,1,~1.5),~3)",
    arity=(3, ANY),
)
def switch(context, asked, *pairs):
    """The value behind the first one that is equal; else the last, where one stands alone, or #N/A. A blank
    cell equals 0 alone."""
    wanted = _zero_for_blank(context.operand(asked))

    def equals(case: Node) -> Callable[[], Value]:
        return lambda: INFIX["="](context, wanted, _zero_for_blank(context.operand(case)))

    cases = list(zip(map(equals, pairs[: len(pairs) // 2 * 2 : 2]), pairs[1::2], strict=True))
    return _first_of(context, [*cases, (lambda: constant(True), pairs[-1])] if len(pairs) % 2 else cases)


def _zero_for_blank(value: Value) -> Value:
    return of_each(lambda grid: grid.with_blanks_as_zeros(), value)


@of_conditions("XOR", "IF(XOR(~1.5>1,TRUE),~2,~3)", "IF(XOR(~1.5>1,0,FALSE),~2,~3)")
def xor(x):
    half = t.div(x.total(), 2.0)
    return t.not_equal(half, t.floor(half))


@of_conditions("AND", "IF(AND(~1.5>1,TRUE),~2,~3)", "IF(AND(~1.5>1,0),~2,~3)")
def and_(x):
    return t.equal(x.total(lambda holds: t.sub(1.0, holds), safe=1.0), 0.0)


@of_conditions("OR", "IF(OR(~1.5>2,FALSE),~2,~3)", "IF(OR(~1.5>1,0),~2,~3)")
def or_(x):
    return t.not_equal(x.total(), 0.0)


@of_numbers("NOT", "IF(NOT(~1.5>1),~2,~3)", "IF(NOT(0),~2,~3)", taken=taken_as_condition, truth=True)
def not_(x):
    return t.equal(x, 0.0)


@excel("TRUE", "IF(TRUE(),~2,~3)", arity=(0, 0))
def true(context):
    return constant(True)


@excel("FALSE", "IF(FALSE(),~2,~3)", arity=(0, 0))
def false(context):
    return constant(False)
