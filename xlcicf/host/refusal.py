"""What xlwings offers and a book without Excel does not: refused at the call, by name."""

from collections.abc import Callable
from typing import TypeVar

from xlwings import base_classes

from xlcicf.errors import NotPossibleHeadless

_Class = TypeVar("_Class", bound=type)


def refusing(cls: _Class) -> _Class:
    """Makes each member of xlwings' base class that `cls` leaves out raise NotPossibleHeadless."""
    position = next(i for i, c in enumerate(cls.__mro__) if c.__module__ == base_classes.__name__)
    base, own = cls.__mro__[position], {}
    for ancestor in reversed(cls.__mro__[:position]):
        own |= vars(ancestor)
    for name, member in vars(base).items():
        if isinstance(own.get(name), property) and own[name].fset is None:
            setattr(cls, name, own[name].setter(_refusal(f"setting {name}", base)))
        elif name not in own and _is_open(member):
            refusal, setting = _refusal(name, base), _refusal(f"setting {name}", base)
            setattr(cls, name, property(refusal, setting) if isinstance(member, property) else refusal)
    return cls


def _is_open(member) -> bool:
    """Whether xlwings leaves a member to its engines."""
    function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    return "NotImplementedError" in getattr(getattr(function, "__code__", None), "co_names", ())


def _refusal(what: str, base: type) -> Callable:
    def refuse(*_arguments, **_options):
        raise NotPossibleHeadless(f"{base.__name__}: {what} needs a running Excel; nothing was changed")

    return refuse
