"""What is made of the registry: the VBA module, the function wizard's texts, xlwings' own view, the table."""

import json
import re
import subprocess
import sys

import pytest

from tests.addin.in_libreoffice import answers
from xlcicf.addin import preload, udfs, wrappers
from xlcicf.addin.function_calls import CATEGORY, ERROR_TEXTS, FUNCTIONS

MODULE = udfs.wrappers_module()

# The contract: names that books rely on, with what must be given.
CONTRACT = {
    "NN_RELU": ["x"],
    "NN_SIGMOID": ["x"],
    "NN_SOFTMAX": ["scores"],
    "NN_DENSE": ["X", "weight"],
    "NN_PREDICT": ["X", "weights"],
    "NN_LOSS": ["pred", "actual"],
    "NN_ACCURACY": ["pred", "actual"],
    "NN_GRAD": ["X", "y", "weights"],
    "NN_STEP": ["X", "y", "weights", "lr"],
    "NN_TRAIN": ["X", "y", "weights"],
    "NN_CONV2D": ["image", "kernel"],
    "NN_MAXPOOL": ["image"],
    "NN_CONFUSION": ["pred", "actual"],
    "NN_DERIVATIVE": ["objective", "changing"],
    "NN_NUDGE": ["objective", "changing"],
    "NN_PARITY": ["objective"],
    "NN_LASTERROR": [],
}

# Words that VBA keeps for itself, as far as they could be taken for an argument (MS-VBAL 3.3.5.2).
RESERVED = set(
    "any as boolean byref byte byval call case close const currency date debug decimal declare dim do double each"
    " else empty end enum eqv erase error event exit false for friend function get global go goto if imp in input"
    " integer is let like line lock long loop lset me mod new next not nothing null object on open option optional"
    " or paramarray preserve print private property public put raise redim rem resume return rset seek select set"
    " shared single static step stop string sub then to true type typeof until variant wend while with write xor"
    " answer arguments place called trouble".split()
)

each_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)


def test_the_functions_are_those_of_the_contract():
    needed = {n: [a for a in f.arguments if a not in f.defaults] for n, f in FUNCTIONS.items()}
    assert needed == CONTRACT


@each_function
def test_a_function_says_what_it_does_in_words_that_the_wizard_can_show(function):
    assert function.summary.endswith(".")
    texts = [function.summary, *(function.hint(name) for name in function.arguments)]
    assert all(0 < len(text) <= 255 and text.isascii() for text in texts)
    assert all(argument.doc and argument.shape for argument in function.arguments.values())


@each_function
def test_a_function_has_one_wrapper_with_its_arguments(function):
    (signature,) = re.findall(rf"^Public Function {function.name}\((.*)\) As Variant$", MODULE, re.M)
    parameters = [parameter.removesuffix(" As Variant") for parameter in signature.split(", ") if parameter]
    expected = []
    for name in function.arguments:
        before = (
            "Optional " if name in function.defaults else "ParamArray " if name == function.vararg else ""
        )
        expected.append(before + name + ("()" if name == function.vararg else ""))
    assert parameters == expected
    assert MODULE.count(f'Answer("{function.name}", ') == 1


@each_function
def test_a_wrapper_hands_on_ranges_only_to_functions_by_reference(function):
    (by_value,) = re.findall(rf'Answer\("{function.name}", .*, (True|False)\)', MODULE)
    assert (by_value == "False") is function.by_reference


@each_function
def test_a_function_is_described_to_the_wizard(function):
    (line,) = [line for line in MODULE.splitlines() if line.startswith(f'    Describe "{function.name}", ')]
    texts = [text.replace('""', '"') for text in re.findall(r'"((?:[^"]|"")*)"', line)]
    assert texts == [function.name, function.summary, *(function.hint(name) for name in function.arguments)]


@each_function
def test_no_argument_is_a_word_of_vba(function):
    names = [name.lower() for name in function.arguments]
    assert set(names) & RESERVED == set()
    assert len(set(names)) == len(names)  # x and X are one name in VBA


def test_the_module_is_text_that_vba_takes():
    assert MODULE.isascii()
    assert max(len(line) for line in MODULE.splitlines()) <= 1023
    blocks = [line.strip() for line in MODULE.splitlines()]
    for kind in ("Function", "Sub"):
        opened = [line for line in blocks if re.match(rf"(Public|Private) {kind} ", line)]
        assert len(opened) == blocks.count(f"End {kind}")
    assert sum(line.startswith("#If ") for line in blocks) == blocks.count("#End If") == 2


def test_the_module_calls_modules_that_are_there():
    assert wrappers.SERVED == udfs.__name__
    assert wrappers.PRELOAD == preload.__name__
    assert f'Category:="{CATEGORY}"' in MODULE


