"""Pages of documentation that the README is too short for; `xlcicf help TOPIC` shows them."""

from importlib.resources import files


def topics() -> list[str]:
    """The names of all pages."""
    return sorted(
        entry.name.removesuffix(".md") for entry in files(__name__).iterdir() if entry.name.endswith(".md")
    )


def page(topic: str) -> str:
    """One of them, Markdown."""
    return files(__name__).joinpath(f"{topic}.md").read_text(encoding="utf-8")
