"""micrograd.xlsx: derivatives by the chain rule, from a sum of two numbers to a net of 337 weights.

Each sheet has one function here, in the order of the book; its texts stand above it.
"""

from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf import words
from xlcicf.formula.address import column_letters
from xlcicf.learn import moons
from xlcicf.lessons import resources
from xlcicf.lessons.recorded_runs import recorded
from xlcicf.lessons.solver_settings import save_problem
from xlcicf.sheet import chart, parity_block, training_log
from xlcicf.sheet.block import Block, Blocks
from xlcicf.sheet.book import book_of
from xlcicf.sheet.exercise import Exercise
from xlcicf.sheet.front import Front
from xlcicf.sheet.loss_chart import LossAxis
from xlcicf.sheet.nodes import Graph, Node, write_graph
from xlcicf.sheet.page import (
    add_page,
    allow,
    between,
    fill,
    fill_down,
    put,
    put_column,
    put_row,
    put_setting,
)
from xlcicf.sheet.style import (
    BIT,
    DOT_TWO,
    FIVE,
    FOUR,
    READ,
    SCIENTIFIC,
    SIX,
    TENTH_PERCENT,
    THREE,
    TRY,
    TWO,
    WHOLE,
    WORKING,
    pale_while_empty,
    tint_when,
    weight_scale,
)
from xlcicf.sheet.training_sheet import add_training_page, losses_of, write_logs


def build() -> Workbook:
    """The workbook at its start weights; formulas without cached values."""
    pages = nodes, one_neuron_chain, two_by_two, the_net, boundary, training, more_weights
    blocks = [
        NET.weights, NET.inputs, NET.target, NET.score, NET.loss, NET.accuracy, *PARITY.blocks(),
        RUNS, WEIGHTS_BEFORE, STEPS,
    ]  # fmt: skip
    return book_of(READ_ME, pages, blocks)


# ---- Read me ---------------------------------------------------------------------------------------------

ABOUT = (
    "If I change this number a little, how much does that one change? The answer is a slope. The chain rule "
    "finds the slopes of a long calculation one step at a time, from the result back to the inputs. This "
    "book shows it with a few numbers first, then with one neuron, then with a net of 337 weights that "
    "learns to tell two moons of points apart."
)
TO_DO = (
    "On Nodes, type 1 over the x of f(x): the slope is 2. Type =2/3: it is 0, the bottom of the curve.",
    "On Nodes, type 8 over the neuron's b: its grads shrink to about a seventh, since tanh is flat there.",
    "On One neuron chain, type 1 over the nudge h: the nudged slopes move away from the exact ones.",
    "On Two by two, type 0 over one of the four weights w: one of the four paths falls silent.",
    "On Boundary, look at the picture before training. Then close the book and run  xlcicf train "
    "micrograd.xlsx  and open it again: the net has found the moons.",
    "Without xlcicf: copy E5:AM21 of the sheet More weights onto E5 of the sheet Moons. (Excel's own Solver "
    "takes 200 changing cells at most; here are 337.)",
)
SHEETS = {
    "Nodes": "expressions taken apart, an operation a line: data going down, grads coming up",
    "One neuron chain": "three neurons in a row, the factors of the chain rule, and a nudge to check them",
    "Two by two": "two neurons that feed two others: slopes add up over the paths",
    "Moons": "the net: 337 weights, 100 points, every neuron's output, the loss",
    "Boundary": "what the net says about every place of the plane, as coloured cells; the points",
    "Training": "settings, the log of runs, the loss at each step",
    "More weights": "weights of a trained net to copy, and the weights after the last run",
}
SOURCE = (
    "The expressions, the neuron and the moons are those of Andrej Karpathy's micrograd (MIT licence) and of "
    "his lecture about it; the chain of neurons follows 3Blue1Brown's chapters on backpropagation. This "
    "workbook was made anew by xlcicf, MIT licence. The points are drawn by scikit-learn's make_moons."
)


WEIGHTS_ARE = "training changes those on Moons, you may change them all; blue is below zero, orange above"


READ_ME = Front(
    title="Backpropagation, a cell at a time",
    note="Everything here is a plain formula: click a cell and see where its number comes from.",
    about=ABOUT,
    to_do=TO_DO,
    sheets=SHEETS,
    source=SOURCE,
    links=resources.of_book("micrograd"),
    roles={"Weight": WEIGHTS_ARE},
    kinds={
        "Nodes": TRY,
        "One neuron chain": TRY,
        "Two by two": TRY,
        "Moons": TRY,
        "Boundary": READ,
        "Training": TRY,
        "More weights": WORKING,
    },  # fmt: skip
)


# ---- Nodes -----------------------------------------------------------------------------------------------


def _inputs(**values: float) -> tuple[Node, ...]:
    return tuple(Node(name, value=value) for name, value in values.items())


def _operations(*lines: tuple) -> tuple[Node, ...]:
    """(name, operation, parents) of each line as nodes."""
    return tuple(Node(*line) for line in lines)


