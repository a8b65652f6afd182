"""The lesson's resources: each is linked from some book; of the addresses only the form is looked at."""

import re
from urllib.parse import urlsplit

import pytest

from xlcicf.lessons import LESSONS, resources

BY_TITLE = pytest.mark.parametrize("resource", resources.RESOURCES, ids=lambda resource: resource.title)


@BY_TITLE
def test_an_address_is_well_formed(resource):
    parts = urlsplit(resource.address)
    assert parts.scheme == "https" and not parts.port and not parts.username and not parts.fragment
    assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc)
    assert re.fullmatch(r"/[A-Za-z0-9_./-]*", parts.path) and "//" not in parts.path
    assert re.fullmatch(r"(v=[A-Za-z0-9_-]{11})?", parts.query)


@BY_TITLE
def test_each_stands_in_some_book_of_the_lesson(resource):
    assert resource.books and set(resource.books) <= LESSONS.keys()


def test_none_is_named_twice():
    for what in ("title", "address"):
        assert (
            len({getattr(resource, what) for resource in resources.RESOURCES})
            == len(resources.RESOURCES)
            == 13
        )


def test_a_book_without_resources_has_no_links():
    assert resources.of_book("budget") == {}
