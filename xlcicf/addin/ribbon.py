"""The ribbon tab "Neural Net": one table of controls, and what Excel needs of it as XML and as VBA.

Each control has one callback in the VBA module and one command in `commands`. Images are Office's own
(imageMso), so that none is shipped.
"""

from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from xlcicf.lessons import LESSONS
from xlcicf.words import MADE_FOR, SETTINGS, TAB, Setting

NAMESPACE = "http://schemas.microsoft.com/office/2009/07/customui"  # customUI14.xml: Excel 2010 and later

ALWAYS, IDLE, RUNNING, UNDO, REDO = "always", "idle", "running", "undo", "redo"


@dataclass(frozen=True)
class SettingCell:
    """Shown in a box: what the book's cell of that name holds, or the usual where a book has no such cell."""

    name: str
    usual: str


@dataclass(frozen=True)
class OfTheSelection:
    """Shown in a box: the constraints of the selected cells, as `xlcicf.solve.subject_to` writes them."""


@dataclass(frozen=True)
class Control:
    """A button, or a box that shows and sets something of the book, or a menu of buttons.

    name      of the control in the XML, of its callbacks in VBA, and of its command
    tip       what happens, in a sentence
    enabled   when it can be pressed: ALWAYS, while no run is on (IDLE), while one is (RUNNING), or while
              there is a run that can be undone or redone (UNDO, REDO)
    shows     for a box: which part of the book
    choices   for a drop-down: what can be chosen; for a menu: (text for the command, label) of each button
    """

    name: str
    label: str
    tip: str
    image: str = ""
    large: bool = False
    enabled: str = IDLE
    shows: SettingCell | OfTheSelection | None = None
    choices: tuple = ()

    @property
    def kind(self) -> str:
        if self.shows:
            return "dropDown" if self.choices else "editBox"
        return "menu" if self.choices else "button"


def _box(setting: Setting) -> Control:
    usual = "" if setting.default is None else str(setting.default)
    shows = SettingCell(setting.cell, usual)
    return Control(setting.control, setting.label, setting.tip, shows=shows, choices=setting.choices)


GROUPS: dict[str, tuple[Control, ...]] = {
    "Model": (
        Control(
            "set_objective",
            "Set Objective",
            "Makes the selected cell, a formula, the objective, as in Solver's dialog.",
            "TracePrecedents",
            large=True,
        ),
        Control(
            "set_changing",
            "By Changing Variable Cells",
            "Makes the selected cells those that training may change, as in Solver's dialog.",
            "TraceDependents",
            large=True,
        ),
        Control(
            "subject_to",
            "Subject to",
            "The constraints of the selected cells: <= 40, = Plan!C7, >= SUM(Plan!C2:C4), int, bin or dif,"
            " several with ; between, none when empty. Or of others: Plan!B7 <= 3.",
            shows=OfTheSelection(),
        ),
        Control(
            "read_solver",
            "Read Solver's settings",
            "Says which problem is saved in this book: objective, changing cells and constraints.",
            "WhatIfAnalysisMenu",
            enabled=ALWAYS,
        ),
    ),
    "Train": (
        Control(
            "train",
            "Train",
            "Changes the weights until the objective is best. You can go on working; Stop keeps the best.",
            "MacroPlay",
            large=True,
        ),
        Control(
            "solve",
            "Solve",
            "As Train, with the method chosen here, whatever the book's cell for it says.",
            "CalculateNow",
            large=True,
            choices=tuple((method, f"{method}: {purpose}") for method, purpose in MADE_FOR.items()),
        ),
        Control("step", "Step", "Makes one step of the optimiser from the weights as they are.", "Repeat"),
        Control(
            "stop",
            "Stop",
            "Ends the run within a second and keeps the best weights found.",
            "DeclineInvitation",
            enabled=RUNNING,
        ),
        Control("undo", "Undo", "Puts back the weights from before the last run.", "Undo", enabled=UNDO),
        Control("redo", "Redo", "Brings the last run undone back.", "Redo", enabled=REDO),
        Control(
            "reset",
            "Reset weights",
            "Puts back the weights from before the first run recorded; Undo takes that back.",
            "Refresh",
            enabled=UNDO,
        ),
        *(_box(setting) for setting in SETTINGS.values() if setting.tip),
    ),
    "Look": (
        Control(
            "gradient",
            "Gradient of the selected cell",
            "If I change this cell, how much does the objective change? Of a formula: what moves it.",
            "FunctionWizard",
            large=True,
            enabled=ALWAYS,
        ),
        Control(
            "parity",
            "Check parity",
            "Compares each formula on the way to the objective with torch: to how many digits they agree.",
            "AcceptInvitation",
            enabled=ALWAYS,
        ),
        Control(
            "report",
            "Report",
            "Adds a sheet: what was found, which constraints bind, what they are worth, error bars of a fit.",
            "TableInsert",
        ),
        Control(
            "loss_chart",
            "Loss chart",
            "Shows the objective step by step in the last run.",
            "ChartInsert",
        ),
        Control(
            "weights_picture",
            "Weights picture",
            "Adds a picture of the changing cells: blue below 0, orange above, white at 0.",
            "PictureInsertFromFile",
        ),
        Control(
            "model_card",
            "Model card",
            "Adds the sheets Model card and Data ethics, filled from the last run, or renews them.",
            "FileProperties",
        ),
    ),
    "Lessons": (
        Control(
            "lesson",
            "Open a lesson",
            "Makes a copy of a lesson workbook in your Documents folder and opens it.",
            "FileOpen",
            large=True,
            enabled=ALWAYS,
            choices=tuple((lesson.name, lesson.title) for lesson in LESSONS.values()),
        ),
    ),
    "Help": (
        Control("help", "Help", "Says what to press first.", "Help", enabled=ALWAYS),
        Control(
            "doctor",
            "Check the installation",
            "Looks whether Python, spreadsheet and add-in fit together, and says what to do if they do not.",
            "ErrorChecking",
            enabled=ALWAYS,
        ),
    ),
}

