"""Small values, made by the hundred thousand, that nobody changes."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def immutable(cls: type[T]) -> type[T]:
    """A dataclass with slots, equality and a hash. That nobody sets its fields is left to the type checker:
    seen to at run time (frozen=True), each value takes four times as long to make."""
    return dataclass(unsafe_hash=True, slots=True)(cls)
