"""Opens a book in LibreOffice and saves it as another kind of file. Asked by `tests.libreoffice.convert`."""

from uno_office import opened, properties_of

FILTERS = {"xlsx": "Calc MS Excel 2007 XML", "pdf": "calc_pdf_Export"}


def answer(context, source, kind, target):
    opened(context, source, ReadOnly=True).storeToURL(target, properties_of(FilterName=FILTERS[kind]))