def test_every_error_text_becomes_an_error_value():
    turned = dict(re.findall(r'Case "(#.*)": code = (xlErr\w+)', MODULE))
    assert set(turned) == {text for _, text in ERROR_TEXTS}
    assert set(turned.values()) == {"xlErrValue", "xlErrNum", "xlErrNA"}


def test_the_table_has_a_row_for_every_function():
    assert [usage.partition("(")[0] for usage, _ in udfs.table()] == list(FUNCTIONS)
    assert {"NN_PREDICT(X, weights, ...)", "NN_NUDGE(objective, changing, [h])"} <= dict(udfs.table()).keys()


def test_the_latest_sentence_is_asked_for_anew_at_each_calculation():
    (body,) = re.findall(r"^Public Function NN_LASTERROR\(\) As Variant\n((?:    .*\n)*)", MODULE, re.M)
    assert FUNCTIONS["NN_LASTERROR"].volatile
    assert body.startswith("    Application.Volatile\n")


# ---- in LibreOffice, which runs VBA but has no Python of ours --------------------------------------------

PROBES = {
    "TypeName(NN_RELU(3))": "Error",
    "TypeName(NN_PREDICT(1, 2, 3))": "Error",
    "NN_LASTERROR()": r"NN_PREDICT could not reach Python \(.+\); run: xlcicf doctor",
    'TypeName(AsCell("#NUM!"))': "Error",
    "trouble": "",  # after an error's text: Python has the latest sentence now
    'AsCell("#SPILL!")': "#SPILL!",
    "TypeName(AsCell(2.5))": "Double",
    'LastLine("Traceback" & vbCrLf & "  File" & vbLf & "ValueError: no" & vbCrLf & " ")': "ValueError: no",
}


@pytest.mark.libreoffice
def test_the_module_runs_and_without_python_each_function_says_so(tmp_path):
    found = answers(MODULE, PROBES)
    for (asked, expected), answer in zip(PROBES.items(), found, strict=True):
        assert re.fullmatch(expected, answer), f"{asked} gives {answer!r}"


# ---- as xlwings sees them --------------------------------------------------------------------------------

# xlwings' decorators do their work on Windows only. Its module that has them imports on any system once the
# names that it takes from pywin32 are there; nothing of pywin32 is called.
ON_WINDOWS = """
import json, sys, types
for name, names in {"pythoncom": ["CoInitialize"], "pywintypes": [], "win32com": [], "win32com.client": ["Dispatch"]}.items():
    sys.modules[name] = types.ModuleType(name)
    for each in names:
        setattr(sys.modules[name], each, None)
import xlwings
from xlwings import udfs as windows
xlwings.func, xlwings.arg, xlwings.ret = windows.xlfunc, windows.xlarg, windows.xlret
from xlcicf.addin import udfs
seen = {name: getattr(f, "__xlfunc__") for name, f in vars(udfs).items() if hasattr(f, "__xlfunc__")}
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def seen_by_xlwings():
    done = subprocess.run([sys.executable, "-c", ON_WINDOWS], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_xlwings_registers_every_function(seen_by_xlwings):
    assert seen_by_xlwings.keys() == FUNCTIONS.keys()


@each_function
def test_xlwings_reads_a_function_as_the_registry_does(function, seen_by_xlwings):
    seen = seen_by_xlwings[function.name]
    assert (seen["name"], seen["category"], seen["volatile"]) == (function.name, CATEGORY, function.volatile)
    assert (seen["sub"], seen["async_mode"], seen["call_in_wizard"]) == (False, None, True)
    assert seen["ret"]["options"] == {"convert": "raw"}
    assert [argument["name"] for argument in seen["args"]] == list(function.arguments)
    for argument in seen["args"]:
        declared = function.arguments[argument["name"]]
        assert argument["options"] == {"convert": "range" if declared.cells else "raw"}
        assert argument["doc"] == function.hint(argument["name"])
        assert argument["vararg"] is (argument["name"] == function.vararg)
        missing = object()
        assert argument.get("optional", missing) == function.defaults.get(argument["name"], missing)


# ---- loading ---------------------------------------------------------------------------------------------


def test_preloading_returns_at_once_and_loads_everything():
    code = (
        "import sys, threading\n"
        "import xlcicf.addin.preload\n"
        "at_once = 'xlcicf.addin.udfs' in sys.modules and hasattr(sys.modules['xlcicf.addin.udfs'], 'NN_RELU')\n"
        "[t.join() for t in threading.enumerate() if t.name == 'xlcicf functions']\n"
        "print(at_once, hasattr(sys.modules['xlcicf.addin.udfs'], 'NN_RELU'), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]
