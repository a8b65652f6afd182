"""The command line: each verb with --json for machines. Heavy imports wait until a verb needs them."""

import argparse
import gc
import io
import json
import math
import os
import shlex
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import xlcicf
from xlcicf.errors import XlcicfError
from xlcicf.words import SETTINGS

DONE, NAMED_PROBLEM, WRONG_USAGE = 0, 1, 2

Facts = dict[str, object]


def main(argv: list[str] | None = None) -> int:
    """Runs one command: 0 done, 1 a named problem with the input; argparse exits with 2 by itself."""
    _prepare_streams()
    parser = _parser()
    if not (sys.argv[1:] if argv is None else argv):
        parser.print_help(sys.stderr)
        return WRONG_USAGE
    args = parser.parse_args(argv)
    args.is_alone = argv is None  # the process is this command's own
    if args.is_alone:
        gc.set_threshold(50_000, 20, 20)  # what is loaded at first stays: hardly any of it is garbage
    if args.verb in _OPENING:
        _load_xlwings(args)
    try:
        facts, lines, code = args.verb(args)
    except XlcicfError as error:
        return _named_problem(args, str(error), error.status)
    except KeyboardInterrupt:
        return _named_problem(args, "stopped with Ctrl-C; what was not saved yet is as it was")
    except MemoryError:
        return _named_problem(args, _NO_MEMORY)
    except RuntimeError as error:
        if "allocate memory" not in str(error):  # which torch says in its own way
            raise
        return _named_problem(args, _NO_MEMORY)
    except OSError as error:  # of the system's own making: no folder for temporary files, say
        return _named_problem(args, f"the system refuses ({error}); check the disk and its permissions")
    _say(json.dumps(_jsonable(facts)) if args.json else "\n".join(lines))
    return code


_NO_MEMORY = "this machine's memory does not suffice; try fewer restarts or a smaller book"


def _load_xlwings(args: argparse.Namespace) -> None:
    """Without pandas, where nobody else uses it in this process: that takes half the time."""
    if args.is_alone:
        from xlcicf.host.bare_xlwings import import_bare

        import_bare()


