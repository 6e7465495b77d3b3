from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.licensing.identifiers import is_uuid, normal_uuid

ID = "70c5a026-6f9f-4742-8454-d6ba1e4faeb1"


@pytest.mark.parametrize(
    "text",
    [ID, ID.upper(), ID.replace("-", ""), "70c5a0266f9f-4742-8454-d6ba1e4faeb1", "70C5a026-6f9f47428454-d6ba1e4faeb1"],
)
def test_hyphens_and_case_are_free(text: str) -> None:
    assert is_uuid(text)
    assert normal_uuid(text) == ID


@pytest.mark.parametrize(
    "text",
    [
        *("", ID[:-1], ID + "0", ID + "\n", " " + ID, ID.replace("7", "g", 1), f"{{{ID}}}", f"urn:uuid:{ID}"),
        *(ID.replace("-", "_"), "70c5a02-66f9f-4742-8454-d6ba1e4faeb1", ID.replace("0", "٠"), "key/abc.def"),
    ],
)
def test_nothing_else_is_a_uuid(text: str) -> None:
    assert not is_uuid(text)


@given(st.uuids())
def test_normal_form_is_that_of_the_library(identifier: UUID) -> None:
    assert normal_uuid(identifier.hex.upper()) == str(identifier)
    assert is_uuid(str(identifier))
