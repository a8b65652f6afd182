"""Calls to a busy Excel: repeated within bounds, and told apart from refusals and from our own mistakes."""

import pytest

from xlcicf.errors import BookError, DataError
from xlcicf.host import patience
from xlcicf.host.headless.engine import ExcelBusy


class ComError(Exception):
    """As pywin32 raises it: `hresult` of the call, and in `excepinfo` the code of what Excel says itself."""

    def __init__(self, hresult: int, scode: int | None = None):
        super().__init__(f"0x{hresult:08X}")
        self.hresult = hresult - 2**32
        self.excepinfo = scode and (0, "Microsoft Excel", None, None, 0, scode - 2**32)


@pytest.mark.parametrize(
    ("error", "busy"),
    [
        (ComError(0x800AC472), True),  # VBA_E_IGNORE
        (ComError(0x8001010A), True),  # RPC_E_SERVERCALL_RETRYLATER
        (ComError(0x80010001), True),  # RPC_E_CALL_REJECTED
        (ComError(0x80020009, 0x800AC472), True),  # DISP_E_EXCEPTION around it, as when a property is set
        (ComError(0x80020009, 0x800A03EC), False),  # a protected sheet
        (ComError(0x800706BA), False),  # Excel is gone
        (ExcelBusy(), True),
        (ValueError(), False),
    ],
    ids=repr,
)
def test_what_means_not_now(error, busy):
    assert patience.is_busy(error) is busy


def failing(*errors):
    """A call that raises each of the errors in turn, then answers with its argument."""
    left = list(errors)

    def call(answer):
        if left:
            raise left.pop(0)
        return answer

    return call


def test_a_call_is_repeated_until_excel_takes_it():
    assert patience.patiently(failing(ExcelBusy(), ComError(0x8001010A)), 7) == 7


def test_patience_has_an_end(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    with pytest.raises(patience.ExcelIsBusy, match="Excel took no call for 0 s"):
        patience.patiently(failing(*[ExcelBusy()] * 99), 7)


def test_a_refusal_is_not_repeated_and_becomes_a_sentence():
    with pytest.raises(BookError, match="Excel refuses .* is the book still open, and its sheet unprotected"):
        patience.patiently(failing(ComError(0x80020009, 0x800A03EC)), 7)


@pytest.mark.parametrize("error", [DataError("A1 holds text"), KeyError("ours")], ids=repr)
def test_what_is_not_excels_passes_as_it_is(error):
    with pytest.raises(type(error)):
        patience.patiently(failing(error), 7)