# The buttons that a macro book also has on its sheet; VBA's Press_train and so on are behind them.
ON_SHEET = ("train", "step", "stop", "undo", "redo")

CONTROLS = {control.name: control for group in GROUPS.values() for control in group}


def ribbon_xml() -> str:
    """customUI14.xml: the tab with its groups."""
    groups = "".join(
        f'<group id="group_{title}" label={quoteattr(title)}>{"".join(map(_element, controls))}</group>'
        for title, controls in GROUPS.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<customUI xmlns="{NAMESPACE}" onLoad="Ribbon_loaded"><ribbon><tabs>'
        f'<tab id="tab_xlcicf" label={quoteattr(TAB)}>{groups}</tab>'
        "</tabs></ribbon></customUI>\n"
    )


def _element(control: Control) -> str:
    attributes = {
        "id": control.name,
        "label": control.label,
        "screentip": control.label,
        "supertip": control.tip,
        "getEnabled": "Ribbon_enabled",
    }
    if control.image:
        attributes["imageMso"] = control.image
    if control.kind in ("button", "menu"):
        attributes["size"] = "large" if control.large else "normal"
    inner = ""
    match control.kind:
        case "button":
            attributes["onAction"] = f"Ribbon_{control.name}"
        case "menu":
            inner = "".join(
                f'<button id="{control.name}_{text}" tag="{text}" label={quoteattr(label)}'
                f' onAction="Ribbon_{control.name}"/>'
                for text, label in control.choices
            )
        case "editBox":
            attributes |= {
                "onChange": f"Ribbon_{control.name}",
                "getText": "Ribbon_text",
                "sizeString": "0" * (8 if isinstance(control.shows, SettingCell) else 24),
            }
        case "dropDown":
            attributes |= {
                "onAction": f"Ribbon_{control.name}",
                "getSelectedItemID": "Ribbon_selected",
                "sizeString": "momentum0",
            }
            inner = "".join(
                f'<item id="{control.name}_{choice}" label="{choice}"/>' for choice in control.choices
            )
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<{control.kind}{written}>{inner}</{control.kind}>"


def callbacks_module() -> str:
    """The VBA module behind the ribbon: one callback a control, and the state that enables them."""
    return _STATE + _cases() + "".join(_callback(control) for control in CONTROLS.values())


def events_module() -> str:
    """VBA of ThisWorkbook: the tab follows the book that is in front."""
    return _EVENTS


def _callback(control: Control) -> str:
    name = control.name
    match control.kind:
        case "button":
            arguments, text = "control As IRibbonControl", ""
        case "menu":
            arguments, text = "control As IRibbonControl", ", control.Tag"
        case "editBox":
            arguments, text = "control As IRibbonControl, text As String", ", text"
        case "dropDown":
            arguments = "control As IRibbonControl, id As String, index As Integer"
            text = f', Mid$(id, Len("{name}_") + 1)'
    callback = f'\nPublic Sub Ribbon_{name}({arguments})\n    RunCommand "{name}"{text}\nEnd Sub\n'
    if name not in ON_SHEET:
        return callback
    return f'{callback}\nPublic Sub Press_{name}()\n    RunCommand "{name}"\nEnd Sub\n'


