"""A person's text in Markdown, judged by markdown-it with the tables, strikethrough and autolinks of GitHub."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xlcicf.pages.inert import inert, inert_cell

markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py is missing: pip install '.[test]'")
pytest.importorskip("linkify_it", reason="linkify-it-py is missing: pip install '.[test]'")

READER = markdown_it.MarkdownIt("gfm-like", {"html": True})
ALLOWED = {"p", "br", "code"}
LIVE = [
    "[a](https://evil.example)", "![a](https://evil.example/x.png)", "<https://evil.example>", "https://evil.example",
    "see www.evil.example/a_b_c, please", "me@evil.example", "mailto:me@evil.example", "evil.com", "<script>x</script>",
    "[a]: https://evil.example", "*a* _b_ **c** __d__ ~~e~~ ~f~", "`a`", "# a", "a\n===", "a\n---", "- a", "+ a",
    "1. a", "2) a", "> a", "    a", "```\na\n```", "~~~\na\n~~~", "a | b\n--- | ---\nc | d", "a\n:--", "&lt;b&gt;",
    "\\*a\\*", "\\", "a\\\nb", "javascript:alert(1)", "https://a.example/`b`|c", "`https://a.example`", "[a][b]", "<a@b.de>",
    "<!-- a -->", "<?a?>", "![](x)", "a  \nb", "---", "***", "___", "ftp://a.example.", "(https://a.example)",
]  # fmt: skip


def shown(rendered: str) -> str:
    """What a reader sees of HTML."""
    return html.unescape(re.sub("<[^>]*>", "", rendered))


def tags(rendered: str) -> set[str]:
    return set(re.findall(r"</?([a-z0-9]+)", rendered))


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("text", LIVE)
def test_what_would_be_markup_is_read_as_typed(text):
    rendered = READER.render(inert(text))
    assert tags(rendered) <= ALLOWED
    assert words(shown(rendered)) == words(text)


@pytest.mark.parametrize("text", LIVE)
def test_in_a_cell_too(text):
    rendered = READER.render(f"| head |\n|---|\n| {inert_cell(text)} |\n")
    assert tags(rendered) == {"table", "thead", "tbody", "tr", "th", "td"} | (tags(rendered) & {"code"})
    assert rendered.count("<td") == 1
    assert words(shown(rendered)) == ["head", *words(text)]


@pytest.mark.parametrize(
    "text", ["E7:E9 <= G7:G9", "Net!C5, set 1, Pclass_1", "it's 5 & 6 (82.9%), a - b", "'Sum of ReLUs'!F5:M7"]
)
def test_what_means_nothing_stands_as_it_is(text):
    assert inert(text) == inert_cell(text) == text


@given(st.text(st.sampled_from("ab1 \n\\`*_[]()<>!#+-=.|~&;:/@w\"'"), max_size=24))
@example("a\n\n\n    b")
def test_no_text_becomes_markup(text):
    rendered = READER.render(inert(text))
    assert tags(rendered) <= ALLOWED
    assert words(shown(rendered)) == words(text)
    cell = READER.render(f"| head |\n|---|\n| {inert_cell(text)} |\n")
    assert cell.count("<td") == 1 and "<a" not in cell and "<em" not in cell
    assert words(shown(cell)) == ["head", *words(text)]
