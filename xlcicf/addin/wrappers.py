"""The VBA module through which Excel calls the functions in cells: a wrapper each, and what they share.

Public Function NN_NUDGE(objective As Variant, changing As Variant, Optional h As Variant) As Variant
    NN_NUDGE = Answer("NN_NUDGE", Array(objective, changing, h), False)
End Function
"""

from collections.abc import Iterable

from xlcicf.addin.function_calls import CATEGORY, CellFunction

SERVED = "xlcicf.addin.udfs"  # where xlwings' server finds the functions
PRELOAD = "xlcicf.addin.preload"

_SHARED = f"""\
' The functions of xlcicf in cells. This text is generated: changes are lost when the add-in is built anew.
' Each wrapper hands its arguments to Python and turns the text of an error into Excel's own error value.
Option Explicit

' What kept the latest function from reaching Python. Empty where Python has the latest sentence.
Private trouble As String

' Starts Python while Excel starts, so that the first cell does not wait, and fills the function wizard.
Public Sub xlcicf_start_functions()
#If Not Mac Then
    On Error Resume Next ' without Python each cell says so itself
    XLPy.Module "{PRELOAD}"
    On Error GoTo 0
#End If
    DescribeFunctions
End Sub

' The latest sentence that says why a function showed an error.
Public Function NN_LASTERROR() As Variant
    Application.Volatile
    If trouble = "" Then NN_LASTERROR = Answer("NN_LASTERROR", Array(), True)
    If trouble <> "" Then NN_LASTERROR = trouble
End Function

' What Python makes of the arguments; of ranges it gets the numbers where byValue is true.
Private Function Answer(ByVal called As String, ByVal arguments As Variant, ByVal byValue As Boolean)
#If Mac Then
    trouble = called & " needs Excel for Windows; on a Mac use the Neural Net tab or the xlcicf command"
    Answer = CVErr(xlErrNA)
#Else
    Dim place As Long
    On Error GoTo Failed
    For place = LBound(arguments) To UBound(arguments)
        If IsObject(arguments(place)) Then
            If arguments(place).Areas.Count > 1 Then
                trouble = called & " takes cells in one rectangle"
                Answer = CVErr(xlErrValue)
                Exit Function
            End If
            If byValue Then arguments(place) = arguments(place).Value2
        End If
    Next place
    Answer = AsCell(XLPy.CallUDF("{SERVED}", called, arguments, ThisWorkbook, Application.Caller))
    Exit Function
Failed:
    trouble = called & " could not reach Python (" & LastLine(Err.Description) & "); run: xlcicf doctor"
    Answer = CVErr(xlErrNA)
#End If
End Function

' Python gives the text of an error, which a cell should not hold as text.
Private Function AsCell(ByVal result As Variant) As Variant
    Dim code As Long
    AsCell = result
    If VarType(result) <> vbString Then Exit Function
    Select Case result
        Case "#VALUE!": code = xlErrValue
        Case "#NUM!": code = xlErrNum
        Case "#N/A": code = xlErrNA
        Case Else: Exit Function
    End Select
    AsCell = CVErr(code)
    trouble = ""
End Function

' Of a message from Python, which may be long, the line that says what happened.
Private Function LastLine(ByVal message As String) As String
    Dim lines As Variant, place As Long
    lines = Split(Replace(message, vbCr, ""), vbLf)
    For place = UBound(lines) To 0 Step -1
        LastLine = Trim$(lines(place))
        If LastLine <> "" Then Exit Function
    Next place
End Function

' A range is kept as the range that it is.
Private Sub Keep(ByRef place As Variant, ByVal argument As Variant)
    If IsObject(argument) Then Set place = argument Else place = argument
End Sub

Private Sub Describe(ByVal called As String, ByVal description As String, ByVal arguments As Variant)
    Dim macro As String
    macro = "'" & ThisWorkbook.Name & "'!" & called
    On Error Resume Next ' some versions of Excel describe no function of a hidden workbook
    If UBound(arguments) < 0 Then
        Application.MacroOptions macro:=macro, description:=description, Category:="{CATEGORY}"
    Else
        Application.MacroOptions macro:=macro, description:=description, Category:="{CATEGORY}", _
            ArgumentDescriptions:=arguments
    End If
End Sub
"""


def module_text(functions: Iterable[CellFunction]) -> str:
    """The module's text, every function of the registry in it."""
    functions = list(functions)
    wrappers = [_wrapper(function) for function in functions if function.arguments]
    return "\n".join([_SHARED, *wrappers, _descriptions(functions)])


def _wrapper(function: CellFunction) -> str:
    body = _gathered(function) if function.vararg else _listed(function)
    signature = ", ".join(_parameter(function, name) for name in function.arguments)
    lines = [f"Public Function {function.name}({signature}) As Variant", *body, "End Function", ""]
    return "\n".join(lines)


def _parameter(function: CellFunction, name: str) -> str:
    if name == function.vararg:
        return f"ParamArray {name}() As Variant"
    return f"Optional {name} As Variant" if name in function.defaults else f"{name} As Variant"


def _listed(function: CellFunction) -> list[str]:
    arguments = f"Array({', '.join(function.arguments)})"
    return [f"    {function.name} = {_answer(function, arguments)}"]


def _gathered(function: CellFunction) -> list[str]:
    """Of a function whose last argument stands for any number of them."""
    *single, many = function.arguments
    return [
        "    Dim arguments() As Variant, place As Long",
        f"    ReDim arguments(0 To UBound({many}) + {len(single)})",
        *(f"    Keep arguments({place}), {name}" for place, name in enumerate(single)),
        f"    For place = 0 To UBound({many})",
        f"        Keep arguments(place + {len(single)}), {many}(place)",
        "    Next place",
        f"    {function.name} = {_answer(function, 'arguments')}",
    ]


def _answer(function: CellFunction, arguments: str) -> str:
    return f'Answer("{function.name}", {arguments}, {not function.by_reference})'


def _descriptions(functions: list[CellFunction]) -> str:
    lines = ["Private Sub DescribeFunctions()"]
    for function in functions:
        texts = ", ".join(_text(function.hint(name)) for name in function.arguments)
        lines.append(f'    Describe "{function.name}", {_text(function.summary)}, Array({texts})')
    return "\n".join([*lines, "End Sub", ""])


def _text(text: str) -> str:
    """A text as VBA writes it."""
    return '"' + text.replace('"', '""') + '"'
