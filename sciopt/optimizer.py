"""TGD: textual gradient descent for people who write their own loop in PyTorch's manner."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

from sciopt.bench import Bench
from sciopt.beside import Threads
from sciopt.descent import Accept, Descent, Settings
from sciopt.engines import engine_from
from sciopt.engines.base import Engine
from sciopt.engines.chat import Chat
from sciopt.engines.default import backward_engine, chat_from
from sciopt.engines.language import LanguageModel
from sciopt.engines.sensitive import check_engine
from sciopt.errors import EngineError, InvalidInput, InvalidValue, NoDesigner
from sciopt.gradient import Gradient
from sciopt.graph import AT_ONCE
from sciopt.objective import Evaluation, Objective
from sciopt.text.rewriting import Manner, Past, Rewritten, rewrite
from sciopt.variable import Variable
from sciopt.verbalize import Detail


class TGD:
    """Rewrites variables as their gradients advise.

    A variable that an `ObjectiveLoss` measures itself is redesigned: the proposals are measured, so with
    `accept="improve"` a step can refuse them all and leave it as it was; with `accept="always"` and `proposals=1` it
    takes what the engine says. Any other variable with feedback is free text, rewritten by one call of the engine; the
    options from `constraints` to `momentum_window` are for these, a design has the rules of its objective.

    Args:
        parameters: the variables to rewrite. One that a function made of frozen ones is unfrozen by naming it here.
        verbose: whether a step prints what it rewrote. An engine in this place is taken for the engine.
        engine: "offline", a model's name, or an engine; None is the one of `set_backward_engine`, else "offline".
        constraints: what rewritten texts must keep, one sentence each.
        new_variable_tags: what the engine puts a rewritten text between; None leaves it to us.
        optimizer_system_prompt: the instruction for free text instead of ours; `{new_variable_start_tag}` and
            `{new_variable_end_tag}` are filled in.
        in_context_examples: good values, shown to the engine.
        gradient_memory: of how many earlier steps the feedback is shown again.
        momentum_window: of how many earlier steps the value and its feedback are shown, and how often it came back.
        proposals: how many candidates to ask for in a design; None leaves it to the engine.
        accept: of a design, "improve" or "always"; free text is always accepted.
        seed: of the engine.
        detail: what an engine is told of a design: "findings", "numbers" or "none".
        screening: whether the objective's cheap stages choose what is measured.
        probing: whether the main effects that findings expect are measured before the engine reads of them.
        allow_remote: whether an engine on another machine may read of a person's data.
        tokens: length of the feedback that the engine reads of a free text.
    """

    def __init__(
        self,
        parameters: Sequence[Variable],
        verbose: int | str | Engine | Chat = 0,
        engine: str | Engine | Chat | None = None,
        constraints: Sequence[str] | None = None,
        new_variable_tags: Sequence[str] | None = None,
        optimizer_system_prompt: str | None = None,
        in_context_examples: Sequence[str] | None = None,
        gradient_memory: int = 0,
        *,
        momentum_window: int = 0,
        proposals: int | None = None,
        accept: Accept = "improve",
        seed: int = 0,
        detail: Detail = "findings",
        screening: bool = True,
        probing: bool = True,
        allow_remote: bool = False,
        tokens: int = 4_000,
    ) -> None:
        self.parameters = _rewritable(parameters)
        if not isinstance(verbose, int) and engine is not None:
            raise InvalidInput(f"two engines, {verbose!r} and {engine!r}: expected one")
        self.verbose = verbose if isinstance(verbose, int) else 0
        engine = engine if isinstance(verbose, int) else verbose
        self.allow_remote = allow_remote
        self._engine = None if engine is None else _made(engine)
        self._offline = engine_from("offline")
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
        self.manner = Manner(
            constraints=constraints or (),
            examples=in_context_examples or (),
            tags=new_variable_tags,
            system_prompt=optimizer_system_prompt,
            gradient_memory=gradient_memory,
            momentum_window=momentum_window,
            tokens=tokens,
        )
        self.steps = 0
        self._descents: dict[int, Descent] = {}
        self._past: dict[int, list[Past]] = {}

    @property
    def engine(self) -> Engine | Chat:
        """The engine that was given, else the one that is set for all now, else the offline one."""
        return self._engine or backward_engine() or self._offline

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def step(self) -> list[Evaluation]:
        """Rewrite every parameter that has a gradient; those without one are left alone, and no engine is asked.

        Free texts are rewritten at one time. What fails leaves its variable as it was and the others as they became,
        and is raised at the end, by the name of the variable. Returns the evaluations that were made, of each
        designed parameter the best first.
        """
        wanted = [index for index, parameter in enumerate(self.parameters) if _is_criticised(parameter)]
        routes = {index: self._route(index, self.parameters[index]) for index in wanted}
        failed = self._rewrite([index for index, descent in routes.items() if descent is None])
        made: list[Evaluation] = []
        for index, descent in routes.items():
            if descent is not None:
                try:
                    made += self._design(self.parameters[index], descent)
                except EngineError as error:
                    failed.append(error)
        self.steps += 1
        if failed:
            raise _as_one(failed)
        return made

    def _route(self, index: int, parameter: Variable) -> Descent | None:
        """The descent of a variable that an objective measures itself, None for a free text.

        What does not fit is said here, before an engine is asked for anything.
        """
        for gradient in parameter.gradients:
            if gradient.objective is not None:
                check_engine(self._designer(), sensitive=gradient.objective.sensitive, allow_remote=self.allow_remote)
        measured, objective = _measured(parameter)
        if objective is not None:
            descent = self._descents.get(index)
            if descent is None or descent.bench.objective is not objective:
                descent = Descent(Bench(objective, cache=measured[-1].cache), self._designer(), settings=self.settings)
                self._descents[index] = descent
            direct = self._is_direct(parameter, measured[-1], descent)
            if direct and len(measured) == len(parameter.gradients):
                return descent
        self._chat(parameter)
        return None

    def _is_direct(self, parameter: Variable, measured: Gradient, descent: Descent) -> bool:
        """Whether the objective measured this very variable, now or before an earlier step.

        A step measures what it proposes in the place of the variable, so nothing else can be designed; a variable of
        the objective's kind that it did not measure is a mistake, another one is a text that a measured one holds.
        """
        objective, evaluation = descent.bench.objective, measured.evaluation
        assert evaluation is not None
        try:
            values = {*objective.variants(objective.canonical(parameter.value)), *descent.evaluated}
        except InvalidValue:
            values = {*descent.evaluated}
        if evaluation.value in values:
            return True
        if parameter.kind == objective.kind or not isinstance(self.engine, Chat):
            raise InvalidInput(
                f"the loss measured {evaluation.value!r}, which is not {parameter!r}: TGD designs a variable that an "
                "ObjectiveLoss measures itself, not one that others are joined with, and not one changed after the "
                "loss; a text of another kind is rewritten by a language model (engine='MODEL')"
            )
        return False

    # --- designs, measured ------------------------------------------------------------------------------------------

    def _designer(self) -> Engine:
        if isinstance(self.engine, Engine):
            return self.engine
        return LanguageModel(self.engine)

    def _design(self, parameter: Variable, descent: Descent) -> list[Evaluation]:
        measured, _ = _measured(parameter)
        evaluation = measured[-1].evaluation
        assert evaluation is not None
        descent.engine = self._designer()
        descent.adopt(evaluation, tried=measured[-1].tried)
        made, before = descent.step(), parameter.value
        if self.settings.accept == "always" and made:
            parameter.value = made[0].value
        elif self.settings.accept == "improve":
            parameter.value = descent.best.value
        self._tell(parameter, before)
        return made

    # --- free texts -------------------------------------------------------------------------------------------------

    def _chat(self, parameter: Variable) -> Chat:
        if isinstance(self.engine, Chat):
            return self.engine
        raise NoDesigner(
            f"the engine {self.engine.name!r} designs measured variables; {parameter!r} is free text, which a language "
            "model rewrites: pass one with engine='MODEL', or set one for all with set_backward_engine('MODEL')"
        )

    def _rewrite(self, indices: Sequence[int]) -> list[EngineError]:
        """Rewrite free texts at one time; the errors of those that keep their values.

        What is no fault of an engine as we know them (one that people wrote raises what it likes) is raised as it is,
        when what the others answered is kept.
        """
        if not indices:
            return []
        with Threads(min(AT_ONCE, len(indices)), "sciopt-rewrite") as pool:
            calls = {index: pool.submit(self._rewritten, index) for index in indices}
        failed: list[EngineError] = []
        others: list[BaseException] = []
        for index, call in calls.items():
            parameter, before = self.parameters[index], self.parameters[index].value
            error = call.exception()
            if isinstance(error, EngineError):
                failed.append(error)
            elif error is not None:
                others.append(error)
            if error is not None:
                continue
            rewritten = call.result()
            self._past.setdefault(index, []).append(Past(before, rewritten.feedback))
            parameter.set_value(rewritten.value)
            self._tell(parameter, before)
        if others:
            raise others[0]
        return failed

    def _rewritten(self, index: int) -> Rewritten:
        parameter = self.parameters[index]
        measured, objective = _measured(parameter)
        held: Callable[[str], str] | None = None
        if objective is not None and self._is_direct(parameter, measured[-1], self._descents[index]):
            held = objective.canonical
        return rewrite(
            self._chat(parameter),
            parameter,
            manner=self.manner,
            past=self._past.get(index, ()),
            seed=self.settings.seed * 1_000_003 + self.steps,
            check=held,
        )

    def _tell(self, parameter: Variable, before: str) -> None:
        if self.verbose:
            became = "unchanged" if parameter.value == before else f"now:\n{parameter.value}"
            print(f"{parameter.role_description or 'variable'} is {became}")


class TextualGradientDescentwithMomentum(TGD):
    """`TGD` that shows the engine the values and the feedback of the last `momentum_window` steps."""

    def __init__(
        self,
        engine: str | Engine | Chat | None,
        parameters: Sequence[Variable],
        momentum_window: int = 0,
        constraints: Sequence[str] | None = None,
        new_variable_tags: Sequence[str] | None = None,
        in_context_examples: Sequence[str] | None = None,
        optimizer_system_prompt: str | None = None,
    ) -> None:
        super().__init__(
            parameters,
            engine=engine,
            constraints=constraints,
            new_variable_tags=new_variable_tags,
            optimizer_system_prompt=optimizer_system_prompt,
            in_context_examples=in_context_examples,
            momentum_window=momentum_window,
        )


TextualGradientDescent = TGD


def _rewritable(parameters: Sequence[Variable]) -> list[Variable]:
    """The parameters, each once; those that are frozen only because their inputs are become free."""
    if isinstance(parameters, Variable):
        raise InvalidInput(f"the parameters are {parameters!r}: expected a list of variables")
    listed = list({id(each): each for each in parameters}.values())
    for parameter in listed:
        if parameter.image is not None:
            raise InvalidInput(
                f"{parameter!r} is an image, which no engine can rewrite: leave it out of the parameters"
            )
    frozen = [p for p in listed if not p.requires_grad and p.function is None]
    if not listed or frozen:
        raise InvalidInput(f"TGD needs variables that require a gradient; got {frozen or 'none'}")
    for parameter in listed:
        parameter.requires_grad = True
    return listed


def _made(engine: str | Engine | Chat) -> Engine | Chat:
    return engine_from(engine) if isinstance(engine, str | Engine) else chat_from(engine)


def _as_one(failed: Sequence[EngineError]) -> EngineError:
    """The first error, with the texts of the others."""
    first = copy.copy(failed[0])
    first.args = ("; ".join(map(str, failed)),)
    return first


def _is_criticised(parameter: Variable) -> bool:
    """Whether any feedback that reached it says something."""
    measured = any(gradient.evaluation is not None for gradient in parameter.gradients)
    return measured or bool(parameter.gradient_text.strip())


def _measured(parameter: Variable) -> tuple[list[Gradient], Objective | None]:
    """Its gradients of an objective that no call of an engine stands between, and that one objective."""
    measured = [
        g for g in parameter.gradients if g.evaluation is not None and g.objective is not None and not g.context
    ]
    if len({id(g.objective) for g in measured}) > 1:
        raise InvalidInput(
            f"{parameter!r} has gradients of {len(measured)} objectives: state them as the goals of one objective"
        )
    return measured, measured[-1].objective if measured else None
