"""The model card of a trained book: facts, sections, content, its two sheets, its Markdown and its file."""
