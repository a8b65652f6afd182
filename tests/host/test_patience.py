"""Calls to a busy host: repeated within bounds, and told apart from refusals and from our own mistakes."""

import pytest

from xlcicf.errors import BookError, DataError
from xlcicf.host import patience
from xlcicf.host.headless.person import Busy
from xlcicf.host.hosts import host_that_raised


class ComError(Exception):
    """As pywin32 raises it: `hresult` of the call, and in `excepinfo` the code of what Excel says itself."""

    def __init__(self, hresult: int, scode: int | None = None):
        super().__init__(f"0x{hresult:08X}")
        self.hresult = hresult - 2**32
        self.excepinfo = scode and (0, "Microsoft Excel", None, None, 0, scode - 2**32)


class ExcelBusyError(Exception):
    """As xlwings calls its own, in a module that only Windows can import."""


class CommandError(Exception):
    """As appscript calls what Excel on a Mac refuses, in a package that only a Mac has."""


@pytest.mark.parametrize(
    ("error", "host", "busy"),
    [
        (ComError(0x800AC472), "Excel", True),  # VBA_E_IGNORE
        (ComError(0x8001010A), "Excel", True),  # RPC_E_SERVERCALL_RETRYLATER
        (ComError(0x80010001), "Excel", True),  # RPC_E_CALL_REJECTED
        (
            ComError(0x80020009, 0x800AC472),
            "Excel",
            True,
        ),  # DISP_E_EXCEPTION around it, as when a property is set
        (ComError(0x80020009, 0x800A03EC), "Excel", False),  # a protected sheet
        (ComError(0x800706BA), "Excel", False),  # Excel is gone
        (ExcelBusyError(), "Excel", True),
        (CommandError(), "Excel", False),
        (Busy(), "xlcicf", True),
    ],
    ids=repr,
)
def test_an_exception_belongs_to_a_host_which_knows_whether_it_means_not_now(error, host, busy):
    found = host_that_raised(error)
    assert (found.name, found.is_busy(error)) == (host, busy)


def failing(*errors):
    """A call that raises each of the errors in turn, then answers with its argument."""
    left = list(errors)

    def call(answer):
        if left:
            raise left.pop(0)
        return answer

    return call


def test_a_call_is_repeated_until_the_host_takes_it():
    assert patience.patiently(failing(Busy(), ComError(0x8001010A)), 7) == 7


def test_patience_has_an_end(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    with pytest.raises(patience.HostIsBusy, match="Excel took no call for 0 s"):
        patience.patiently(failing(*[ComError(0x800AC472)] * 99), 7)


def test_a_refusal_is_not_repeated_and_becomes_a_sentence():
    with pytest.raises(BookError, match="Excel refuses .* is the book still open, and its sheet unprotected"):
        patience.patiently(failing(ComError(0x80020009, 0x800A03EC), ComError(0x800AC472)), 7)


@pytest.mark.parametrize("error", [Busy(), ComError(0x800706BA)], ids=repr)
def test_what_may_be_left_undone_is_tried_once(error):
    call = failing(error)
    patience.once(call, 7)
    assert call(7) == 7


@pytest.mark.parametrize("error", [DataError("A1 holds text"), KeyError("ours")], ids=repr)
@pytest.mark.parametrize("way", [patience.patiently, patience.once])
def test_what_is_no_hosts_passes_as_it_is(way, error):
    assert host_that_raised(error) is None
    with pytest.raises(type(error)):
        way(failing(error), 7)
