"""What a card says: the run log's texts go first, and what nobody has filled is counted."""

from xlcicf.pages.model_card.content import Content, content_of, is_count
from xlcicf.pages.model_card.trained_book import TrainedBook

RUN = {
    "objective": "Fit!E1", "changing": "Fit!B1:B2", "variables": 2, "sense": "min", "optimizer": "lbfgs",
    "steps": 5, "restarts": 1, "seed": 0, "before": 4.0, "after": 1.5, "reason": "no better step was found",
}  # fmt: skip


def content(shown=(), typed=(), **run) -> Content:
    trained = TrainedBook("fit.xlsx", RUN | run, {"Fit!A1:A9": "0" * 64}, (), (), (), None, dict(shown), True)
    return content_of(trained, dict(typed), {})


def test_what_the_run_log_knows_goes_before_what_stood_there():
    content = Content({"software": "new"}, {"software": "old", "license": "mit", "demo": ""})
    assert [content.text(name) for name in ("software", "license", "demo")] == ["new", "mit", None]
    assert "license" not in content.empty and "developers" in content.empty


def test_what_a_run_did_not_note_is_not_said():
    known = content().known
    assert known.keys().isdisjoint({"hardware_type", "hours_used", "software", "testing_data"})
    assert known["speeds_sizes_times"] == (
        "optimiser lbfgs, 5 steps, 1 restarts, seed 0. Why it stopped: no better step was found."
    )
    assert known["results"] == "Fit!E1: 4 before training, 1.5 after."


def test_what_it_did_note_is_said():
    known = content(lr=0.05, seconds=90.0, when="2026-01-02 03:04", hardware="a clock").known
    assert "learning rate 0.05, 90 seconds, trained 2026-01-02 03:04." in known["speeds_sizes_times"]
    assert (known["hours_used"], known["hardware_type"]) == ("0.025 (90 seconds)", "a clock")


def test_rows_held_out_are_told_from_rows_trained_on():
    shown = {"rows": 891, "net.held_out": 0.2}
    assert "891 rows, of which a share of 20% was held out" in content(shown).known["training_data"]
    assert "The 20% of 891 rows" in content(shown).known["testing_data"]
    assert "which flatters it" in content({"rows": 891}).known["testing_data"]


def test_a_question_counts_as_answered_with_evidence_only():
    content = Content({}, answers={"audit": ("yes", None), "team": (None, "a list")})
    assert "audit" in content.unanswered and "team" not in content.unanswered


def test_a_share_is_no_count():
    assert [is_count(number) for number in (314.0, 0.825, 1.0, 0.0, -2.0)] == [
        True,
        False,
        False,
        False,
        True,
    ]
