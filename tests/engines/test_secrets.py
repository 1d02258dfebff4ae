"""What redaction takes out, and what it leaves."""

from __future__ import annotations

import pytest

from sciopt.engines.secrets import keep_secret, redact, without_keys


@pytest.mark.parametrize(
    "text",
    ["Authorization: Bearer SECRETSECRET", "authorization: basic U0VDUkVUOlNFQ1JFVA==", "key sk-SECRETSECRET",
     "sk-proj-SECRET_SECRET-1", "sk-SECR*****CRET", "https://example.org/x?a=1&api_key=SECRET&b=2",
     "https://me:SECRET@example.org/", "http://SECRET@[::1]:80/", "https://a@b:SECRET@example.org/",
     "AIzaSECRETSECRETSECRETSECRET", "gsk_SECRETSECRETSECRET", "hf_SECRETSECRETSECRET", "ghp_SECRETSECRETSECRET"],
)  # fmt: skip
def test_what_has_the_shape_of_a_key_is_taken_out(text: str) -> None:
    shown = redact(f"before {text} after")
    assert "SECR" not in shown
    assert "U0VDUkVU" not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize(
    "text",
    ["a basic question", "Basic authentication is off", "sklearn", "https://example.org/v1?model=gpt-4o",
     "the task-force", "me@example.org wrote", "risk-averse-people-are-many", ""],
)  # fmt: skip
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_TOKEN", "AWS_SECRET", "my_password"])
def test_values_of_the_environment_are_taken_out_in_every_spelling(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value = 'pass"word/with é 0123456789'
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("OTHER_KEY", value[:10])
    for spelling in (value, 'pass\\"word/with \\u00e9 0123456789', "pass%22word%2Fwith%20%C3%A9%200123456789"):
        assert redact(f"({spelling})") == without_keys(f"({spelling})") == "([removed])"


def test_short_values_and_other_variables_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "benzene")
    monkeypatch.setenv("KEYBOARD", "benzene-and-toluene")
    assert redact("benzene-and-toluene") == "benzene-and-toluene"


def test_a_key_that_was_passed_in_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret("the-own-key-of-a-test")
    keep_secret("short1")
    keep_secret(None)
    keep_secret("")
    assert redact("the-own-key-of-a-test and short1") == "[removed] and [removed]"
    assert without_keys("the-own-key-of-a-test and short1") == "[removed] and short1"


@pytest.mark.parametrize("text", ["://" + "@" * 100_000, "?" + "key=" * 50_000, "sk-" * 50_000, "basic " * 50_000,
                                  "bearer " * 50_000, "&" + "a" * 200_000, "https://" * 30_000])  # fmt: skip
def test_a_long_text_is_no_trap(text: str) -> None:
    assert len(redact(text)) <= 3 * len(text)
