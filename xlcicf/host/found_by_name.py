"""xlwings' collections on every engine of ours."""

from collections.abc import Iterator


class ByNameOrNumber:
    """Things found by their name, letters' case ignored, or by their number from 1."""

    def listed(self) -> list:
        raise NotImplementedError

    def find(self, key: int | str):
        items = self.listed()
        if isinstance(key, str):
            return next((item for item in items if item.name.casefold() == key.casefold()), None)
        return items[key - 1] if 1 <= key <= len(items) else None

    def __call__(self, key: int | str):
        found = self.find(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: int | str) -> bool:
        return self.find(key) is not None

    def __len__(self) -> int:
        return len(self.listed())

    def __iter__(self) -> Iterator:
        return iter(self.listed())
