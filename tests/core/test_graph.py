"""The backward pass: every gradient reaches every leaf, once, in one order, at any depth; TGD on top of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sciopt
from sciopt.errors import InvalidInput, InvalidValue
from sciopt.gradient import Gradient
from sciopt.graph import Back, Function
from sciopt.loss import Loss
from sciopt.variable import Variable
from tests.core.toys import Letters, Speller


class Join(Function):
    """The inputs beside each other; counts how often its backward ran."""

    def __init__(self) -> None:
        self.backwards = 0

    def forward(self, *inputs: Variable) -> Variable:
        return Variable("".join(v.value for v in inputs))

    def backward(self, index: int, back: Back) -> Sequence[Gradient]:
        self.backwards += 1
        return super().backward(index, back)


def test_native_use_reads_like_pytorch() -> None:
    word = sciopt.Variable("abc", role_description="a word", kind="word")
    loss_fn = sciopt.ObjectiveLoss(Letters())
    optimizer = sciopt.TGD([word], engine=Speller())
    losses = []
    for _ in range(5):
        loss = loss_fn(word)
        losses.append(float(loss))
        loss.backward()
        assert "make it one" in word.gradient_text
        optimizer.step()
        optimizer.zero_grad()
        assert word.gradients == []
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


def test_loss_and_optimizer_together_measure_nothing_twice() -> None:
    objective = Letters(goal=99)
    word = Variable("abc", kind="word")
    loss_fn, optimizer = sciopt.ObjectiveLoss(objective), sciopt.TGD([word], engine=Speller())
    for _ in range(4):
        loss_fn(word).backward()
        optimizer.step()
        optimizer.zero_grad()
    measured = [value for value in objective.measured if "q" not in value]
    assert len(measured) == len(set(measured)) > 8


def test_two_parameters_are_rewritten_each_by_its_own_loss_and_joined_ones_are_refused() -> None:
    one, two = Variable("abc", kind="word"), Variable("bb", kind="word")
    optimizer = sciopt.TGD([one, two], engine=Speller())
    loss_fn = sciopt.ObjectiveLoss(Letters())
    sciopt.sum([loss_fn(one), loss_fn(two)]).backward()
    made = optimizer.step()
    assert one.value.startswith("z")
    assert two.value.startswith("z")
    assert {e.value for e in made} >= {one.value, two.value}
    optimizer.zero_grad()
    loss_fn(Join()(one, two)).backward()
    with pytest.raises(InvalidInput, match="joined with"):
        optimizer.step()


def test_a_step_may_refuse_everything_and_plain_tgd_may_not() -> None:
    class Spoiler(Speller):
        def complete(self, request):  # type: ignore[no-untyped-def]
            return sciopt.engines.base.Reply((sciopt.engines.base.Proposal("aa"),))

    for accept, proposals, expected in (("improve", None, "zz"), ("always", 1, "aa")):
        word = Variable("zz", kind="word")
        optimizer = sciopt.TGD([word], engine=Spoiler(), accept=accept, proposals=proposals)  # type: ignore[arg-type]
        sciopt.ObjectiveLoss(Letters())(word).backward()
        optimizer.step()
        assert word.value == expected


def test_no_gradient_no_call() -> None:
    engine = Speller()
    word = Variable("abc", kind="word")
    assert sciopt.TGD([word], engine=engine).step() == []
    assert engine.requests == []
    assert word.value == "abc"


def test_gradients_are_counted_once_however_many_paths_there_are() -> None:
    leaf = Variable("z")
    layer: list[Variable] = [leaf]
    for _ in range(8):
        layer = [Join()(*layer), Join()(*layer)]
    losses = [sciopt.ObjectiveLoss(Letters())(each) for each in layer]
    total = sciopt.sum(losses)
    total.backward()
    assert len(leaf.gradients) == 2
    total.backward()
    assert len(leaf.gradients) == 2


def test_a_function_runs_its_backward_once() -> None:
    leaf, join = Variable("z"), Join()
    shared = join(leaf)
    sciopt.sum([sciopt.ObjectiveLoss(Letters())(Join()(shared, shared)) for _ in range(3)]).backward()
    assert join.backwards == 1
    assert len(leaf.gradients) == 3


@given(edges=st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=3), min_size=1, max_size=20))
def test_in_any_graph_each_loss_reaches_exactly_the_leaves_behind_it(edges: list[list[int]]) -> None:
    leaves = [Variable("z") for _ in range(3)]
    behind: list[set[int]] = [{0}, {1}, {2}]
    nodes: list[Variable] = list(leaves)
    for picks in edges:
        chosen = [pick % len(nodes) for pick in picks]
        behind.append(set().union(*(behind[i] for i in chosen)))
        nodes.append(Join()(*(nodes[i] for i in chosen)))
    losses = [sciopt.ObjectiveLoss(Letters())(node) for node in (nodes[-1], nodes[len(nodes) // 2])]
    sciopt.sum(losses).backward()
    for index, leaf in enumerate(leaves):
        expected = [loss.source for loss, at in zip(losses, (-1, len(nodes) // 2), strict=True) if index in behind[at]]
        assert sorted(g.source for g in leaf.gradients) == sorted(expected)


def test_depth_is_no_limit_and_numbers_arrive_exactly() -> None:
    class Same(Function):
        def forward(self, *inputs: Variable) -> Variable:
            return Variable(inputs[0].value)

    leaf = Variable("zzz")
    node = leaf
    for _ in range(10_000):
        node = Same()(node)
    loss = sciopt.ObjectiveLoss(Letters())(node)
    loss.backward()
    assert leaf.gradients[0].evaluation == loss.evaluation
    assert len(leaf.gradients) == 1


def test_frozen_branches_cost_nothing() -> None:
    frozen, join = Variable("z", requires_grad=False), Join()
    loss = sciopt.ObjectiveLoss(Letters())(join(frozen))
    loss.backward()
    assert join.backwards == 0
    assert frozen.gradients == []


def test_misuse_is_named() -> None:
    with pytest.raises(InvalidInput, match="require a gradient"):
        sciopt.TGD([Variable("a", requires_grad=False)])
    with pytest.raises(InvalidInput, match="exactly one"):
        sciopt.ObjectiveLoss(Letters())(Variable("a"), Variable("b"))
    with pytest.raises(InvalidValue, match="not a word"):
        sciopt.ObjectiveLoss(Letters())(Variable("A!"))
    with pytest.raises(InvalidInput, match="at least one"):
        sciopt.sum([])
    both = Variable("zz", kind="word")
    sciopt.sum([sciopt.ObjectiveLoss(Letters())(both), sciopt.ObjectiveLoss(Letters())(both)]).backward()
    with pytest.raises(InvalidInput, match="one objective"):
        sciopt.TGD([both], engine=Speller()).step()


def test_a_loss_is_a_number_and_a_text() -> None:
    loss = sciopt.ObjectiveLoss(Letters())(Variable("zz"))
    assert isinstance(loss, Loss)
    assert (float(loss), str(loss)) == (8.0, "8")


def test_what_requires_a_gradient_is_looked_up_when_backward_comes() -> None:
    frozen = Variable("z", requires_grad=False)
    joined = Join()(Join()(frozen))
    loss = sciopt.ObjectiveLoss(Letters())(joined)
    loss.backward()
    assert (frozen.requires_grad, joined.requires_grad, frozen.gradients) == (False, False, [])
    frozen.requires_grad = True
    loss.backward()
    assert (len(frozen.gradients), joined.requires_grad) == (1, True)
    frozen.zero_grad()
    joined.requires_grad = False
    loss.backward()
    assert frozen.gradients == []
    joined.requires_grad, frozen.requires_grad = True, False
    joined.zero_grad()
    loss.backward()
    assert (frozen.gradients, len(joined.gradients)) == ([], 1)


def test_plus_joins_texts_as_strings_are_joined() -> None:
    both = Variable("Be brief. ", "an intro") + Variable("Use units.", "a rule")
    assert (both.value, both.role_description) == ("Be brief. Use units.", "an intro and a rule")
    assert sciopt.sum([both, both]).role_description == "an intro and a rule"


def test_whole_numbers_stay_whole() -> None:
    count = Variable(2**60 + 1, "a count")
    assert int(count.value) == count.metrics[0].value == 2**60 + 1
    assert Variable(0.5).value == "0.5"
    with pytest.raises(InvalidInput, match="range of floats"):
        Variable(10**400)
    with pytest.raises(InvalidInput, match="type bool"):
        Variable(True)


def test_a_later_gradient_takes_the_place_of_the_earlier_one_of_its_source() -> None:
    text = Variable("a")
    text.receive(Gradient("one", "old"), Gradient("two", "b"))
    text.receive(Gradient("one", "new"))
    assert [gradient.text for gradient in text.gradients] == ["new", "b"]
