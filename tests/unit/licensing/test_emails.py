from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.licensing import emails


@pytest.mark.parametrize(
    "text",
    [
        "a@b.co",
        "someone@acme.example",
        "some.one+tag@sub-domain.acme.example",
        "  Someone@ACME.Example ",
        "ümlaut@acme.example",
        "a'b@1.acme.example",
        "-@-.aa",
    ],
)
def test_addresses(text: str) -> None:
    assert emails.is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "@", "someone", "someone@", "@acme.example", "someone@acme", "someone@acme.e"),
        *("some one@acme.example", "someone@@acme.example", "a@b@acme.example", "someone@acme..example"),
        *("someone@.example", "someone@acme.example.", "someone@acme.ex4mple", "someone@ac_me.example"),
        *("someone@acme.example\nx", "someone@äcme.example", "someone@acme.exampleſ"),
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert not emails.is_email(text)


@given(st.text())
def test_the_stored_form_is_final(text: str) -> None:
    stored = emails.normal_email(text)
    assert emails.normal_email(stored) == stored
    assert emails.is_email(stored) == emails.is_email(text)


def test_case_and_margins_do_not_count() -> None:
    assert emails.normal_email(" Someone@ACME.example\n") == "someone@acme.example"
