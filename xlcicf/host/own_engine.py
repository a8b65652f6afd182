"""What xlwings asks of each engine of ours: how values pass on their way in and out."""

from xlcicf.formula.snapshot import ExcelError


class OwnEngine:
    """To be derived from, with `name` and `apps`."""

    type = "desktop"

    @staticmethod
    def prepare_xl_data_element(value, _options):
        """A value on its way into a cell; Range makes of it what the cell holds."""
        return value

    @staticmethod
    def clean_value_data(data, datetime_builder, empty_as, number_builder, err_to_str):
        """Rows of values on their way out, as xlwings' options ask for them."""

        def clean(value):
            if value is None or (isinstance(value, str) and not value):
                return empty_as
            if isinstance(value, ExcelError):
                return str(value) if err_to_str else None
            if isinstance(value, float):
                return number_builder(value) if number_builder else value
            if hasattr(value, "microsecond"):
                parts = "year month day hour minute second microsecond".split()
                return datetime_builder(**{part: getattr(value, part) for part in parts}, tzinfo=None)
            return value

        return [[clean(value) for value in row] for row in data]