def _cases() -> str:
    """VBA's answers to "can it be pressed?" and "what does the box show?"."""
    needs = {
        IDLE: "Not IsRunning()",
        RUNNING: "IsRunning()",
        UNDO: "Not IsRunning() And RunsToUndo() <> 0",
        REDO: "Not IsRunning() And RunsToRedo() <> 0",
    }
    enabled = "".join(
        f"        Case {_listed(c.name for c in CONTROLS.values() if c.enabled == state)}\n"
        f"            IsEnabled = {condition}\n"
        for state, condition in needs.items()
    )
    shown = "".join(
        f'        Case "{c.name}"\n            ShownBy = {_shown(c.shows)}\n'
        for c in CONTROLS.values()
        if c.shows
    )
    following = "".join(
        f'    Ribbon.InvalidateControl "{c.name}"\n'
        for c in CONTROLS.values()
        if isinstance(c.shows, OfTheSelection)
    )
    return f"""
Public Function IsEnabled(ByVal control As String) As Boolean
    IsEnabled = True
    Select Case control
{enabled}    End Select
End Function

Public Function ShownBy(ByVal control As String) As String
    Select Case control
{shown}    End Select
End Function

Public Sub SelectionChanged()
    If Ribbon Is Nothing Then Exit Sub
{following}End Sub
"""


def _shown(shows: SettingCell | OfTheSelection) -> str:
    """What a box shows, as VBA finds it."""
    if isinstance(shows, SettingCell):
        return f'SettingShown("{shows.name}", "{shows.usual}")'
    return "ConstraintsShown()"


def _listed(names) -> str:
    return ", ".join(f'"{name}"' for name in names)


