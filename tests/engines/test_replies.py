"""Answers of language models, read strictly: the value that was meant, or a reason that a model can act on."""

from __future__ import annotations

import json

import pytest

from benchmarks.replies.broken_json import JSON_BREAKERS
from benchmarks.replies.broken_tags import BREAKERS
from benchmarks.replies.reading import run
from sciopt.engines.base import LONGEST, Proposal
from sciopt.engines.replies import field, proposals, tagged


def _v(text: str) -> str:
    return tagged(text, "<V>", "</V>")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<V>\nbe brief\n</V>", "be brief"),
        ("<V>be brief</V>", "be brief"),
        ("<v>\nbe brief\n</V>", "be brief"),
        ("**<V>**\nbe **brief**\n**</V>**", "be **brief**"),
        ("`<V>`\nbe brief\n`</V>`", "be brief"),
        ("```xml\n<V>\nbe brief\n</V>\n```", "be brief"),
        ("<V>\r\nbe\r\n\r\nbrief\r\n</V>\r\n", "be\n\nbrief"),
        ("  <V>\n  def f():\n      return 1\n  </V>", "def f():\n    return 1"),
        ("<V>\n    return 1\n</V>", "    return 1"),
        ("<V>\n```python\nx = 1\n```\n</V>", "x = 1"),
        ("<V>\n```markdown\n# T\n```py\na\n```\nend\n```\n</V>", "# T\n```py\na\n```\nend"),
        ("<V>\n````\n```\na\n```\n````\n</V>", "```\na\n```"),
        ("<V>\nsee:\n```py\na\n```\n</V>", "see:\n```py\na\n```"),
        ("<V>\n```py\na\n```\nand\n```py\nb\n```\n</V>", "```py\na\n```\nand\n```py\nb\n```"),
        ("I write it between <V> and </V> tags.\n\n<V>\nbe brief\n</V>", "be brief"),
        ("I write it between `<V>` and `</V>`.\n<V>\nbe brief\n</V>\nThat is better, as </V> says.", "be brief"),
        ("Thoughts first, then <V>.\n<V>\nbe brief\n</V> I hope it helps.", "be brief"),
        ("Improved text: <V>\nbe brief\n</V>", "be brief"),
        ("The form is\n<V>\n...\n</V>\nand so:\n<V>\nbe brief\n</V>", "be brief"),
        ("<V>\nbe brief\n</V>\n\nOnce more:\n<V>\nbe brief\n</V>", "be brief"),
        ("<think>\n<V>\na draft\n</V>\n</think>\n<V>\nbe brief\n</V>", "be brief"),
    ],
)
def test_a_decorated_value_is_read(text: str, value: str) -> None:
    assert _v(text) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("be brief", "holds no <V>"),
        ("be brief</V>", "holds no <V>"),
        ("<V>\nbe brief", "</V> is missing"),
        ("I put it between <V> and </V>.\n<V>\nbe br", "</V> is missing"),
        ("put it between <V> and </V> tags", "no value stands between"),
        ("* <V> and </V>", "no value stands between"),
        ("<V> and </V>", "no value stands between"),
        ("The answer is <V>be brief</V> I think", "no value stands between"),
        ("<V>\n</V>", "no value stands between"),
        ("<V></V>", "no value stands between"),
        ("<V>\n...\n</V>", "no value stands between"),
        ("<V>\none\n</V>\n<V>\ntwo\n</V>", "2 different values"),
        ("<V>\n<V>\none\n</V>\n</V>", "second <V>"),
        ("<V>\none\n</V>\ntwo\n</V>", "second </V>"),
        ("</V>\none\n<V>", "</V> is missing"),
        ("<V>\n```\na\n```\nb\n```\nc\n```\n</V>", "two ways"),
        ("<think>\n<V>\na draft\n</V>", "within its thoughts"),
        ("<V>\n" + "x" * 200_001 + "\n</V>", "at most 200000"),
        ("<V>\nhalf \ud83d\n</V>", "surrogate"),
        ("", "holds no <V>"),
    ],
)
def test_what_has_no_one_reading_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        _v(text)


def test_tags_of_ones_own_may_look_like_anything() -> None:
    assert tagged("$$BEGIN(*)\nbe brief\n[END]", "$$BEGIN(*)", "[END]") == "be brief"