def _prepare_streams() -> None:
    """Makes printing safe everywhere: a process without a console has no streams, and a console may lack the
    letters of a sheet's name, which it then shows as \\u65e5."""
    sys.stdout = sys.stdout or open(os.devnull, "w")
    sys.stderr = sys.stderr or open(os.devnull, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _say(text: str) -> None:
    """Prints. The work is done by then: a reader that has gone (`| head`) is no error."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # or Python complains once more at exit


@contextmanager
def _bar(args: argparse.Namespace, doing: str) -> Iterator[Callable[..., None]]:
    """A bar on the terminal that says what is being done, and nothing where there is none or a machine reads.

    Gives `show(doing, share)`: what is done now, in words up to the first comma, and how far it is, 0 to 1.
    """
    if args.json or not sys.stderr.isatty():
        yield lambda doing, share=0.0: None
        return
    from tqdm import tqdm

    with tqdm(desc=doing, total=1.0, miniters=0, leave=False, bar_format=_BAR) as bar:

        def show(doing: str, share: float = 0.0) -> None:
            is_new = doing.partition(",")[0] != bar.desc.partition(",")[0]
            bar.n = share
            bar.set_description_str(doing, refresh=is_new)
            bar.update(0)

        yield show


_BAR = "{desc} |{bar:30}| {elapsed}"


def _named_problem(args: argparse.Namespace, sentence: str, status: str | None = None) -> int:
    if args.json:
        _say(json.dumps({"error": sentence} | ({"status": status} if status else {})))
    print(f"xlcicf: {sentence}", file=sys.stderr)
    return NAMED_PROBLEM


def _jsonable(value):
    """JSON has no nan and no infinity: null stands for them."""
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


# --- arguments ------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlcicf",
        description="Your spreadsheet, differentiable: exact gradients through its own formulas.",
    )
    parser.add_argument("--version", action="version", version=f"xlcicf {xlcicf.__version__}")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def verb(name: str, function: Callable, help: str, *parents: argparse.ArgumentParser, also=()):
        parents, form = (*parents, common), _Help
        added = verbs.add_parser(
            name, aliases=also, help=help, description=help, parents=parents, formatter_class=form
        )
        added.set_defaults(verb=function, wrong_usage=added.error)
        return added

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    book, target, training = _book_argument(), _target_options(), _training_options()
    solved = argparse.ArgumentParser(add_help=False, parents=[book])
    solved.add_argument(
        "--recalculate",
        action="store_true",
        help="compute every formula here, whatever was saved in its cell",
    )

    demo = verb("demo", _demo, "build the Titanic book, train it without Excel, and report")
    demo.add_argument("--out", default=".", metavar="DIR", help="folder for titanic.xlsx (default: here)")
    verb("lessons", _lessons, "list the lesson books")
    build = verb("build", _build, "build lesson books")
    build.add_argument("names", nargs="*", metavar="NAME", help="lessons to build")
    build.add_argument("--all", action="store_true", help="all of them")
    copies = build.add_mutually_exclusive_group()
    copies.add_argument("--blank", action="store_true", help="exercise copies: formulas are yours to write")
    copies.add_argument("--answers", action="store_true", help="copies for teachers: exercises with answers")
    build.add_argument("--out", default=".", metavar="DIR", help="folder for the books (default: here)")
    in_place_of_solver = "train a book's changing cells in place of Solver"
    train = verb("train", _train, in_place_of_solver, solved, target, training, also=["solve"])
    train.add_argument("--out", metavar="FILE", help="write here and leave BOOK as it is")
    train.add_argument(
        "--report",
        nargs="?",
        const="",
        type=_folder,
        metavar="FOLDER",
        help="print the reports: answer, sensitivity, limits, fit; with FOLDER, write them there as report.md"
        " with pictures (put this behind BOOK)",
    )
    train.add_argument(
        "--report-sheet", action="store_true", help="add the reports to the book, as the sheet Report"
    )
    verb("undo", _undo, "take back what the last run wrote into a book", book)
    verb("redo", _redo, "bring back the last run undone", book)
    grad = verb("grad", _grad, "the exact derivative of the objective by each changing cell", solved, target)
    grad.add_argument("--check", action="store_true", help="beside central differences through recalculation")
    verb("check", _check, "do formulas and torch agree; what cannot be differentiated", book, target)
    bench = verb("bench", _bench, "exact gradients beside Solver stand-ins on the same book", solved, target)
    bench.add_argument(
        "--seconds", type=_seconds, default=20.0, metavar="S", help="time for each contender (default: 20)"
    )
    card = verb("card", _card, "write the model card of a trained book, as Markdown for Hugging Face", book)
    card.add_argument(
        "--out",
        metavar="FILE",
        help="the file (default: titanic-card.md beside titanic.xlsx); never over one that xlcicf did not "
        "write, or that was edited since",
    )
    card.add_argument(
        "--fill",
        action="store_true",
        help="also add the sheets Model card and Data ethics to BOOK, or renew them",
    )
    addin = verb("addin", _addin, "the add-in for Excel or LibreOffice: make it, install it, take it away")
    addin.add_argument("what", choices=["build", "install", "uninstall", "status"])
    addin.add_argument(
        "program",
        nargs="?",
        help="excel or libreoffice (default: Excel, where there is none for the system LibreOffice);"
        " build: or a lesson, to make it as a macro book (.xlsm)",
    )
    addin.add_argument("--out", default=".", metavar="DIR", help="build: folder for the file (default: here)")
    data = verb("data", _data, "fetch data that does not ship with xlcicf: all 70,000 digits of MNIST")
    data.add_argument("what", choices=["mnist"])
    data.add_argument(
        "--from",
        dest="source",
        metavar="PATH",
        help="a folder, .zip or .tar.gz that has the files; without it they are downloaded",
    )
    topic = verb("help", _help, "pages that the README is too short for")
    topic.add_argument("topic", nargs="?", metavar="TOPIC", help="a page; without it they are listed")
    doctor = verb("doctor", _doctor, "is everything there that xlcicf needs, and does it fit together")
    doctor.add_argument(
        "--selftest", action="store_true", help="walk through what only Excel can show, and write a report"
    )
    return parser


class _Help(argparse.HelpFormatter):
    """Leaves whole what is to be typed whole, such as interior-point."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


def _book_argument() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("book", metavar="BOOK", help="an .xlsx or .xlsm workbook")
    return parent


def _target_options() -> argparse.ArgumentParser:
    """Which problem of the book is meant; without any of these the one that Solver saved in it."""
    parent = argparse.ArgumentParser(add_help=False)
    group = parent.add_argument_group(
        "target",
        "Without these: the problem that Solver or xlcicf saved in BOOK. In a shell put references in quotes,"
        " as 'Net!B2'; a sheet's name with spaces has quotes of its own, as \"'My sheet'!B2\".",
    )
    group.add_argument("--sheet", help="the sheet whose saved problem is meant")
    group.add_argument("--objective", metavar="REF", help="Set Objective: a cell, such as Net!B2, or a name")
    group.add_argument(
        "--changing",
        metavar="REF[,REF]",
        help="By Changing Variable Cells: areas, such as Net!D4:N5, or names",
    )
    group.add_argument(
        "--subject-to",
        action="append",
        default=[],
        metavar="CONSTRAINT",
        help="one more constraint, such as 'Net!D4:N5 <= 3', 'Net!B7 = Net!B8', 'Net!C1 >= SUM(Net!C2:C4)',"
        " 'Net!D4:D9 int' (or bin, or dif: all different); as often as there are constraints",
    )
    sense_help = "default: that of the saved problem, else min"
    group.add_argument("--sense", type=_sense, metavar="min|max|VALUE", help=sense_help)
    return parent


def _sense(text: str) -> str | float:
    word = text.strip().lower()
    return word if word in ("min", "max") else _finite(text, "min, max or the number to reach")


def _folder(text: str) -> str:
    if text.lower().endswith((".xlsx", ".xlsm")):
        raise argparse.ArgumentTypeError(f"{text!r} is a workbook, no folder; put --report behind BOOK")
    return text


def _seconds(text: str) -> float:
    seconds = _finite(text, "a number above 0")
    if seconds <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return seconds


def _finite(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return number


def _training_options() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    group = parent.add_argument_group(
        "training", "without these: the book's own train.* cells, then the defaults"
    )
    for setting in SETTINGS.values():
        group.add_argument(setting.option, type=setting.kind, metavar=setting.metavar, help=setting.usage)
    return parent


def _opened(args: argparse.Namespace):
    """The book; with --recalculate no result that was saved in it counts."""
    from xlcicf.host import host_of, open_book

    book = open_book(args.book)
    if args.recalculate:
        host_of(book).distrust(book)
    return book


def _problem(book, args: argparse.Namespace):
    """The problem that the options name, or the one saved in the book, with the options' constraints."""
    from xlcicf.solve.problem import constraint_of

    added = tuple(constraint_of(text) for text in args.subject_to)
    problem = _named_or_saved(book, args)
    return replace(problem, constraints=problem.constraints + added)


def _named_or_saved(book, args: argparse.Namespace):
    from xlcicf.errors import ProblemError
    from xlcicf.formula.address import quote_sheet
    from xlcicf.host import read_snapshot
    from xlcicf.solve import Problem, find_problem
    from xlcicf.solve.solver_names import saved_alike

    if args.objective is None and args.changing is None:
        problem = find_problem(book, args.sheet)
        if args.sense is None:
            return problem
        return replace(problem, sense=args.sense)
    if args.objective is None or args.changing is None:
        raise ProblemError("--objective and --changing go together; name both")
    objective = args.objective
    if args.sheet is not None:
        if "!" in objective:
            raise ProblemError(f"the objective {objective} names its sheet itself; leave --sheet out")
        objective = f"{quote_sheet(args.sheet)}!{objective.strip(' =')}"
    problem = Problem(objective, args.changing, "min" if args.sense is None else args.sense)
    saved, others = saved_alike(read_snapshot(book), problem)
    if saved is not None:
        return saved if args.sense is None else replace(saved, sense=args.sense)
    if others:
        print(
            f"xlcicf: the constraints saved for {', '.join(others)} do not apply to this problem;"
            " name that objective and its changing cells to keep them",
            file=sys.stderr,
        )
    return problem


# --- lessons --------------------------------------------------------------------------------------------


def _lessons(args):
    from xlcicf.lessons import LESSONS

    width = max(map(len, LESSONS))
    facts = {"lessons": [{"name": lesson.name, "title": lesson.title} for lesson in LESSONS.values()]}
    return facts, [f"{lesson.name:<{width}}  {lesson.title}" for lesson in LESSONS.values()], DONE


def _build(args):
    from xlcicf.errors import BookError
    from xlcicf.lessons import LESSONS, book_name, build

    if args.all and args.names:
        args.wrong_usage(f"--all builds {args.names[0]} too; name lessons, or give --all")
    if not args.all and not args.names:
        args.wrong_usage(f"name the lessons to build, or give --all; there are: {', '.join(LESSONS)}")
    is_copy = args.blank or args.answers
    every = [made.name for made in LESSONS.values() if not is_copy or made.exercises]
    names = every if args.all else list(dict.fromkeys(args.names))
    for name in names:
        if (there := Path(args.out, book_name(name, args.blank, args.answers))).exists():
            raise BookError(f"{there} is there already; move it away, or choose another folder with --out")
    _make_folder(args.out)
    paths = []
    with _bar(args, "building") as show:
        for number, name in enumerate(names):
            show(f"building {name}", number / len(names))
            paths.append(str(build(name, args.out, args.blank, args.answers)))
    return {"built": paths}, [f"built {path}" for path in paths], DONE


def _make_folder(folder: str) -> None:
    """Makes a folder for what is to come. Raises BookError where nothing can be written there."""
    from xlcicf.errors import BookError
    from xlcicf.ooxml.package import require_folder

    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise BookError(f"the folder {folder} cannot be made ({error.strerror}); choose another") from error
    require_folder(folder)


def _help(args):
    from xlcicf import docs
    from xlcicf.errors import BookError

    topics = docs.topics()
    if args.topic is None:
        width = max(map(len, topics))
        lines = [f"xlcicf help {topic:<{width}}  {docs.title(topic)}" for topic in topics]
        return {"topics": topics}, lines, DONE
    if args.topic not in topics:
        raise BookError(f"there is no page {args.topic!r}; there are: {', '.join(topics)}")
    text = docs.page(args.topic)
    return {"topic": args.topic, "text": text}, text.splitlines(), DONE


def _demo(args):
    from xlcicf.host import open_book
    from xlcicf.lessons import build
    from xlcicf.ooxml.package import free_path, require_target
    from xlcicf.solve import History, find_problem
    from xlcicf.solve.training import Settings

    _make_folder(args.out)
    path = free_path(Path(args.out, "titanic.xlsx"))
    require_target(path)
    with tempfile.TemporaryDirectory() as folder, _bar(args, "building the Titanic book") as show:
        book = open_book(built := build("titanic", folder))
        settings = Settings.of(book, restarts=100)
        facts, lines, _ = _trained(book, find_problem(book), settings, History.beside(built), path, show)
    opening = f"The Titanic's passengers, two sets of 11 weights, {settings.restarts} starts:"
    closing = f"Open {path} in Excel or LibreOffice; its sheet 'Read me' says what to try."
    return facts, [opening, *lines, closing], DONE


# --- training -------------------------------------------------------------------------------------------


def _train(args):
    from xlcicf.ooxml.package import require_same_kind
    from xlcicf.solve import History
    from xlcicf.solve.problem import OPTIONS
    from xlcicf.solve.training import Settings

    out, history = args.book if args.out is None else args.out, History.beside(args.book)
    asked = _Reports(args.report, args.report_sheet) if args.report_sheet or args.report is not None else None
    if os.path.exists(args.book):  # else that is what is said of it
        _require_targets(out, history, asked)
        require_same_kind(Path(args.book), Path(out))
    with _bar(args, f"reading {Path(args.book).name}") as show:
        book = _opened(args)
        settings = Settings.of(book, **{name: getattr(args, name) for name in SETTINGS})
        problem = _problem(book, args)
        if args.restarts is not None:  # what is typed goes before Solver's options in the book
            problem = replace(problem, options={**problem.options, "multistart": OPTIONS["multistart"]})
        return _trained(book, problem, settings, history, out, show, asked)


def _require_targets(path, history, asked: "_Reports | None" = None) -> None:
    """Raises BookError where a trained book, its history or its report cannot be written."""
    from xlcicf.ooxml.package import require_target

    require_target(Path(path))
    history.require_target(path)
    if asked:
        asked.require_target()


def _trained(
    book, problem, settings, history, path, show, asked: "_Reports | None" = None
) -> tuple[Facts, list[str], int]:
    """Trains, shows how far it is, writes and saves; Ctrl-C stops and keeps the best. Where that came to
    nothing that a person wants, nothing is written."""
    from xlcicf.solve.cell_labels import headings
    from xlcicf.solve.training import Training

    training = Training(book, problem, settings)
    starts, most = training.settings.restarts, training.settings.steps or 200
    steps = iter(training)
    try:
        for step in steps:
            share = step.restart / starts if starts > 1 else 1 - most / (most + step.number)
            show(f"training, best {training.best_loss:.8g}", share)
    except KeyboardInterrupt:
        steps.close()
        training.reason = "stopped with Ctrl-C; the best values so far are kept"
    if not training.is_worth_writing:
        return _unwritten(training)
    show("writing", 1.0)
    outcome = training.write(history)
    report = _reported(book, training, outcome, history, asked) if asked else None
    saved = _saved(book, history, Path(path))
    names = dict(
        zip(training.f.cells, headings(training.problem.book, training.problem.changing), strict=True)
    )
    facts, lines = _outcome_facts(training, outcome, saved), _outcome_lines(outcome, saved, names)
    if report and asked:
        lines += asked.tell(report)
        facts["report"] = report.to_json()
    return facts, lines, DONE


@dataclass(frozen=True)
class _Reports:
    """What is wanted: `folder` to write them to, "" to print them, None for neither; and the sheet."""

    folder: str | None
    sheet: bool

    def require_target(self) -> None:
        """Makes the folder before a long run, not after it."""
        if self.folder:
            _make_folder(self.folder)

    def tell(self, report) -> list[str]:
        from xlcicf.pages.report.folder import write_report
        from xlcicf.pages.report.text import FEW, report_text

        if self.folder:
            paths, without = write_report(report, self.folder)
            lines = [f"  report      {path}" for path in paths]
            return [*lines, f"  pictures    {without}"] if without else lines
        if self.folder is None:
            return []
        return ["", *report_text(report, FEW).splitlines()]


def _reported(book, training, outcome, history, asked: _Reports):
    """The report, which is on its sheet if that is wanted."""
    from xlcicf.pages.report.content import report_of
    from xlcicf.pages.report.in_book import add_report
    from xlcicf.solve.solved import Solved

    report = report_of(Solved.by(training, outcome.answer))
    if asked.sheet:
        add_report(book, report, history)
    return report


def _unwritten(training) -> tuple[Facts, list[str], int]:
    """What is told of a run that came to nothing that a person wants."""
    lines = [
        f"{training.f.objective}: {training.status}",
        f"  method      {training.method}",
        f"  stopped     {training.reason}",
        "  saved       nothing; the file is as it was",
    ]
    return _facts_of(training, training.answer), lines, NAMED_PROBLEM


def _saved(book, history, path: Path) -> Path:
    """Where the book was saved. If the file has changed or gone during a long run, or its history cannot be
    written, nothing found is lost."""
    from xlcicf.errors import BookError
    from xlcicf.ooxml.package import free_path
    from xlcicf.solve.training import save_with_history

    try:
        return save_with_history(book, history, path)
    except BookError as error:
        other = save_with_history(book, history, free_path(path.with_stem(f"{path.stem}-trained")))
        raise BookError(f"{error}; what training found is in {other}") from error


def _facts_of(training, answer) -> Facts:
    """What --json says of every run; of one that was written there is more."""
    return {
        "objective": training.f.objective,
        "changing": training.problem.changing_address,
        "variables": training.problem.variables,
        "sense": training.problem.sense,
        **asdict(training.settings),
        "before": training.before,
        "after": training.best_loss,
        "seconds": training.seconds,
        "status": training.status,
        "method": training.method,
        "reason": training.reason,
        "evaluations": training.evaluations,
        "feasible": answer.missed,
        "constraints": [row.told for row in answer.constraints],
        "parameters": answer.parameters,
        "stepped": training.f.stepped,
        "frozen": training.f.frozen,
        "uncomputed": training.uncomputed,
        "parity_max": None,
        "saved": None,
    }


def _outcome_facts(training, outcome, saved: Path) -> Facts:
    accuracy = outcome.accuracy or (None, None)
    return _facts_of(training, outcome.answer) | {
        "accuracy_before": accuracy[0],
        "accuracy_after": accuracy[1],
        "dead": outcome.dead,
        "saved": str(saved),
        "parity_max": outcome.parity.maximum,
        "parity_worst": outcome.parity.worst,
    }


def _outcome_lines(outcome, saved: Path, names: Mapping[str, str]) -> list[str]:
    from xlcicf.solve.problem import goal_of

    lines = [
        f"{outcome.objective}, {goal_of(outcome.sense)},"
        f" by changing {outcome.changing} ({_count(outcome.variables, 'cell')})",
        f"  value       {outcome.before:.10g} -> {outcome.after:.10g}",
    ]
    if outcome.accuracy and None not in outcome.accuracy:
        lines.append(f"  accuracy    {outcome.accuracy[0]:.1%} -> {outcome.accuracy[1]:.1%}")
    lines.append(f"  took        {outcome.seconds:.2f} s")
    lines.append(f"  method      {outcome.method}")
    lines.append(f"  {outcome.status:<11} {outcome.reason.removeprefix(f'{outcome.status}: ')}")
    if outcome.missed:
        lines.append(f"  missed      {outcome.missed}")
    lines += [
        f"  dead        {cells} gives a constant in each row: it learns nothing more"
        for cells in outcome.dead
    ]
    lines += _answer_lines(outcome.answer, names) + _known_of(outcome)
    see = "" if outcome.parity.agrees else "; see xlcicf check"
    lines.append(f"  parity      {outcome.parity.sentence}{see}")
    lines.append(f"  saved       {saved}   (take it back: xlcicf undo {_as_argument(saved)})")
    return lines


def _answer_lines(answer, names: Mapping[str, str]) -> list[str]:
    """How far parameters are known, and which constraints bind, a line each."""
    known = [
        f"  parameter   {cell} = {value:.10g} ± {error:.5g}"
        + (f"  {name}" if (name := names.get(cell)) else "")
        for cell, value, error, *_ in answer.parameters
        if error is not None
    ]
    binding = [
        f"  binding     {row.text}"
        + (f"; one more on its right is worth {row.multiplier:.6g}" if row.multiplier else "")
        for row in answer.constraints
        if row.binds
    ]
    more = max(0, len(known) - 20) + max(0, len(binding) - 20)
    return [*known[:20], *binding[:20], *([f"  ... and {more} more; --json lists them all"] if more else [])]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _as_argument(path: Path) -> str:
    """A path as it is typed behind a command: in quotes where it needs them."""
    return subprocess.list2cmdline([str(path)]) if os.name == "nt" else shlex.quote(str(path))


def _undo(args):
    from xlcicf.solve.history import History, undone_in_file

    return _exchange(args, undone_in_file, History.undo, "taken back")


def _redo(args):
    from xlcicf.solve.history import History, redone_in_file

    return _exchange(args, redone_in_file, History.redo, "brought back")


def _exchange(args, in_file: Callable, in_book: Callable, what: str):
    """By the file alone where it is as the last run left it, which takes a moment; else in the open book."""
    run = in_file(args.book) or _exchanged(args, in_book)
    facts = {"run": run.title, "cells": [change.cells for change in run.changes], "saved": args.book}
    return facts, [f"{what}: {run.title}", f"saved {args.book}"], DONE


def _exchanged(args, move: Callable):
    _load_xlwings(args)
    from xlcicf.host import open_book
    from xlcicf.solve import History
    from xlcicf.solve.training import save_with_history

    book, history = open_book(args.book), History.beside(args.book)
    run = move(history, book)
    save_with_history(book, history, args.book)
    return run


# --- looking --------------------------------------------------------------------------------------------


def _grad(args):
    from xlcicf.solve.agreement import agreed
    from xlcicf.solve.cell_labels import headings

    with _bar(args, f"reading {Path(args.book).name}") as show:
        book = _opened(args)
        problem = agreed(book, _problem(book, args), is_constrained=False)
        show("compiling")
        f = problem.way()
        value, gradient = f.value_and_gradient(f.start)
        names = headings(problem.book, problem.changing)
    facts: Facts = {
        "objective": f.objective,
        "value": value,
        "gradient": [[cell, slope] for cell, slope in zip(f.cells, gradient.tolist(), strict=True)],
        "names": [[cell, name] for cell, name in zip(f.cells, names, strict=True)],
        "stepped": f.stepped,
        "frozen": f.frozen,
    }
    lines = [f"{f.objective} is {value:.10g}; its derivative with respect to each changing cell:"]
    known = _known_of(f)
    if not args.check:
        return facts, [*lines, *_table(f.cells, names, [f"{g: .10e}" for g in gradient]), *known], DONE
    from xlcicf.solve.bench import recalculation
    from xlcicf.solve.differences import central_differences, fitting_steps
    from xlcicf.solve.parity import difference
    from xlcicf.solve.question import question_line
    from xlcicf.solve.share import slopes as slopes_elsewhere

    with _bar(args, "recalculating") as show:
        steps = fitting_steps(f.start, value, gradient, f.gradient)
        value, told = recalculation(book, problem), partial(show, "recalculating")
        elsewhere = slopes_elsewhere(lambda: question_line(problem.asking(), {}), steps)
        slopes = central_differences(value, f.start, steps, elsewhere, told)
        show("looking for corners", 1.0)
        kinks = f.kinks(f.start, steps)
    smooth = [i for i, cell in enumerate(f.cells) if cell not in kinks]
    gap = difference(gradient[smooth], slopes[smooth]) if smooth else None
    facts["max_difference"] = gap
    facts["kinks"] = [[cell, cells] for cell, cells in kinks.items()]
    lines += _table(
        ["cell", *f.cells],
        ["", *names],
        ["exact", *(f"{g: .10e}" for g in gradient)],
        ["central difference", *(f"{s: .10e}" for s in slopes)],
        ["", *(f"at a corner: {_few(kinks[c])}" if c in kinks else "" for c in f.cells)],
    )
    if gap is not None:
        lines.append(
            f"largest difference {gap:.1e}, measured by the largest derivative or 1, over"
            f" {_count(len(smooth), 'cell')} that meet no corner"
        )
    return facts, lines + known, DONE


def _known_of(found) -> list[str]:
    """What moves in steps and what stands still on the way to an objective, a line each."""
    lines = [
        f"  stepped     {cell}: {function} moves in steps; between them its derivative is 0"
        for cell, function in found.stepped[:20]
    ]
    lines += [
        f"  frozen      {cell} changes by itself or is not computed here; its saved value is taken"
        for cell in found.frozen[:20]
    ]
    return lines


def _check(args):
    from xlcicf.host import open_book, read_snapshot
    from xlcicf.solve.check import check_book, check_problem
    from xlcicf.solve.solver_names import saved_problems

    with _bar(args, f"reading {Path(args.book).name}") as show:
        book = open_book(args.book)
        snapshot = read_snapshot(book)
        chosen = args.objective, args.changing, args.sheet, args.subject_to or None
        is_chosen = any(option is not None for option in chosen)
        problems = [_problem(book, args)] if is_chosen else saved_problems(snapshot)
        show("computing and comparing")
        report = check_problem(book, problems) if problems else check_book(book)
    facts = {
        "problems": [problem.objective for problem in problems],
        "formulas": report.formulas,
        "differentiable": report.differentiable,
        "parity_max": report.parity.maximum,
        "parity_worst": report.parity.worst,
        "errors": report.errors,
        "blockers": report.blockers,
        "stepped": report.stepped,
        "constraints": report.constraints,
        "frozen": report.frozen,
        "differs": report.differs,
        "unverified": report.unverified,
    }
    about = (
        f"the way to {', '.join(p.objective for p in problems)}" if problems else "all formulas of the book"
    )
    lines = [f"{about}: {report.formulas} formula cells, {report.differentiable} of them in torch"]
    asked = "" if report.trusted else "; the saved values cannot be trusted, so IronCalc was asked"
    lines.append(f"  parity      {report.parity.sentence}{asked}")
    lines += [f"  error       {cell} shows {text}" for cell, text in report.errors[:20]]
    lines += [f"  blocked     {cell}: {function}" for cell, function in report.blockers[:20]]
    lines += _known_of(report)
    lines += [f"  constraint  {why}" for _, why in report.constraints[:20]]
    lines += [
        f"  differs     {cell} comes to {ours}; it is saved as {saved}, IronCalc says {second}"
        for cell, saved, ours, second in report.differs[:20]
    ]
    if report.unverified:
        because = f" ({report.no_opinion})" if report.no_opinion else ""
        cells = _count(report.unverified, "cell")
        lines.append(
            f"  unverified  {cells}, for want of a trusted saved value and a second opinion{because}"
        )
    listed = (
        report.errors, report.blockers, report.stepped, report.constraints, report.frozen, report.differs
    )  # fmt: skip
    hidden = sum(max(0, len(rows) - 20) for rows in listed)
    if hidden:
        lines.append(f"  ... and {hidden} more; --json lists them all")
    return facts, lines, DONE if report.fine else NAMED_PROBLEM


def _bench(args):
    from xlcicf.solve.bench import bench

    with _bar(args, f"reading {Path(args.book).name}") as show:
        book = _opened(args)
        problem = _problem(book, args)
        found = bench(book, problem, args.seconds, show)
    ours = found.contenders[0]
    facts = {
        "objective": problem.objective,
        "contenders": [
            {"name": r.name, "seconds": r.seconds, "evaluations": r.evaluations, "gradients": r.gradients,
             "done": r.is_done, "value": r.loss}
            for r in found.contenders
        ],
        "sizes": found.sizes,
        "seconds": found.seconds,
    }  # fmt: skip
    lines = [f"{problem.objective} by changing {problem.changing}, one start each, the same book:"]
    lines += _table(
        ["", *(r.name for r in found.contenders)],
        ["value", *(f"{r.loss:.8g}" for r in found.contenders)],
        ["seconds", *(f"{r.seconds:.3f}" for r in found.contenders)],
        ["evaluations", *(f"{r.evaluations:,}" for r in found.contenders)],
        ["time", *(_times(r, ours) for r in found.contenders)],
        ["", *(_ended(r) for r in found.contenders)],
    )
    if found.left_out:
        lines.append(f"  left out    {found.left_out}")
    lines.append("  sizes       " + ", ".join(f"{count:,} {word}" for word, count in found.sizes.items()))
    lines.append("  seconds     " + ", ".join(f"{what} {took:.2f}" for what, took in found.seconds.items()))
    return facts, lines, DONE


def _times(result, ours) -> str:
    """How many times as long as ours it took, where that can be said."""
    if not ours.is_done or not result.gradients:
        return ""
    times = f"{result.seconds / ours.seconds:.1f}x"
    return times if result.is_done else f"over {times}"


def _ended(result) -> str:
    if result.is_done:
        return "ended by itself"
    if not result.gradients:
        return "its time was up before it had one gradient"
    return f"its time was up, after at most {_count(result.gradients, 'gradient')}"


def _table(*columns: Iterable[str]) -> list[str]:
    """Columns of texts, each as wide as its widest, as lines; one that is empty takes no room."""
    rows = list(zip(*(column for column in map(list, columns) if any(column)), strict=True))
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _few(cells: list[str]) -> str:
    return ", ".join(cells[:3]) + (f" and {len(cells) - 3} more" if len(cells) > 3 else "")


# --- model card -----------------------------------------------------------------------------------------


def _card(args):
    from xlcicf.host import open_book
    from xlcicf.ooxml.package import require_folder, require_target
    from xlcicf.pages.model_card import card_file, in_book
    from xlcicf.pages.model_card.markdown import card_text
    from xlcicf.pages.model_card.sections import ASKED, SECTIONS
    from xlcicf.solve import History

    path = card_file.path_beside(args.book) if args.out is None else Path(args.out)
    if os.path.exists(args.book):  # else that is what is said of it
        card_file.require_ours(path)
        require_folder(path.parent)
        if args.fill:
            require_target(Path(args.book))
    book, history = open_book(args.book), History.beside(args.book)
    made = in_book.collect(book, history)
    content = made.content
    if args.fill:
        in_book.show(book, content)
        book.save(args.book)
    card_file.write_card(path, card_text(made.trained, content))
    facts = {"written": str(path), "filled": sorted(content.known), "empty": content.empty,
             "unanswered": content.unanswered, "data": made.trained.data_hash}  # fmt: skip
    lines = [f"written {path}", f"  filled      {_count(len(content.known), 'field')} from the run log"]
    if args.fill:
        lines.append(f"  saved       {args.book}, with the sheets Model card and Data ethics")
    for section in SECTIONS:
        if empty := [field.heading for field in section.fields if field.variable in content.empty]:
            lines.append(f"  to fill     {section.title}: {'; '.join(empty)}")
    if open_questions := [question.text for question in ASKED if question.name in content.unanswered]:
        lines.append(f"  to answer   {_count(len(open_questions), 'question')} without evidence:")
        lines += [f"              {text}" for text in open_questions]
    return facts, lines, DONE


# --- data -----------------------------------------------------------------------------------------------


def _data(args):
    from tqdm import tqdm

    from xlcicf.learn import fetch, mnist

    folder = fetch.cache()
    coming = fetch.download(folder) if args.source is None else fetch.take(Path(args.source), folder)
    with tqdm(unit="B", unit_scale=True, disable=True if args.json else None) as bar:
        for progress in coming:
            bar.set_description(progress.name, refresh=False)
            bar.total, bar.n = progress.total, progress.done
            bar.update(0)
    digits = mnist.full(folder)
    facts = {"folder": str(folder), "train": len(digits.train_x), "valid": len(digits.valid_x)}
    return (
        facts,
        [f"{facts['train']:,} digits for training and {facts['valid']:,} for tests in {folder}"],
        DONE,
    )


# --- Excel ----------------------------------------------------------------------------------------------


EXCEL, LIBREOFFICE = "excel", "libreoffice"  # the programs that an add-in is for, as one types them


def _addin(args):
    from xlcicf.addin import xlam
    from xlcicf.errors import BookError

    if args.what == "build":
        built = _addin_built(args)
        return {"built": str(built)}, [f"built {built}"], DONE
    if args.program not in (None, EXCEL, LIBREOFFICE):
        raise BookError(f"addin {args.what} is for {EXCEL} or {LIBREOFFICE}, not for {args.program}")
    if args.program == LIBREOFFICE or (not args.program and sys.platform not in ("win32", "darwin")):
        return _addin_of_libreoffice(args.what)
    place = xlam.StartFolder.here()
    if args.what == "install":
        installed = xlam.install(place)
        return {"installed": str(installed)}, [f"installed {installed}; now start Excel"], DONE
    if args.what == "uninstall":
        removed = [str(path) for path in xlam.uninstall(place)]
        return {"removed": removed}, [f"removed {path}" for path in removed], DONE
    found = xlam.status(place)
    facts = {"installed": found.installed, "fine": found.fine, "says": found.sentence}
    return facts, [found.sentence], DONE if found.fine else NAMED_PROBLEM


def _addin_of_libreoffice(what: str):
    from xlcicf.addin import libreoffice_place

    place = libreoffice_place.LibreOffice.here()
    if what == "install":
        said = libreoffice_place.install(place)
        return {"installed": str(place.profile)}, [said], DONE
    if what == "uninstall":
        removed = libreoffice_place.uninstall(place)
        return {"removed": removed}, [f"removed {path}" for path in removed], DONE
    found = libreoffice_place.status(place)
    facts = {"installed": found.installed, "fine": found.fine, "says": found.sentence}
    return facts, [found.sentence], DONE if found.fine else NAMED_PROBLEM


def _addin_built(args) -> Path:
    from xlcicf.addin import oxt, xlam
    from xlcicf.errors import BookError

    _make_folder(args.out)
    if args.program == LIBREOFFICE:
        return oxt.build_extension(args.out)
    if args.program in (None, EXCEL):
        return xlam.build_addin(args.out)
    if (there := Path(args.out, f"{args.program}.xlsm")).exists():
        raise BookError(f"{there} is there already; move it away, or choose another folder")
    return xlam.build_macro_book(args.program, args.out)


# --- doctor ---------------------------------------------------------------------------------------------


def _doctor(args):
    from xlcicf.addin import checklist, doctor

    found = doctor.findings()
    facts: Facts = {"findings": [{"what": f.what, "fine": f.fine, "says": f.says} for f in found]}
    lines = [finding.line for finding in found]
    if args.selftest:
        system = {"win32": checklist.WINDOWS, "darwin": checklist.MAC}.get(sys.platform)
        facts["report"] = str(_selftest(checklist, system, lines))
        lines = [f"The report is {facts['report']}; it names what you saw."]
    return facts, lines, DONE if all(finding.fine for finding in found) else NAMED_PROBLEM


def _selftest(checklist, system: str | None, lines: list[str]) -> Path:
    """Asks a person before Excel and writes the report into this folder."""
    from xlcicf.errors import BookError
    from xlcicf.ooxml.package import free_path, require_folder

    if system is None:
        raise BookError("the self-test is for Excel on Windows or a Mac; run it there")
    require_folder(Path())  # before a person has gone through it all
    say = partial(print, file=sys.stderr)

    def ask(question: str) -> str:
        say(question, end="", flush=True)
        return input()

    answers = checklist.selftest(system, ask, say, lines)
    path = free_path(Path("xlcicf-selftest.md"))
    path.write_text(checklist.report(system, lines, answers), encoding="utf-8")
    return path


_OPENING = (_demo, _train, _grad, _check, _bench, _card)  # what opens a book each time


if __name__ == "__main__":
    sys.exit(main())
