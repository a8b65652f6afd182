"""One family of errors. Each message is a sentence fit for a cell: it names the place and the way out.

XlcicfError
|-- BookError               the file: missing, not a workbook, encrypted, locked, read-only, hostile
|-- AddressError            a sheet, name, cell or range that is not there or is empty
|-- DisagreementError       what cells show is not what their formulas come to
|-- DataError               a value that cannot be computed with (text, #N/A, NaN), by its cell or column
|   `-- ShowsError          an error value where a run would begin
|-- FormulaError            a formula that cannot be read
|   |-- CycleError          cells that depend on themselves, with their path
|   |-- Unforeseen          a fault of ours, by the cell whose formula showed it
|   `-- NotDifferentiable   a formula that torch cannot translate or that has no derivative
|-- ProblemError            objective, changing cells or constraints that make no problem
|   `-- Contradiction       bounds that leave no value
|-- TrainingError           a training run that could not start or had to give up
`-- NotPossibleHeadless     an edit that only a running Excel can make
"""


class XlcicfError(Exception):
    """Whatever a user can cause. `str(error)` is one sentence that names the cell and the way out; `status`
    is how a run ended that could not even begin, where there is a word for it."""

    status: str | None = None


class BookError(XlcicfError):
    """The workbook file is missing, no workbook, encrypted, locked, read-only or hostile."""


class AddressError(XlcicfError):
    """A sheet, name, cell or range is not there, or is empty."""


class DisagreementError(XlcicfError):
    """What cells were saved with, or show, is not what their formulas come to; `cells` says which."""

    def __init__(self, cells: str, way_out: str):
        super().__init__(f"{cells}; {way_out}")
        self.cells = cells


class DataError(XlcicfError):
    """A cell or column holds what cannot be computed with."""


class ShowsError(DataError):
    """A cell that a run needs shows an error with the changing cells as they are."""

    status = "error"


class FormulaError(XlcicfError):
    """A formula cannot be read. `cell` is its address, such as "Net!B2"; `function` what is at fault."""

    def __init__(self, message: str, cell: str | None = None, function: str | None = None):
        super().__init__(message)
        self.cell = cell
        self.function = function


class CycleError(FormulaError):
    """Cells that depend on themselves; the message shows the path."""


class Unforeseen(FormulaError):
    """A formula that is computed wrongly here, so that it is not computed at all."""

    def __init__(self, cell: str, error: Exception):
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        super().__init__(f"{cell}: its formula failed here ({what}); report it, and write it otherwise", cell)


class NotDifferentiable(FormulaError):
    """A formula between the changing cells and the objective has no derivative or is not translated."""


class ProblemError(XlcicfError):
    """Objective, changing cells and constraints make no problem that can be solved here."""


class Contradiction(ProblemError):
    """Bounds that leave a changing cell no value."""

    status = "infeasible"


class TrainingError(XlcicfError):
    """A training run could not start or had to give up."""


class NotPossibleHeadless(XlcicfError):
    """An edit that needs a running Excel; nothing was changed."""