GOOD = '{"proposals": [{"text": "CCO", "because": ["F1"]}]}'
CCO = (Proposal("CCO", ("F1",)),)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (GOOD, CCO),
        (f"```json\n{GOOD}\n```", CCO),
        (f"Sure {{of course}}:\n```\n{GOOD}\n```\nIt is {{better}}.", CCO),
        (f'The form is {{"proposals": [...]}}.\n{GOOD}', CCO),
        (f"{GOOD}\n{GOOD}", CCO),
        (f"<think>{GOOD.replace('CCO', 'C')}</think>{GOOD}", CCO),
        ('{"reasoning": "more polar", "proposals": [{"text": " CCO\\n", "because": "F1"}]}', CCO),
        ('{"proposals": [{"text": "CCO"}]}', (Proposal("CCO"),)),
        ('{"proposals": [{"text": "C", "because": "F1, F2"}]}', (Proposal("C", ("F1", "F2")),)),
    ],
)
def test_decorated_proposals_are_read(text: str, found: tuple[Proposal, ...]) -> None:
    assert proposals(text, 6) == found


def test_no_more_proposals_than_were_asked_for_and_no_longer_ids() -> None:
    many = json.dumps({"proposals": [{"text": f"C{n}", "because": ["F" * 999] * 99} for n in range(9)]})
    found = proposals(many, 4)
    assert [p.text for p in found] == ["C0", "C1", "C2", "C3"]
    assert all(len(p.because) == 20 and len(p.because[0]) == 80 for p in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CCO", "no JSON object"),
        ("{}", "has no 'proposals'"),
        ('{"proposals": []}', "at least one"),
        ('{"proposals": "CCO"}', "no list"),
        ('{"proposals": [3]}', "no text under 'text'"),
        ('{"proposals": [{"text": 3}]}', "no text under 'text'"),
        ('{"proposals": [{"text": " "}]}', "is empty"),
        ('{"proposals": [{"text": "C", "because": null}]}', "no list of finding ids"),
        ('{"proposals": [{"text": "C", "because": [1]}]}', "no list of finding ids"),
        ('{"proposals": [{"text": "C", "loss": -3}]}', "'loss' is no part"),
        ('{"proposals": [{"text": "C"}], "file": "/etc"}', "'file' is no part"),
        ('{"proposals": [{"text": "C", "text": "N"}]}', "'text' twice"),
        ('{"proposals": [{"text": "C"}], "reasoning": NaN}', "NaN"),
        ('{"proposals": [{"text": "C"}], "reasoning": 1e999}', "too large"),
        ('{"proposals": [{"text": "C"}], "reasoning": ' + "9" * 5_000 + "}", "5000 digits"),
        ('{"proposals": [{"text": "half \\ud83d"}]}', "surrogate"),
        ('{"answer": {"proposals": [{"text": "C"}]}}', "has no 'proposals'"),
        ('{"proposals": [{"text": "C"}]} {"proposals": [{"text": "N"}]}', "2 different"),
        ('{"proposals": [{"text": "C"}]} and then {"proposals": [{"text": "CC', "not complete"),
        ('{"proposals": [{"text": "C"}]} and then {"proposals": [{"text": "CC",}]}', "cannot be read"),
        ('{"proposals": [{"text": "CC', "not complete"),
        ("{'proposals': [{'text': 'CC'}]}", "no JSON object"),
        ('{"proposals": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ("__import__('os').getcwd()", "no JSON object"),
        (json.dumps({"proposals": [{"text": "C" * (LONGEST + 1)}]}), "20001 characters"),
    ],
)
def test_other_answers_than_proposals_are_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        proposals(text, 6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"value": 3}', "'value' is no text"),
        ('{"value": " "}', "'value' is empty"),
        ('{"reasoning": "a"}', "has no 'value'"),
        ('{"value": "a"} {"value": "b"}', "2 different"),
    ],
)
def test_a_field_is_one_text(text: str, said: str) -> None:
    assert field('{"reasoning": 3, "value": "a\\nb"}', "value") == "a\nb"
    with pytest.raises(ValueError, match=said):
        field(text, "value")


def test_thousands_of_fuzzed_replies_give_the_planted_value_or_a_reason() -> None:
    tally = run(5_000, seed=7)
    assert tally.crashed == []
    assert [(case.reader, case.sort, case.reply) for case in tally.wrong] == []
    assert tally.read >= 0.99 * tally.legible > 2_000
    assert tally.refused > 0.8 * tally.broken
    assert len(BREAKERS) + len(JSON_BREAKERS) >= 25
