"""The model card of a trained book: its facts, its sixteen sections, its two sheets and its README.md."""
