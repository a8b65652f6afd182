"""Runs VBA in LibreOffice. Asked through `tests.libreoffice`."""

from uno_office import opened

ALWAYS_RUN = 4  # of com.sun.star.document.MacroExecMode


def answer(context, module, functions):
    """Compiles a module and calls some of its functions, which take no arguments; their results."""
    document = opened(context, "private:factory/scalc", MacroExecutionMode=ALWAYS_RUN)
    library = document.BasicLibraries.createLibrary("Standard")
    library.insertByName("Module1", "Option VBASupport 1\n" + module)
    return [call(document, function) for function in functions]


def call(document, function):
    where = f"vnd.sun.star.script:Standard.Module1.{function}?language=Basic&location=document"
    return document.getScriptProvider().getScript(where).invoke((), (), ())[0]
