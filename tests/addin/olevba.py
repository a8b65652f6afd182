"""Reads the VBA out of a file with olevba, of oletools."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # oletools calls its parser by names that are going
    from oletools.olevba import VBA_Parser, decompress_stream

__all__ = ["decompress_stream", "modules_in"]


def modules_in(data: bytes, name: str = "vbaProject.bin") -> dict[str, str]:
    """Name of each module with its extension (.bas; .cls of classes and documents) -> its source text."""
    parser = VBA_Parser(name, data=data)
    try:
        found = [(module, source) for _, _, module, source in parser.extract_macros()]
    finally:
        parser.close()
    assert len(dict(found)) == len(found), "a module is there twice"
    return dict(found)
