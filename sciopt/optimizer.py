"""TGD: textual gradient descent for people who write their own loop in PyTorch's manner."""

from __future__ import annotations

from collections.abc import Sequence

from sciopt.bench import Bench
from sciopt.descent import Accept, Descent, Settings
from sciopt.engines import engine_from
from sciopt.engines.base import Engine
from sciopt.engines.policy import check_engine
from sciopt.errors import InvalidInput
from sciopt.gradient import Gradient
from sciopt.objective import Evaluation, Objective
from sciopt.variable import Variable
from sciopt.verbalize import Detail


class TGD:
    """Rewrites variables as their gradients advise.

    A step measures its proposals, so with `accept="improve"` it can refuse them all and leave the variable as it was;
    with `accept="always"` and `proposals=1` it takes what the engine says, which is plain textual gradient descent.

    Args:
        parameters: the variables to rewrite; each needs the gradient of one `ObjectiveLoss` when `step` is called.
        engine: "offline", a litellm model name, or an engine.
        proposals: how many candidates to ask for; None leaves it to the engine.
        screening: whether the objective's cheap stages choose what is measured.
        probing: whether the main effects that findings expect are measured before the engine reads of them.
        allow_remote: whether an engine on another machine may read of a person's data.
    """

    def __init__(
        self,
        parameters: Sequence[Variable],
        engine: str | Engine = "offline",
        *,
        proposals: int | None = None,
        accept: Accept = "improve",
        seed: int = 0,
        detail: Detail = "findings",
        screening: bool = True,
        probing: bool = True,
        allow_remote: bool = False,
    ) -> None:
        frozen = [p for p in parameters if not p.requires_grad]
        if not parameters or frozen:
            raise InvalidInput(f"TGD needs variables that require a gradient; got {frozen or 'none'}")
        self.parameters = list(parameters)
        self.engine = engine_from(engine)
        self.allow_remote = allow_remote
        one = accept == "always" and proposals == 1
        self.settings = Settings(
            seed=seed,
            detail=detail,
            proposals=proposals,
            accept=accept,
            screening=screening and not one,
            probing=probing,
            each_step=1 if one else 4,
        )
        self._descents: dict[int, Descent] = {}

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def step(self) -> list[Evaluation]:
        """Rewrite every parameter that has a gradient; those without one are left alone, and no engine is asked.

        Returns the evaluations that were made, of each parameter the best first.
        """
        made: list[Evaluation] = []
        for index, parameter in enumerate(self.parameters):
            if parameter.gradients:
                made += self._rewrite(index, parameter)
        return made

    def _rewrite(self, index: int, parameter: Variable) -> list[Evaluation]:
        gradient, objective = _measured(parameter)
        check_engine(self.engine, sensitive=objective.sensitive, allow_remote=self.allow_remote)
        descent = self._descents.get(index)
        if descent is None or descent.bench.objective is not objective:
            descent = Descent(Bench(objective, cache=gradient.cache), self.engine, settings=self.settings)
            self._descents[index] = descent
        assert gradient.evaluation is not None
        _check_direct(parameter, gradient.evaluation, descent)
        descent.adopt(gradient.evaluation, tried=gradient.tried)
        made = descent.step()
        if self.settings.accept == "always" and made:
            parameter.value = made[0].value
        elif self.settings.accept == "improve":
            parameter.value = descent.best.value
        return made


def _check_direct(parameter: Variable, measured: Evaluation, descent: Descent) -> None:
    """A step measures what it proposes in the place of the variable, so the loss must have measured just that.

    The gradient of an earlier value of the variable is stale, but of the right sort.
    """
    objective = descent.bench.objective
    if measured.value not in {*objective.variants(objective.canonical(parameter.value)), *descent.evaluated}:
        raise InvalidInput(
            f"the loss measured {measured.value!r}, which is not {parameter!r}: TGD rewrites a variable that an "
            "ObjectiveLoss measures itself, not one that others are joined with, and not one changed after the loss"
        )


def _measured(parameter: Variable) -> tuple[Gradient, Objective]:
    """The newest measured gradient and its objective; one objective only."""
    measured = [g for g in parameter.gradients if g.evaluation is not None and g.objective is not None]
    if not measured:
        raise InvalidInput(f"{parameter!r} has no measured gradient: end the graph in an ObjectiveLoss")
    if len({id(g.objective) for g in measured}) > 1:
        raise InvalidInput(
            f"{parameter!r} has gradients of {len(measured)} objectives: state them as the goals of one objective"
        )
    objective = measured[-1].objective
    assert objective is not None
    return measured[-1], objective
