"""What an answer is taken to be where nothing else is said."""

from __future__ import annotations

from reconciler.model.put_answers import Acknowledged, Rejected, Unsettled


def test_a_refusal_is_no_failed_sign_in_and_no_wait_is_told_unless_it_says_so() -> None:
    assert not Rejected("no").unauthorized
    assert Unsettled("?", landed=True, again=True).wait is None
    assert Acknowledged() == Acknowledged()