_STATE = """Option Explicit
' The ribbon tab of xlcicf. Written by xlcicf from its table of controls: each callback runs the Python
' command of the same name. Nothing here computes.

Private Ribbon As Object
Private RunningUntil As Date

Public Sub Ribbon_loaded(loaded As IRibbonUI)
    Set Ribbon = loaded
End Sub

Public Sub Ribbon_enabled(control As IRibbonControl, ByRef enabled)
    enabled = IsEnabled(control.ID)
End Sub

Public Sub Ribbon_text(control As IRibbonControl, ByRef text)
    text = ShownBy(control.ID)
End Sub

Public Sub Ribbon_selected(control As IRibbonControl, ByRef selected)
    selected = control.ID & "_" & ShownBy(control.ID)
End Sub

Public Sub RefreshRibbon()
    If Not Ribbon Is Nothing Then Ribbon.Invalidate
End Sub

' Python says for how many more seconds a run counts as running; it says so again while the run goes on,
' so that a run that died does not keep the buttons grey.
Public Sub SetRunning(ByVal seconds As Double)
    RunningUntil = Now + seconds / 86400
    RefreshRibbon
    On Error Resume Next
    If seconds > 0 Then Application.OnTime RunningUntil + 1 / 86400, "RefreshRibbon"
End Sub

Public Function IsRunning() As Boolean
    IsRunning = Now < RunningUntil
End Function

' The history beside a book: its first line counts the runs that stand in it, each further line is a run.
' Where a write was cut off it says as well how many stood before; the command then asks the cells.
' -1 where it cannot be looked at (a book in the cloud, a Mac's sandbox): the command itself then says more.
Public Function RunsToUndo() As Long
    Dim done As Long, was As Long, runs As Long
    ReadHistory done, was, runs
    RunsToUndo = IIf(was > done, was, done)
End Function

Public Function RunsToRedo() As Long
    Dim done As Long, was As Long, runs As Long
    ReadHistory done, was, runs
    RunsToRedo = IIf(done < 0, -1, runs - IIf(was < done, was, done))
End Function

Private Sub ReadHistory(ByRef done As Long, ByRef was As Long, ByRef runs As Long)
    Dim handle As Integer, path As String, text As String, found As Long
    done = 0
    was = 0
    runs = 0
    On Error GoTo Unknown
    path = ActiveWorkbook.FullName & ".xlcicf.json"
    If InStr(path, "://") > 0 Then GoTo Unknown
    If Dir(path) = "" Then Exit Sub
    handle = FreeFile
    Open path For Binary Access Read As #handle ' Line Input knows no lines that end in vbLf alone
    text = Space$(LOF(handle))
    Get #handle, , text
    Close #handle
    If InStr(text, ":") = 0 Then GoTo Unknown
    done = Val(Mid$(text, InStr(text, ":") + 1))
    was = done
    found = InStr(text, "was"":")
    If found > 0 And found < InStr(text, vbLf) Then was = Val(Mid$(text, found + 5))
    runs = UBound(Split(text, vbLf & "{""title"":"))
    Exit Sub
Unknown:
    done = -1
    was = -1
End Sub

' What a cell named train.steps, say, shows in the book in front.
Public Function SettingShown(ByVal cell As String, ByVal otherwise As String) As String
    SettingShown = otherwise
    On Error Resume Next
    SettingShown = CStr(ActiveWorkbook.Names(cell).RefersToRange.Value)
End Function

' The constraints that Solver has saved of exactly the selected cells, as Python writes them: "<= 40; int".
Public Function ConstraintsShown() As String
    Dim solvers As Object, cells As String, i As Long
    On Error Resume Next
    If TypeName(Selection) <> "Range" Then Exit Function
    Set solvers = SolversSheet()
    If solvers Is Nothing Then Exit Function
    cells = SelectedCells()
    For i = 1 To Val(Saved(solvers, "num"))
        If AreSame(Unquoted(Saved(solvers, "lhs" & i)), cells) Then
            If ConstraintsShown <> "" Then ConstraintsShown = ConstraintsShown & "; "
            ConstraintsShown = ConstraintsShown & WithoutLeftSide(solvers, i)
        End If
    Next i
End Function

' The sheet in front where Solver has an objective there, else the only one where it has.
Private Function SolversSheet() As Object
    Dim sheet As Object
    If Saved(ActiveSheet, "opt") <> "" Then
        Set SolversSheet = ActiveSheet
        Exit Function
    End If
    For Each sheet In ActiveWorkbook.Worksheets
        If Saved(sheet, "opt") <> "" Then
            If Not SolversSheet Is Nothing Then
                Set SolversSheet = Nothing
                Exit Function
            End If
            Set SolversSheet = sheet
        End If
    Next sheet
End Function

' What the sheet's name solver_KEY refers to, without its "="; "" where there is none.
Private Function Saved(ByVal sheet As Object, ByVal key As String) As String
    On Error Resume Next
    Saved = Mid$(sheet.Names("solver_" & key).RefersTo, 2)
End Function

Private Function WithoutLeftSide(ByVal solvers As Object, ByVal i As Long) As String
    Dim relation As Long
    relation = Val(Saved(solvers, "rel" & i))
    If relation < 1 Or relation > 6 Then Exit Function
    WithoutLeftSide = Split("<= = >= int bin dif", " ")(relation - 1)
    If relation <= 3 Then WithoutLeftSide = WithoutLeftSide & " " & RightSide(Saved(solvers, "rhs" & i))
End Function

' A blank is 0, as Solver takes it. A $ may belong to the name of a sheet where that stands in quotes.
Private Function RightSide(ByVal text As String) As String
    RightSide = IIf(text = "", "0", text)
    If InStr(text, "'") = 0 Then RightSide = Replace(RightSide, "$", "")
End Function

Private Function SelectedCells() As String
    Dim area As Object
    For Each area In Selection.Areas
        If SelectedCells <> "" Then SelectedCells = SelectedCells & ","
        SelectedCells = SelectedCells & Unquoted(ActiveSheet.Name & "!" & area.Address)
    Next area
End Function

Private Function Unquoted(ByVal text As String) As String
    Unquoted = Replace(text, "'", "")
End Function

' Whether two lists have the same areas, in whatever order.
Private Function AreSame(ByVal cells As String, ByVal others As String) As Boolean
    Dim area As Variant
    If Len(cells) <> Len(others) Then Exit Function
    For Each area In Split(cells, ",")
        If InStr("," & others & ",", "," & area & ",") = 0 Then Exit Function
    Next area
    AreSame = True
End Function

Private Sub RunCommand(ByVal command As String, Optional ByVal text As String)
    If ActiveWorkbook Is Nothing Then
        MsgBox "No workbook is open; open one first.", vbInformation, "Neural Net"
        Exit Sub
    End If
    RunPython "from xlcicf.addin import commands; commands.press('" & command & "', '" & Hexed(text) & "')"
End Sub

' Text in hexadecimal: whatever a person types into a box stays text.
Public Function Hexed(ByVal text As String) As String
    Dim i As Long
    For i = 1 To Len(text)
        Hexed = Hexed & Right$("000" & Hex$(AscW(Mid$(text, i, 1)) And &HFFFF&), 4)
    Next i
End Function
"""

_EVENTS = """Option Explicit
Private WithEvents App As Application

Private Sub Workbook_Open()
    Set App = Application
    xlcicf_start_functions
    RefreshRibbon
End Sub

Private Sub App_WorkbookActivate(ByVal Wb As Workbook)
    RefreshRibbon
End Sub

Private Sub App_SheetActivate(ByVal Sh As Object)
    SelectionChanged
End Sub

Private Sub App_SheetSelectionChange(ByVal Sh As Object, ByVal Target As Range)
    SelectionChanged
End Sub
"""
