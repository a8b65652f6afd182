"""Excel's category Logical: conditions, and values chosen by them."""

from xlcicf.formula import tape as t
from xlcicf.formula.choosing import choose, otherwise
from xlcicf.formula.coercion import taken_as_condition
from xlcicf.formula.functions.table import excel, of_conditions, of_numbers
from xlcicf.formula.grid import constant
from xlcicf.formula.tree import Const


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
