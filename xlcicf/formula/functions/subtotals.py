"""Excel's category Math & Trig: SUBTOTAL and AGGREGATE, other functions of what is not passed over."""

from xlcicf.formula.choice import Value, of_each
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.functions.table import ANY, called_with, computed, excel
from xlcicf.formula.passing_over import PassedOver, by_numbers, require_ranges
from xlcicf.formula.tree import Node, Union

OF_SUBTOTAL = (
    "AVERAGE", "COUNT", "COUNTA", "MAX", "MIN", "PRODUCT", "STDEV", "STDEVP", "SUM", "VAR", "VARP",
)  # fmt: skip
OF_RANGES = (*OF_SUBTOTAL, "MEDIAN", "MODE")
OF_ARRAYS = (
    "LARGE", "SMALL", "PERCENTILE.INC", "QUARTILE.INC", "PERCENTILE.EXC", "QUARTILE.EXC",
)  # fmt: skip
BY_HAND_TOO = 100  # added to the number of a function that passes over rows hidden by hand


def _of_what_counts(
    context: Context, name: str, arrays: tuple[Node, ...], others: tuple[Node, ...], passed: PassedOver
) -> Value:
    """The function `name` of arrays without what is passed over, and of other arguments."""
    inside = context.taking("array")
    parts = [part for node in arrays for part in (node.parts if isinstance(node, Union) else (node,))]
    counting = [
        of_each(lambda grid, node=node: passed.among(context, node, grid), inside.value(node))
        for node in parts
    ]
    return called_with(context, name, counting, others)


def _said(number: int) -> str:
    """A number for an example, the same wherever it is filled to."""
    return f"ROWS($A$1:$A${number})" if number else "0"


@excel(
    "SUBTOTAL", *(f"SUBTOTAL({_said(n)},~B1:B3)" for n in (1, 4, 5, 6, 7, 8, 9, 10, 11)),
    *(f"SUBTOTAL({_said(n)},~B1:B3)" for n in (101, 104, 105, 106, 107, 108, 109, 110, 111)),
    *(f"SUBTOTAL({_said(n)},$B$1:$B$3,$A$1)*~2" for n in (2, 3, 102, 103)), "SUBTOTAL(9,~B1:B3,$A$1:$A$3)",
    "SUBTOTAL(5,~B1:B3)",
    arity=(2, ANY), ranges="inherit",
)  # fmt: skip
def subtotal(context: Context, number: Node, *ranges: Node) -> Value:
    return by_numbers(
        context, [number], lambda which: computed(context, lambda: _subtotal(context, which, ranges))
    )


def _subtotal(context: Context, which: int, ranges: tuple[Node, ...]) -> Value:
    by_hand = which > BY_HAND_TOO
    which -= BY_HAND_TOO * by_hand
    if not 1 <= which <= len(OF_SUBTOTAL):
        raise Fails("#VALUE!", "knows no function of that number")
    require_ranges(context, ranges)
    passed = PassedOver(hidden=by_hand, filtered=True, totals=True)
    return _of_what_counts(context, OF_SUBTOTAL[which - 1], ranges, (), passed)


@excel(
    "AGGREGATE", *(f"AGGREGATE({_said(n)},{_said(6)},~B1:B3)" for n in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12)),
    *(f"AGGREGATE({_said(n)},{_said(4)},$B$1:$B$3)*~2" for n in (2, 3)),
    f"AGGREGATE({_said(13)},4,$A$1:$A$3,$A$2)*~2",
    *(f"AGGREGATE({_said(n)},{_said(option)},~B1:B3,{k})" for n, option, k in (
        (14, 0, 2), (15, 1, 2), (16, 2, 0.3), (17, 3, 1), (18, 4, 0.4), (19, 5, 2), (14, 7, 1))),
    "AGGREGATE(15,7,~B1:B3/($A$1:$A$3<3),1)", "AGGREGATE(9,0,~B1:B3,$A$1:$A$3)",
    arity=(3, ANY), ranges="inherit",
)  # fmt: skip
def aggregate(context: Context, number: Node, option: Node, *arguments: Node) -> Value:
    def of_numbers(which: int, said: int) -> Value:
        return computed(context, lambda: _aggregate(context, which, said, arguments))

    return by_numbers(context, [number, option], of_numbers)


def _aggregate(context: Context, which: int, said: int, arguments: tuple[Node, ...]) -> Value:
    if not 1 <= which <= len(OF_RANGES) + len(OF_ARRAYS) or not 0 <= said <= 7:
        raise Fails("#VALUE!", "knows no function or option of that number")
    passed = PassedOver(hidden=said % 2 == 1, totals=said < 4, errors=said in (2, 3, 6, 7))
    if which <= len(OF_RANGES):
        require_ranges(context, arguments)
        return _of_what_counts(context, OF_RANGES[which - 1], arguments, (), passed)
    if len(arguments) != 2:
        raise Fails("#VALUE!", "needs an array and which of its numbers is wanted")
    name = OF_ARRAYS[which - 1 - len(OF_RANGES)]
    return _of_what_counts(context, name, arguments[:1], arguments[1:], passed)
