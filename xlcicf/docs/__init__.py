"""Pages of documentation that the README is too short for; `xlcicf help TOPIC` shows them.

A block of commands in them is marked `sh` or `console` where it runs anywhere, and a test runs it; `bat` and
`zsh` are for Windows and Macs alone.
"""

from importlib.resources import files


def topics() -> list[str]:
    """The names of all pages."""
    return sorted(
        entry.name.removesuffix(".md") for entry in files(__name__).iterdir() if entry.name.endswith(".md")
    )


def title(topic: str) -> str:
    """What a page is about: its heading."""
    return page(topic).partition("\n")[0].removeprefix("# ")


def page(topic: str) -> str:
    """One of them, Markdown."""
    return files(__name__).joinpath(f"{topic}.md").read_text(encoding="utf-8")