_NEURON = (
    *_inputs(x1=2, x2=0, w1=-3, w2=1, b=6.8813735870195432),
    *_operations(
        ("x1w1", "×", "x1", "w1"), ("x2w2", "×", "x2", "w2"), ("sum", "+", "x1w1", "x2w2"),
        ("n", "+", "sum", "b"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A table of Nodes: its title, what to see in it, its lines, and how many rows it needs at least."""

    title: str
    notes: tuple[str, ...]
    nodes: tuple[Node, ...]
    rows: int = 0


EXAMPLES = {
    "f": Example(
        "f(x) = 3x² − 4x + 5",
        ("The grad of x is the slope of the curve: 14 at 3.", "Type =2/3 for x: there the curve is flat."),
        (
            *_inputs(x=3),
            *_operations(
                ("x²", "^", "x", 2), ("3x²", "×", "x²", 3), ("4x", "×", "x", 4),
                ("3x² − 4x", "−", "3x²", "4x"), ("f", "+", "3x² − 4x", 5),
            ),
        ),
        rows=16,
    ),
    "L": Example(
        "L = (a·b + c)·f",
        (
            "A product passes back to each factor the other factor.",
            "A sum passes its grad on to both unchanged.",
        ),
        (
            *_inputs(a=2, b=-3, c=10, f=-2),
            *_operations(("e", "×", "a", "b"), ("d", "+", "e", "c"), ("L", "×", "d", "f")),
        ),
        rows=9,
    ),
    "neuron": Example(
        "A neuron: tanh(x1·w1 + x2·w2 + b)",
        (
            "x2 is 0, so w2 has no slope: nothing that w2 does can be seen.",
            "Make b 8: tanh is nearly flat there, and every grad above it shrinks.",
        ),
        (*_NEURON, *_operations(("o", "tanh", "n"))),
    ),
    "exp": Example(
        "The same neuron, its tanh taken apart: (e²ⁿ − 1) ÷ (e²ⁿ + 1)",
        ("Smaller steps, the same grads: it does not matter how finely a calculation is cut.",),
        (
            *_NEURON,
            *_operations(
                ("2n", "×", "n", 2), ("e²ⁿ", "exp", "2n"), ("top", "−", "e²ⁿ", 1), ("under", "+", "e²ⁿ", 1),
                ("o", "÷", "top", "under"),
            ),
        ),
    ),
    "twice": Example(
        "b = a + a",
        (
            "a is both parents, so two slopes come back and add up: 2.",
            "Writing the second over the first would leave 1, a famous slip.",
        ),
        (*_inputs(a=3), *_operations(("b", "+", "a", "a"))),
        rows=4,
    ),
    "shared": Example(
        "f = (a·b)·(a + b)",
        ("a and b are used twice each: their grads are sums over both ways.",),
        (
            *_inputs(a=-2, b=3),
            *_operations(("d", "×", "a", "b"), ("e", "+", "a", "b"), ("f", "×", "d", "e")),
        ),
    ),
    "first": Example(
        "micrograd's first test: z = 2x + 2 + x, y = ReLU(z·z) + q + q·x, where q = ReLU(z) + z·x",
        ("y is −20 and its slope 46.", "z is below 0: its ReLU is 0 and passes nothing back."),
        (
            *_inputs(x=-4),
            *_operations(
                ("2x", "×", "x", 2), ("2x + 2", "+", "2x", 2), ("z", "+", "2x + 2", "x"),
                ("ReLU z", "ReLU", "z"), ("zx", "×", "z", "x"), ("q", "+", "ReLU z", "zx"),
                ("zz", "×", "z", "z"), ("h", "ReLU", "zz"),
                ("h + q", "+", "h", "q"), ("qx", "×", "q", "x"), ("y", "+", "h + q", "qx"),
            ),
        ),
    ),
    "readme": Example(
        "micrograd's README, and its second test: a long way from a and b to g",
        (
            "c and d are changed several times in the program; here each version is a node: c1, c2, …",
            "g is 24.7041. Raise a by a little and g grows 138.8338 times as much, b: 645.5773 times.",
        ),
        (
            *_inputs(a=-4, b=2),
            *_operations(
                ("c1", "+", "a", "b"), ("ab", "×", "a", "b"), ("b³", "^", "b", 3), ("d1", "+", "ab", "b³"),
                ("c1 + 1", "+", "c1", 1), ("c2", "+", "c1", "c1 + 1"),
                ("1 + c2", "+", 1, "c2"), ("1 + c2 − a", "−", "1 + c2", "a"), ("c3", "+", "c2", "1 + c2 − a"),
                ("2d1", "×", "d1", 2), ("b + a", "+", "b", "a"), ("r1", "ReLU", "b + a"),
                ("more d", "+", "2d1", "r1"), ("d2", "+", "d1", "more d"),
                ("3d2", "×", 3, "d2"), ("b − a", "−", "b", "a"), ("r2", "ReLU", "b − a"),
                ("yet more d", "+", "3d2", "r2"), ("d3", "+", "d2", "yet more d"),
                ("e", "−", "c3", "d3"), ("f", "^", "e", 2), ("f ÷ 2", "÷", "f", 2), ("10 ÷ f", "÷", 10, "f"),
                ("g", "+", "f ÷ 2", "10 ÷ f"),
            ),
        ),
    ),
}  # fmt: skip
FIRST_TABLE = 5


def _graphs() -> dict[str, Graph]:
    """Each example's table, one below the other."""
    graphs, top = {}, FIRST_TABLE
    for name, example in EXAMPLES.items():
        graphs[name] = Graph("Nodes", top, example.nodes)
        top += max(len(example.nodes), example.rows) + 4
    return graphs


GRAPHS = _graphs()


def nodes(workbook: Workbook) -> None:
    """The expressions as tables of nodes, with what to see in each on the right."""
    ws = add_page(
        workbook,
        "Nodes",
        "Every operation a line: data go down, grads come back up",
        "A grad says by how much the last line's data would grow if this line's grew by 1, at this slope. "
        "It is the sum of what the lines below pass back: their own grad times their slope.",
        widths="A=15 B=10 C:D=12 E=12 F:G=11 H=12 I:J=12 K=25 L=2 M=18 N:P=14",
        print_area=f"A1:R{GRAPHS['readme'].bottom}",
        frozen="B4",
        zoom=90,
    )
    for name, graph in GRAPHS.items():
        put(ws, f"A{graph.top - 1}", EXAMPLES[name].title, "Section")
        write_graph(ws, graph)
        put_column(ws, f"M{graph.top}", EXAMPLES[name].notes, "Page note")
    _write_nudges(ws, GRAPHS["f"])
    _write_a_step(ws, GRAPHS["L"])


NUDGES = 12  # sizes: 0.1, 0.01, ...


def _write_nudges(ws: Worksheet, graph: Graph) -> None:
    """How far the nudged slope of f is from the exact one, for smaller and smaller nudges."""
    top, x = graph.top + 3, graph.data("x")
    put_row(ws, f"M{top}", ["nudge h", "(f(x+h) − f(x))/h", "off by"], "Column header")
    for i in range(NUDGES):
        row = top + 1 + i
        put(ws, f"M{row}", float(f"1e-{i + 1}"), "Data", SCIENTIFIC)
        moved = f"({x}+M{row})"
        # products, not powers: each computer then rounds alike, and the smallest h shows nothing but rounding
        f, g = f"(3*{x}*{x}-4*{x}+5)", f"(3*{moved}*{moved}-4*{moved}+5)"
        put(ws, f"N{row}", f"=({g}-{f})/M{row}", "Formula", "0.00000000")
        put(ws, f"O{row}", f"=ABS(N{row}-{graph.grad('x')})", "Formula", SCIENTIFIC)
    note = "Smaller is better until 1E-8; below that, rounding errors are divided by h."
    put(ws, f"M{top + 1 + NUDGES}", note, "Page note")
    assert top + 1 + NUDGES < GRAPHS["L"].top - 1


STEP = Block("nodes.step", "Nodes", f"N{GRAPHS['L'].top + 3}")


def _write_a_step(ws: Worksheet, graph: Graph) -> None:
    """L after a small step of all inputs along their grads, and its slope by b found by a nudge."""
    top = graph.top + 3
    put(ws, f"M{top}", "step", "Label")
    put_setting(
        ws, STEP.corner, 0.01, "A small number, such as 0.01; below 0 the step goes down.", between(-1, 1)
    )
    a, b, c, f = (f"({graph.data(name)}+{STEP.local}*{graph.grad(name)})" for name in "abcf")
    put(ws, f"M{top + 1}", "L after it", "Label")
    put(ws, f"N{top + 1}", f"=({a}*{b}+{c})*{f}", "Result", SIX)
    put(ws, f"O{top + 1}", "each input + step × its grad: uphill", "Page note")
    a, b, c, f = map(graph.data, "abcf")
    put(ws, f"M{top + 2}", "slope by b, nudged", "Label")
    put(ws, f"N{top + 2}", f"=(({a}*({b}+0.0001)+{c})*{f}-{graph.data('L')})/0.0001", "Formula", SIX)
    put(ws, f"O{top + 2}", "b a little larger, L computed anew", "Page note")


# ---- One neuron chain ------------------------------------------------------------------------------------

CHAIN = "One neuron chain"
LAYERS, TOP_LAYER = 3, 6  # three neurons; sheet row of the first
CHAIN_WEIGHTS = ((1.5, -0.5), (-2, 1.2), (1.8, -0.17))  # w and b of each neuron
CHAIN_POINTS = ((0.8, 1), (0.2, 0), (-0.5, 0), (1.4, 1))  # x and y; the first is the one taken apart
CHAIN_HEADS = (
    "neuron", "a before", "w", "b", "z = w·a before + b", "a = σ(z)", "σ'(z) = a(1 − a)", "∂C/∂a", "∂C/∂z",
    "∂C/∂w", "∂C/∂b", "∂C/∂a before", "∂C/∂w, nudged", "nudged less exact",
)  # fmt: skip
CHAIN_NOTES = (
    "σ(z) = 1/(1 + EXP(−z)) squeezes any number between 0 and 1. The cost is C = (a − y)², a the last "
    "neuron's.",
    "Forward, left to right: each a is the next neuron's “a before”. Backward, from the last neuron up: each "
    "neuron's ∂C/∂a is the next neuron's ∂C/∂a before.",
    "∂C/∂z = ∂C/∂a × σ'(z). Then × a before for w, × 1 for b, × w for the neuron before.",
)
POINTS_TOP = 28


def one_neuron_chain(workbook: Workbook) -> None:
    """Three neurons in a row: forward, the factors of the chain rule, a wiggle, the mean over examples."""
    ws = add_page(
        workbook,
        CHAIN,
        "One neuron a layer: the chain rule, factor by factor",
        "How much does the cost C change with a weight? Multiply the slopes of all that lies between them.",
        widths="A=22 B=11 C:D=9 E=13 F=10 G=12 H:N=11",
        print_area="A1:N43",
        zoom=90,
    )
    for col, (label, value, hint, low) in zip(
        "BDFH",
        (
            ("input x", CHAIN_POINTS[0][0], "A number from -10 to 10.", -10),
            ("wanted y", CHAIN_POINTS[0][1], "From 0 to 1.", 0),
            ("nudge h", 0.0001, "A small number above 0, such as 0.0001.", 1e-8),
            ("wiggle of w", 0.01, "How much the last w is to change.", -10),
        ),
        strict=True,
    ):
        left = column_letters("ABCDEFGH".index(col))
        put(ws, f"{left}3", label, "Label")
        put_setting(ws, f"{col}3", value, hint, between(low, 1 if col in "DF" else 10))
    put_row(ws, f"A{TOP_LAYER - 1}", CHAIN_HEADS, "Column header")
    ws.row_dimensions[TOP_LAYER - 1].height = 28
    for i in range(LAYERS):
        _write_neuron(ws, i)
    last = TOP_LAYER + LAYERS - 1
    put(ws, f"E{last + 1}", "cost C = (a − y)²", "Label")
    put(ws, f"G{last + 1}", f"=(F{last}-$D$3)^2", "Result", FIVE)
    put_column(ws, f"A{last + 3}", CHAIN_NOTES, "Page note")
    _write_factors(ws, last, last + 7)
    _write_examples(ws)
    _write_counts(ws)


def _write_neuron(ws: Worksheet, i: int) -> None:
    row, last = TOP_LAYER + i, i == LAYERS - 1
    put(ws, f"A{row}", f"neuron {i + 1}", "Label")
    put(ws, f"B{row}", f"=F{row - 1}" if i else "=B3", "Formula", FOUR)
    for col, value in zip("CD", CHAIN_WEIGHTS[i], strict=True):
        put(ws, f"{col}{row}", value, "Weight")
        allow(ws, f"{col}{row}", "A number from -20 to 20.", between(-20, 20))
    put(ws, f"E{row}", f"=C{row}*B{row}+D{row}", "Formula", FOUR)
    put(ws, f"F{row}", f"=1/(1+EXP(-E{row}))", "Formula", FIVE)
    put(ws, f"G{row}", f"=F{row}*(1-F{row})", "Formula", FIVE)
    put(ws, f"H{row}", f"=2*(F{row}-$D$3)" if last else f"=L{row + 1}", "Formula", FIVE)
    put(ws, f"I{row}", f"=H{row}*G{row}", "Formula", FIVE)
    put(ws, f"J{row}", f"=I{row}*B{row}", "Result", FIVE)
    put(ws, f"K{row}", f"=I{row}", "Result", FIVE)
    put(ws, f"L{row}", f"=I{row}*C{row}", "Formula", FIVE)
    up, down = (f"({_cost(i, sign + '$F$3')})" for sign in "+-")
    put(ws, f"M{row}", f"=({up}-{down})/(2*$F$3)", "Formula", FIVE)
    put(ws, f"N{row}", f"=M{row}-J{row}", "Formula", SCIENTIFIC)


def _cost(moved: int, by: str) -> str:
    """The cost with the weight of neuron `moved` changed, the neurons after it computed anew."""
    a = f"$B${TOP_LAYER + moved}"
    for i in range(moved, LAYERS):
        w = f"$C${TOP_LAYER + i}"
        weight = f"({w}{by})" if i == moved else w
        a = f"1/(1+EXP(-({weight}*{a}+$D${TOP_LAYER + i})))"
    return f"({a}-$D$3)^2"


def _write_factors(ws: Worksheet, last: int, row: int) -> None:
    """The last neuron's three factors and their product, beside what a wiggle of its weight does."""
    put(ws, f"A{row}", "The last weight's slope, factor by factor", "Section")
    for i, (label, formula, meaning) in enumerate(
        [
            ("∂z/∂w", f"=B{last}", "the a before: the stronger the neuron before fires, the more w matters"),
            ("∂a/∂z", f"=G{last}", "σ'(z): at most 0.25, and small where σ is nearly flat"),
            ("∂C/∂a", f"=H{last}", "2(a − y): the farther off, the steeper"),
            ("∂C/∂w, their product", f"=B{row + 1}*B{row + 2}*B{row + 3}", "the same as in the table above"),
        ],
        row + 1,
    ):
        put(ws, f"A{i}", label, "Label")
        put(ws, f"B{i}", formula, "Result" if "product" in label else "Formula", FIVE)
        put(ws, f"C{i}", meaning, "Page note")
    put(ws, f"A{row + 6}", "If w is wiggled by the number in H3:", "Page note")
    put(ws, f"A{row + 7}", "C should change by", "Label")
    put(ws, f"B{row + 7}", f"=B{row + 4}*$H$3", "Formula", SIX)
    put(ws, f"A{row + 8}", "C does change by", "Label")
    put(ws, f"B{row + 8}", f"={_cost(LAYERS - 1, '+$H$3')}-G{last + 1}", "Formula", SIX)


def _write_examples(ws: Worksheet) -> None:
    """The same chain for several examples at once, and the mean slope: what training follows."""
    put(ws, f"A{POINTS_TOP - 1}", "Several examples: the slopes' mean is what training follows", "Section")
    heads = ["example", "x", "y", "a1", "a2", "a3", "cost", "∂C/∂w3", "∂C/∂w2", "∂C/∂w1"]
    put_row(ws, f"A{POINTS_TOP}", heads, "Column header")
    rows = range(POINTS_TOP + 1, POINTS_TOP + 1 + len(CHAIN_POINTS))
    for row, (x, y) in zip(rows, CHAIN_POINTS, strict=True):
        put(ws, f"A{row}", row - POINTS_TOP, "Label")
        given = ("=$B$3", "=$D$3") if row == rows[0] else (x, y)
        put_row(ws, f"B{row}", given, "Data")
        for i, col in enumerate("DEF"):
            before, at = ("B", "D", "E")[i], TOP_LAYER + i
            put(ws, f"{col}{row}", f"=1/(1+EXP(-($C${at}*{before}{row}+$D${at})))", "Formula", FIVE)
        put(ws, f"G{row}", f"=(F{row}-C{row})^2", "Formula", FIVE)
        at_z = [f"2*(F{row}-C{row})*F{row}*(1-F{row})"]
        at_z.append(f"{at_z[0]}*$C${TOP_LAYER + 2}*E{row}*(1-E{row})")
        at_z.append(f"{at_z[1]}*$C${TOP_LAYER + 1}*D{row}*(1-D{row})")
        for col, slope, before in zip("HIJ", at_z, "EDB", strict=True):
            put(ws, f"{col}{row}", f"={slope}*{before}{row}", "Formula", FIVE)
    put(ws, f"A{rows[-1] + 1}", "mean", "Label")
    for col in "GHIJ":
        put(ws, f"{col}{rows[-1] + 1}", f"=AVERAGE({col}{rows[0]}:{col}{rows[-1]})", "Result", FIVE)


COUNTED = (  # what, the sizes of its layers
    ("digits (3Blue1Brown)", (784, 16, 16, 10)),
    ("two moons (micrograd)", moons.SIZES),
    ("four points (lecture)", (3, 4, 4, 1)),
)


def _write_counts(ws: Worksheet) -> None:
    """How many weights and biases nets of several sizes have."""
    top = POINTS_TOP + 8
    put(
        ws,
        f"A{top}",
        "How many slopes a net needs: a weight for each pair of neighbours, a bias each",
        "Section",
    )
    heads = [
        "inputs",
        "layer 1",
        "layer 2",
        "layer 3",
        "in layer 1",
        "in layer 2",
        "in layer 3",
        "parameters",
    ]
    put_row(ws, f"B{top + 1}", heads, "Column header")
    for row, (label, sizes) in enumerate(COUNTED, top + 2):
        put(ws, f"A{row}", label, "Label")
        for col, size in zip("BCDE", sizes, strict=True):
            put_setting(ws, f"{col}{row}", size, "How many, 1 to 10,000.", between(1, 10_000, whole=True))
        for col, before, here in zip("FGH", "BCD", "CDE", strict=True):
            put(ws, f"{col}{row}", f"=({before}{row}+1)*{here}{row}", "Formula", "#,##0")
        put(ws, f"I{row}", f"=SUM(F{row}:H{row})", "Result", "#,##0")


# ---- Two by two ------------------------------------------------------------------------------------------

PAIR = "Two by two"
PAIR_NOTES = (
    "Each neuron of the first pair feeds both neurons of the second. So a change of its output reaches the "
    "cost on two paths, and its slope is the sum over both.",
    "A weight lies on one path only: its slope is a single product, as in the chain of single neurons.",
)


def two_by_two(workbook: Workbook) -> None:
    """Two neurons that feed two others: forward, backward, the two paths of each as cells, nudges."""
    ws = add_page(
        workbook,
        PAIR,
        "Two neurons feed two: slopes add up over the paths",
        "A column is a neuron. The cost is the sum of both outputs' squared errors.",
        widths="A=26 B:C=13 D=3 E=32 F:H=14",
        print_area="A1:H30",
    )
    put_column(ws, "A3", PAIR_NOTES, "Page note")
    put(ws, "A6", "Forward", "Section")
    put_row(ws, "B7", ["neuron 1", "neuron 2"], "Column header")
    put_row(ws, "E7", ["Backward", "neuron 1", "neuron 2"], "Column header")
    put(ws, "A8", "a, out of the first pair", "Label")
    put_row(ws, "B8", (0.6, 0.9), "Setting")
    for row, label, values in (
        (10, "w from 1", (0.8, -1.1)),
        (11, "w from 2", (0.4, 1.5)),
        (12, "b", (0.1, -0.3)),
    ):
        put(ws, f"A{row}", label, "Label")
        put_row(ws, f"B{row}", values, "Weight")
    put(ws, "A9", "into the second pair", "Page note")
    put(ws, "A15", "wanted y", "Label")
    put_row(ws, "B15", (1, 0), "Setting")
    put(ws, "A17", "cost C, their sum", "Label")
    put(ws, "B17", "=B16+C16", "Result", FIVE)
    put(ws, "A19", "nudge h", "Label")
    put(ws, "B19", 0.0001, "Setting")
    for col in "BC":
        for row in (8, 10, 11, 12):
            allow(ws, f"{col}{row}", "A number from -20 to 20.", between(-20, 20))
        allow(ws, f"{col}15", "From 0 to 1.", between(0, 1))
    allow(ws, "B19", "A small number above 0, such as 0.0001.", between(1e-8, 1))
    _write_pair(ws)
    _write_paths(ws)


def _write_pair(ws: Worksheet) -> None:
    """Each neuron of the second pair, forward and back to its weights."""
    labels = {13: "z = w·a + w·a + b", 14: "a = σ(z)", 16: "its part of the cost, (a − y)²"}
    for row, label in labels.items():
        put(ws, f"A{row}", label, "Label")
    backward = ("∂C/∂a = 2(a − y)", "∂a/∂z = a(1 − a)", "∂C/∂z, their product", "∂C/∂w from 1 = ∂C/∂z × a1",
                "∂C/∂w from 2 = ∂C/∂z × a2", "∂C/∂b = ∂C/∂z")  # fmt: skip
    put_column(ws, "E8", backward, "Label")
    for col, back in zip("BC", "FG", strict=True):
        put(ws, f"{col}13", f"={col}10*$B$8+{col}11*$C$8+{col}12", "Formula", FIVE)
        put(ws, f"{col}14", f"=1/(1+EXP(-{col}13))", "Formula", FIVE)
        put(ws, f"{col}16", f"=({col}14-{col}15)^2", "Formula", FIVE)
        slopes = (f"=2*({col}14-{col}15)", f"={col}14*(1-{col}14)", f"={back}8*{back}9",
                  f"={back}10*$B$8", f"={back}10*$C$8", f"={back}10")  # fmt: skip
        for row, formula in enumerate(slopes, 8):
            put(ws, f"{back}{row}", formula, "Result" if row > 10 else "Formula", FIVE)


def _write_paths(ws: Worksheet) -> None:
    """The two paths from each neuron of the first pair to the cost, their sum, and the same by a nudge."""
    put(ws, "E16", "Back to the first pair: the sum over two paths", "Section")
    put_row(ws, "E17", ["", "to a1", "to a2"], "Column header")
    labels = ("by neuron 1: its ∂C/∂z × w", "by neuron 2: its ∂C/∂z × w", "∂C/∂a, the sum of both paths",
              "nudged: the whole computed anew", "nudged less exact")  # fmt: skip
    put_column(ws, "E18", labels, "Label")
    for col, weights in (("F", 10), ("G", 11)):
        put(ws, f"{col}18", f"=F$10*B${weights}", "Formula", FIVE)
        put(ws, f"{col}19", f"=G$10*C${weights}", "Formula", FIVE)
        put(ws, f"{col}20", f"={col}18+{col}19", "Result", FIVE)
        up, down = (
            "+".join(f"(1/(1+EXP(-({n}13{sign}$B$19*{n}{weights})))-{n}15)^2" for n in ("$B$", "$C$"))
            for sign in "+-"
        )
        put(ws, f"{col}21", f"=({up}-({down}))/(2*$B$19)", "Formula", FIVE)
        put(ws, f"{col}22", f"={col}21-{col}20", "Formula", SCIENTIFIC)


# ---- Moons -----------------------------------------------------------------------------------------------

FIRST, POINTS = 24, 100
GRID_COLS, GRID_ROWS = 21, 15
GRID_FIRST = FIRST + POINTS + 4
LAYER_CORNERS = ("E", "V", "AM")


def _layers(name: str, sheet: str, top: int) -> Blocks:
    """Three layers of weights from sheet row `top` down: a unit a column, its bias in the last row."""
    sizes = zip(moons.SIZES, moons.SIZES[1:], strict=False)
    parts = (
        Block(f"{name}.{corner}", sheet, f"{corner}{top}", inputs + 1, units)
        for corner, (inputs, units) in zip(LAYER_CORNERS, sizes, strict=True)
    )
    return Blocks(name, tuple(parts))


class Net:
    """Where the net lies on Moons: weights on top, a point a row, each unit's output under its weights."""

    weights = _layers(words.WEIGHTS, "Moons", 5)
    inputs = Block("net.inputs", "Moons", f"B{FIRST}", POINTS, 2)
    target = Block("net.target", "Moons", f"D{FIRST}", POINTS)
    score = Block(words.NET_PREDICTION, "Moons", f"AM{FIRST}", POINTS)
    row_loss = Block("net.row_loss", "Moons", f"AN{FIRST}", POINTS)
    right = Block("net.right", "Moons", f"AO{FIRST}", POINTS)
    margin_loss = Block("net.margin_loss", "Moons", "C6")
    alpha = Block("net.alpha", "Moons", "C7")
    penalty = Block("net.penalty", "Moons", "C8")
    loss = Block(words.NET_LOSS, "Moons", "C9")
    accuracy = Block(words.NET_ACCURACY, "Moons", "C10")


NET = Net()
WEIGHTS_AFTER = _layers(words.PARITY_WEIGHTS, "More weights", 29)
PARITY = parity_block.ParityBlock(
    loss=Block(words.PARITY_LOSS, "Moons", "C13"),
    prediction=Block(words.PARITY_PREDICTION, "Moons", "C14"),
    status=Block(words.PARITY_STATUS, "Moons", "A15"),
    weights=WEIGHTS_AFTER,
    settings=Block(words.PARITY_SETTINGS, "Training", "D18"),
    settings_now=Block(words.NET_SETTINGS, "Training", "D19"),
    settings_changed="the penalty's strength was changed since",
)
NET_NOTES = (
    "A unit's weights stand on top, its output below them, a point a row: follow a column down.",
    "h: =MAX(0, x1·w + x2·w + bias). The biases start at 0.",
    "k: =MAX(0, SUM(MMULT(the 16 h, its 16 weights), bias)). A row times a column: one number.",
    "score: the same once more, without MAX. Above 0 means the lower moon, label 1; below 0 the upper.",
    "margin loss: MAX(0, 1 − label × score). A point costs nothing once its score is beyond 1 on its side.",
    "The loss adds a penalty on large weights, so that the boundary stays simple.",
)


def the_net(workbook: Workbook) -> None:
    """Score and weights on top; below, each unit's output for every point and every place of the map."""
    ws = add_page(
        workbook,
        "Moons",
        "Two moons and a net of 337 weights",
        "2 inputs, 16 units h, 16 units k, one score. Training changes the orange cells and nothing else.",
        widths="A=9 B:C=9.5 D=7 E:T=7 U=5 V:AK=7 AL=5 AM=9 AN=9 AO=7",
        print_area=f"A1:AO{FIRST + POINTS - 1}",
        frozen=f"E{FIRST}",
        zoom=80,
    )
    _write_layers(ws, NET.weights, moons.weights("start"))
    put_column(ws, "E10", NET_NOTES, "Page note")
    _write_score(ws)
    heads = ["No.", "x1", "x2", "label", *_units("h")]
    put_row(ws, f"A{FIRST - 1}", heads, "Column header")
    put_row(ws, f"V{FIRST - 1}", _units("k"), "Column header")
    put_row(ws, f"AM{FIRST - 1}", ["score", "margin loss", "right"], "Column header")
    X, y = moons.points()
    for row, (number, point, label) in enumerate(zip(range(1, POINTS + 1), X, y, strict=True), FIRST):
        put(ws, f"A{row}", number, "Data", WHOLE, "center")
        put_row(ws, f"B{row}", map(float, point), "Data", THREE)
        put(ws, f"D{row}", int(label), "Data", WHOLE, "center")
    _write_forward(ws, FIRST, POINTS)
    fill_down(ws, NET.row_loss, "=MAX(0,1-D{row}*AM{row})", "Formula", DOT_TWO)
    fill_down(ws, NET.right, "=IF(D{row}*AM{row}>0,1,0)", "Formula", *BIT)
    _write_grid(ws)
    save_problem(ws, NET.loss, NET.weights)


def _units(letter: str) -> list[str]:
    return [f"{letter}{unit}" for unit in range(1, 17)]


def _write_layers(ws: Worksheet, layers: Blocks, values) -> None:
    """The three layers' weights (inputs + 1, units) under their units' names."""
    top = layers.parts[0].area.top
    titles = ("Layer 1: from x1, x2 to h", "Layer 2: from h to k", "Layer 3: k to score")
    for block, title, units in zip(layers.parts, titles, (_units("h"), _units("k"), ["score"]), strict=True):
        put(ws, f"{block.letters}{top - 2}", title, "Section")
        put_row(ws, f"{block.letters}{top - 1}", units, "Column header")
    for block, rows in zip(layers.parts, values, strict=True):
        fill(ws, block, [[None if w is None else float(w) for w in row] for row in rows], "Weight", TWO)
        weight_scale(ws, block.local)
    for letters, sources in (("D", ["x1", "x2"]), ("U", _units("h")), ("AL", _units("k"))):
        put_column(ws, f"{letters}{top}", [*sources, "bias"], "Page note", None, "right")


def _write_score(ws: Worksheet) -> None:
    """Loss, penalty, accuracy; what torch found; what is dead."""
    weights = "+".join(f"SUMPRODUCT({part.local},{part.local})" for part in NET.weights.parts)
    count = "+".join(f"COUNT({part.local})" for part in NET.weights.parts)
    put(ws, "A4", "Score", "Section")
    for row, label, value, style, *look in (
        (5, "weights", f"={count}", "Formula", WHOLE),
        (6, "margin loss, mean", f"=AVERAGE({NET.row_loss.local})", "Formula", FIVE),
        (7, "penalty's strength", 0.0001, "Setting", "General"),
        (8, "penalty", f"={NET.alpha.local}*({weights})", "Formula", FIVE),
        (9, "loss, their sum", f"={NET.margin_loss.local}+{NET.penalty.local}", "Result", FIVE),
        (10, "accuracy", f"=AVERAGE({NET.right.local})", "Result", TENTH_PERCENT),
        (13, "loss by torch", None, "Data", FIVE),
        (14, "largest difference", None, "Data", SCIENTIFIC),
    ):
        put(ws, f"A{row}", label, "Label")
        put(ws, f"C{row}", value, style, *look)
    allow(ws, NET.alpha.corner, "From 0 to 1; micrograd takes 0.0001.", between(0, 1))
    put(ws, "A12", "Formulas against torch", "Section")
    parity_block.write_status(ws, NET, PARITY)
    ws.merge_cells("A15:D16")


def _write_forward(ws: Worksheet, first: int, rows: int) -> None:
    """Every unit's output and the score on so many rows; x1 and x2 stand in B and C."""
    hidden = "=MAX(0,$B{{row}}*{c}$5+$C{{row}}*{c}$6+{c}$7)"
    second = "=MAX(0,SUM(MMULT($E{{row}}:$T{{row}},{c}$5:{c}$20),{c}$21))"
    score = "=SUM(MMULT($V{{row}}:$AK{{row}},{c}$5:{c}$20),{c}$21)"
    for part, formula in zip(NET.weights.parts, (hidden, second, score), strict=True):
        look = "Result" if part.cols == 1 else "Formula"
        for j in range(part.cols):
            c = part.col(j).letters
            column = Block(c, "Moons", f"{c}{first}", rows)
            fill_down(ws, column, formula.format(c=c), look, DOT_TWO)


def _write_grid(ws: Worksheet) -> None:
    """The net once more for the places of the map on Boundary, a place a row."""
    put(ws, f"A{GRID_FIRST - 2}", "The same net on a grid of places, for the picture on Boundary", "Section")
    put_row(ws, f"A{GRID_FIRST - 1}", ["place", "x1", "x2"], "Column header")
    for i in range(GRID_ROWS):
        for j in range(GRID_COLS):
            row = GRID_FIRST + GRID_COLS * i + j
            across, up = MAP.cell(GRID_ROWS - 1, j), MAP.cell(i, 0)
            put(ws, f"A{row}", row - GRID_FIRST + 1, "Data", WHOLE, "center")
            put(ws, f"B{row}", f"=Boundary!{across.letters}${MAP.area.bottom + 1}", "Formula", TWO)
            put(ws, f"C{row}", f"=Boundary!$B${up.area.top}", "Formula", TWO)
    _write_forward(ws, GRID_FIRST, GRID_COLS * GRID_ROWS)


# ---- Boundary --------------------------------------------------------------------------------------------

MAP = Block("boundary.map", "Boundary", "C5", GRID_ROWS, GRID_COLS)
LEFT, TOP, WIDTH = (Block(f"boundary.{name}", "Boundary", f"AA{row}") for name, row in
                    (("left", 5), ("top", 6), ("step", 7)))  # fmt: skip
WHERE = Block("boundary.points", "Boundary", f"C{MAP.area.bottom + 5}", GRID_ROWS, GRID_COLS)


def boundary(workbook: Workbook) -> None:
    """The plane as cells coloured by the score there; where the points lie; the points as a chart."""
    ws = add_page(
        workbook,
        "Boundary",
        "What the net says, place by place",
        "Each cell is a place of the plane; click one to read the score there. Orange: lower moon. Blue: "
        "upper moon. White: undecided. Full colour from a score of 1 on.",
        widths="A=4 B=6 C:W=4.4 X=2 Y=22 Z=2 AA=11 AB:AG=9",
        print_area=f"A1:AG{WHERE.area.bottom + 1}",
        zoom=90,
    )
    for block in (MAP, WHERE):
        _write_axes(ws, block)
        for i in range(GRID_ROWS):
            ws.row_dimensions[block.area.top + i].height = 22
    for i in range(GRID_ROWS):
        for j in range(GRID_COLS):
            score = f"=Moons!AM{GRID_FIRST + GRID_COLS * i + j}"
            put(ws, MAP.cell(i, j).corner, score, "Formula", ";;;")
            put(ws, WHERE.cell(i, j).corner, _points_here(i, j), "Formula", '0;-0;""', "center")
    put(
        ws,
        f"B{WHERE.area.top - 2}",
        "The points in each place: orange the lower moon, blue the upper",
        "Section",
    )
    for block in (MAP, WHERE):
        weight_scale(ws, block.local)
    _write_view(ws)
    _write_scatter(ws)


def _write_axes(ws: Worksheet, block: Block) -> None:
    """x2 of each row on the left, x1 of each column below."""
    put(ws, f"B{block.area.top - 1}", "x2", "Page note", None, "right")
    put(ws, f"B{block.area.bottom + 1}", "x1", "Page note", None, "right")
    for i in range(GRID_ROWS):
        put(ws, f"B{block.area.top + i}", f"={TOP.local}-{i}*{WIDTH.local}", "Page note", TWO, "right")
    for j in range(GRID_COLS):
        at = f"{block.col(j).letters}{block.area.bottom + 1}"
        put(ws, at, f"={LEFT.local}+{j}*{WIDTH.local}", "Page note", "0.0#", "center")
        ws[at].alignment = Alignment(horizontal="center", vertical="center", shrink_to_fit=True)


def _points_here(i: int, j: int) -> str:
    """How many points lie nearest to a place: those of the lower moon less those of the upper."""
    x1, x2 = f"{WHERE.col(j).letters}${WHERE.area.bottom + 1}", f"$B{WHERE.area.top + i}"
    across, up = NET.inputs.col(0).ref, NET.inputs.col(1).ref
    half = f"{WIDTH.local}/2"
    inside = f"(ABS({across}-{x1})<={half})*(ABS({up}-{x2})<={half})"
    return f"=SUMPRODUCT({inside}*{NET.target.ref})"


def _write_view(ws: Worksheet) -> None:
    """Which part of the plane is shown; the score of the net; what the picture says in words."""
    put(ws, "Y4", "The part of the plane", "Section")
    for block, label, value, hint, low in (
        (LEFT, "x1 at the left edge", -2, "From -100 to 100; the points lie from -1 to 2.2.", -100),
        (TOP, "x2 at the top", 2, "From -100 to 100; the points lie from -0.6 to 1.2.", -100),
        (WIDTH, "from cell to cell", 0.25, "Above 0, such as 0.25.", 0.001),
    ):
        put(ws, f"Y{block.area.top}", label, "Label")
        put_setting(ws, block.corner, value, hint, between(low, 100))
    put(ws, "Y9", "The net now", "Section")
    for row, label, formula, number_format in (
        (10, "loss", f"={NET.loss.ref}", FIVE),
        (11, "accuracy", f"={NET.accuracy.ref}", TENTH_PERCENT),
    ):
        put(ws, f"Y{row}", label, "Label")
        put(ws, f"AA{row}", formula, "Result", number_format)
    put(ws, "Y13", f'=IF(AA11>=0.97,"{FOUND}","{NOT_FOUND}")', "Status")
    ws.merge_cells("Y13:AA14")
    tint_when(ws, "$Y$13", "$AA$11>=0.97", good=True)


FOUND, NOT_FOUND = "the net has found the moons", "the net has not found the moons yet: train it"


def _write_scatter(ws: Worksheet) -> None:
    halves = [Block("half", "Moons", f"B{FIRST + start}", POINTS // 2, 2) for start in (POINTS // 2, 0)]
    chart.curves_chart(
        ws,
        "Y16",
        (560, 400),
        "The points",
        "Dots: the 100 points of the sheet Moons, the upper moon in blue and the lower moon in orange.",
        [
            chart.Curve(name, half.col(0), half.col(1), dots=True)
            for name, half in zip(("upper moon", "lower moon"), halves, strict=True)
        ],
        axes=("x1", "x2"),
    )


# ---- Training --------------------------------------------------------------------------------------------

LOG_TOP = 23
KEPT_RUNS = 20
RUNS = Block(words.RUNS_LOG, "Training", f"A{LOG_TOP}", KEPT_RUNS + 1, len(training_log.LOG))
STEPS = Block(words.STEPS_LOG, "Training", f"Q{LOG_TOP}", training_log.STEPS + 1, len(training_log.STEP_LOG))
WEIGHTS_BEFORE = Block(words.RUNS_WEIGHTS, "Training", f"T{LOG_TOP + 1}", KEPT_RUNS, 337)
HOW_TO_TRAIN = (
    "Close this book, then run  xlcicf train micrograd.xlsx  and open it again.",
    "Back: xlcicf undo micrograd.xlsx. With the add-in: Train and Undo on the ribbon.",
    "As shipped: 100 steps of gradient descent over all points, learning rate 1.",
)
DEMO = (
    (0, 0.8958, 0.50),
    (1, 1.7236, 0.81),
    (9, 0.2705, 0.91),
    (22, 0.1173, 0.97),
    (40, 0.0602, 1),
    (99, 0.0110, 1),
)


def training(workbook: Workbook) -> None:
    """Settings, the loss's chart, the logs; beside them micrograd's own run."""
    shipped = {words.OPTIMIZER.cell: "sgd", words.STEPS.cell: 100, words.LR.cell: 1, words.INIT.cell: 1}
    widths = "A=16 B=16 C:L=11 M:O=12 P=2 Q:R=9 S=2 T:ALR=8"
    ws = add_training_page(workbook, "Moons", widths, RUNS.area.bottom, shipped, HOW_TO_TRAIN)
    put(ws, "A17", "What the last run's loss depended on", "Section")
    put(ws, "A18", "penalty's strength then", "Label")
    put(ws, "A19", "penalty's strength now", "Label")
    put(ws, PARITY.settings.corner, None, "Formula")
    millionths = f"ROUND(1000000*{NET.alpha.ref},0)"  # whole: a decimal point is another language's comma
    now = f'=INT({millionths}/1000000)&"."&TEXT(MOD({millionths},1000000),"000000")'
    put(ws, PARITY.settings_now.corner, now, "Formula")
    _write_demo(ws)
    losses = losses_of(STEPS, WEIGHTS_BEFORE, recorded("micrograd"), "micrograd.xlsx")
    axis = LossAxis(0.01, has_powers_of_ten=True)
    write_logs(ws, RUNS, WEIGHTS_BEFORE, losses, _weight_names(), axis, ("L4", (465, 300)))


def _write_demo(ws: Worksheet) -> None:
    """The milestones of micrograd's own run from the same weights, with a learning rate that falls."""
    put(ws, "G12", "micrograd's own run from here", "Section")
    put_row(ws, "G13", ["step", "loss", "accuracy"], "Column header")
    for row, (step, loss, accuracy) in enumerate(DEMO, 14):
        put(ws, f"G{row}", step, "Data", WHOLE, "center")
        put(ws, f"H{row}", loss, "Data", FOUR)
        put(ws, f"I{row}", accuracy, "Data", "0%")


def _weight_names() -> list[str]:
    """What each of the 337 weights joins, in the order in which training has them."""
    sources = (["x1", "x2"], _units("h"), _units("k"))
    units = (_units("h"), _units("k"), ["score"])
    return [
        f"{source} to {unit}"
        for before, here in zip(sources, units, strict=True)
        for source in (*before, "bias")
        for unit in here
    ]


# ---- More weights ----------------------------------------------------------------------------------------


def more_weights(workbook: Workbook) -> None:
    """A trained net's weights to copy onto Moons, and where a run writes its own."""
    ws = add_page(
        workbook,
        "More weights",
        "More weights for Moons: a trained set, and what the last run left",
        "This sheet works for Moons. Copy E5:AM21, trained by micrograd's own 100 steps, onto E5 there, and "
        "look at Boundary. With the lower set Moons' weights are compared, and A15 there says the outcome.",
        widths="A:D=5 E:T=7 U=5 V:AK=7 AL=5 AM:AO=9",
        print_area="A1:AO45",
        zoom=80,
    )
    empty = [[[None] * part.cols] * part.rows for part in WEIGHTS_AFTER.parts]
    trained = _layers("trained", "More weights", 5)
    put(ws, "A4", "trained", "Section")
    _write_layers(ws, trained, moons.weights("trained"))
    put(ws, "A28", "last run", "Section")
    is_empty = f"COUNT({WEIGHTS_AFTER.parts[0].local})=0"
    put(ws, "E33", f'=IF({is_empty},"empty until a run of xlcicf writes here what it left","")', "Page note")
    for part in WEIGHTS_AFTER.parts:
        pale_while_empty(ws, part.free_local)
    _write_layers(ws, WEIGHTS_AFTER, empty)


# ---- exercises -------------------------------------------------------------------------------------------


def _on_chain(letter: str) -> Block:
    """A column of the table of the three neurons."""
    return Block(f"chain.{letter}", CHAIN, f"{letter}{TOP_LAYER}", LAYERS)


def _on_pair(corner: str, rows: int = 1, cols: int = 1) -> Block:
    return Block(f"pair.{corner}", PAIR, corner, rows, cols)


_L = GRAPHS["L"]
_PLACES = Block("net.score_map", "Moons", f"AM{GRID_FIRST}", GRID_COLS * GRID_ROWS)
W_SLOPES, PATHS = _on_pair("F11", 2, 2), _on_pair("F18", 3, 2)


def _grads_off() -> str:
    """How far the grads of L = (a·b + c)·f are from what calculus says of the whole expression."""
    a, b, c, f = (f"Nodes!{_L.data(name)}" for name in "abcf")
    expected = {"a": f"{b}*{f}", "b": f"{a}*{f}", "c": f, "f": f"({a}*{b}+{c})", "e": f, "d": f}
    return "+".join(f"ABS(Nodes!{_L.grad(name)}-{slope})" for name, slope in expected.items())


def _chain_off() -> str:
    """How far ∂C/∂w is from the same in the table of examples, and ∂C/∂a before × a before from ∂C/∂w × w."""
    by_w = _on_chain("J")
    examples = (Block("", CHAIN, f"{letter}{POINTS_TOP + 1}").ref for letter in "JIH")  # of w1, w2, w3
    same = "+".join(f"ABS({by_w.cell(i, 0).ref}-{slope})" for i, slope in enumerate(examples))
    a, w, by_a = (_on_chain(letter).ref for letter in "BCL")
    return f"{same}+SUMPRODUCT(ABS({by_a}*{a}-{by_w.ref}*{w}))"


def _pair_off() -> str:
    """How far a neuron's weights times their slopes are from ∂C/∂z × (z − b), and its slopes from a1 : a2."""
    a1, a2 = (_on_pair(f"{letter}8").ref for letter in "BC")
    terms = []
    for neuron, back in zip("BC", "FG", strict=True):
        w, slopes = _on_pair(f"{neuron}10", 2).ref, _on_pair(f"{back}11", 2)
        by_z, z, b = (_on_pair(cell).ref for cell in (f"{back}10", f"{neuron}13", f"{neuron}12"))
        terms.append(f"ABS(SUMPRODUCT({w}*{slopes.ref})-{by_z}*({z}-{b}))")
        terms.append(f"ABS({slopes.cell(0, 0).ref}*{a2}-{slopes.cell(1, 0).ref}*{a1})")
    return "+".join(terms)


def _paths_off() -> str:
    """How far each path × a is from the weight × its slope, and each sum from its two paths."""
    terms = []
    for i, (neuron, back) in enumerate(zip("BC", "FG", strict=True)):
        for j, a in enumerate("BC"):
            path, w, slope = (
                at.ref
                for at in (PATHS.cell(i, j), _on_pair(f"{neuron}{10 + j}"), _on_pair(f"{back}{11 + j}"))
            )
            terms.append(f"ABS({path}*{_on_pair(f'{a}8').ref}-{w}*{slope})")
    sums = [f"ABS({PATHS.cell(2, j).ref}-SUM({PATHS.col(j).ref})/2)" for j in range(2)]
    return "+".join(terms + sums)


def _scores_off(scores: Block) -> str:
    """How far scores are from the bias and the sixteen products, taken away one by one."""
    weights = NET.weights.parts[2]
    rows = [
        Block("", "Moons", f"{column_letters(22 + k)}{scores.area.top}", scores.rows).ref for k in range(16)
    ]
    products = "-".join(f"{row}*{weights.cell(k, 0).ref}" for k, row in enumerate(rows))
    return f"SUMPRODUCT(ABS({scores.ref}-{weights.cell(16, 0).ref}-{products}))"


_MARGIN = f"(1-{NET.target.ref}*{NET.score.ref})"

EXERCISES = (
    Exercise(
        "Grads",
        (Block("nodes.grads", "Nodes", f"H{_L.top + 1}", len(_L.nodes) - 1),),
        f"H{_L.top + 1}, the grad of a in L = (a·b + c)·f: what the lines below pass back to a as their "
        f"parent (columns I and J), together. The same for b, c, f, e and d, down to row {_L.bottom - 1}. "
        "The last line's grad is 1.",
        "Calculus says of the whole expression: b·f for a, a·f for b, f for c, d and e, and a·b + c for f.",
        f"={_grads_off()}",
    ),
    Exercise(
        "Slope of σ",
        (_on_chain("G"),),
        "G6: how steep σ is at this neuron's z, from its a in F6: a × (1 − a). Fill it down to G8.",
        "An a less its slope is a².",
        f"=SUMPRODUCT(ABS({_on_chain('F').ref}-{_on_chain('G').ref}-{_on_chain('F').ref}^2))",
    ),
    Exercise(
        "Chain rule",
        (_on_chain("J"), _on_chain("L")),
        "J6: the slope of the cost by w: ∂C/∂z (column I) times what w is multiplied by. L6: by the a "
        "before: ∂C/∂z times what that is multiplied by. Fill both down to row 8.",
        "The table of examples finds the same slopes by w in one go, in row 29; and ∂C/∂a before times a "
        "before is ∂C/∂w times w.",
        f"={_chain_off()}",
        after="Slope of σ",
    ),
    Exercise(
        "Slopes by w",
        (W_SLOPES,),
        "F11: neuron 1's ∂C/∂z (F10) times what its weight “from 1” is multiplied by, in B8. F12: the same "
        "for “from 2”. G11 and G12: for neuron 2.",
        "A neuron's weights times their slopes are ∂C/∂z times (z − b); and its two slopes are in the ratio "
        "of a1 and a2.",
        f"={_pair_off()}",
    ),
    Exercise(
        "Two paths",
        (PATHS,),
        "F18: the path from the cost through neuron 1 to a1: neuron 1's ∂C/∂z (F10) times its weight from 1. "
        "F19: the path through neuron 2. F20: both together. Column G: the same for a2.",
        "A path times its a is its weight times the weight's slope; and each sum is half of its column.",
        f"={_paths_off()}",
        after="Slopes by w",
    ),
    Exercise(
        "Score",
        (NET.score, _PLACES),
        f"AM{FIRST}: the 16 outputs k of this row (V to AK) times the 16 weights in AM5 to AM20, added up, "
        f"plus the bias in AM21. MMULT makes a row times a column one number. Fill it down to row "
        f"{NET.score.area.bottom}; copy it into rows {_PLACES.area.top} to {_PLACES.area.bottom}, the places "
        "of the map.",
        "Of a score nothing is left when the bias and the sixteen products are taken away one by one.",
        f"={_scores_off(NET.score)}+{_scores_off(_PLACES)}",
    ),
    Exercise(
        "Margin loss",
        (NET.row_loss,),
        f"AN{FIRST}: 1 less label × score where that is above 0, else 0: nothing once the score is beyond 1 "
        f"on its side. Fill it down to row {NET.row_loss.area.bottom}.",
        "Twice the loss less (1 − label × score) is the latter without its sign.",
        f"=SUMPRODUCT(ABS(2*{NET.row_loss.ref}-{_MARGIN}-ABS({_MARGIN})))",
        after="Score",
    ),
)
