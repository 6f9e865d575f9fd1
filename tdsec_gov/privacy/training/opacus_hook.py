"""Opacus: epsilon per epoch into the active MLflow run, without a line in the user's script.

:func:`install` is called once ``opacus.privacy_engine`` has been imported. It wraps ``make_private``
and chains the optimizer's step hook, so that what is counted is what the accountant counted, also
under BatchMemoryManager. What a run spent is taken from the accountant at its end.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tdsec_gov.domain.privacy import MECHANISM, UNACCOUNTED, DpEvent, PrivacySpend
from tdsec_gov.errors import ConfigurationError

METRIC = "dp_epsilon"
Guard = Callable[[str], AbstractContextManager[None]]


@dataclass
class Training:
    """One ``make_private`` call: its accountant, and the steps taken through its optimizer.

    ``sample_rate`` is the chance of a record to be in a batch, ``epoch`` the steps of one epoch,
    ``size`` the number of records, ``clip`` the norm to which a record's gradient is clipped.
    ``policy_delta`` is asked once, when the first run is known; without an answer ``delta`` stays.
    """

    accountant: Any
    poisson: bool
    sample_rate: float
    epoch: int
    size: int
    noise: float
    clip: str
    delta: float
    policy_delta: Callable[[], float | None]
    steps: int = 0
    logged: int = 0
    runs: set[str] = field(default_factory=set)

    @property
    def mechanism(self) -> str:
        return str(self.accountant.mechanism())

    def stepped(self) -> None:
        """One optimizer step was accounted; at the end of an epoch, show epsilon."""
        self.steps += 1
        run = _active_run()
        if run is None:
            return
        if run not in self.runs:
            first = not self.runs
            self.runs.add(run)
            if first:
                self.delta = self.policy_delta() or self.delta
            _client().log_batch(run, params=self._params())
        if self.steps % self.epoch == 0:
            self.show(run)

    def show(self, run: str) -> None:
        """Log epsilon so far at the number of the epoch (a started one counts as one)."""
        number = math.ceil(self.steps / self.epoch)
        epsilon = self.epsilon()
        if epsilon is not None and self.steps != self.logged:
            _client().log_metric(run, METRIC, epsilon, step=number)
        self.logged = self.steps

    def epsilon(self) -> float | None:
        """Epsilon so far at ``delta`` by the run's own accountant; None where it has no finite answer."""
        if not self.poisson:
            return None
        value = float(self.accountant.get_epsilon(delta=self.delta))
        return value if math.isfinite(value) else None

    def events(self) -> tuple[DpEvent, ...]:
        name = MECHANISM if self.poisson else UNACCOUNTED
        return tuple(DpEvent(name, float(s), float(q), int(n)) for s, q, n in self.accountant.history)

    def _params(self) -> list[Any]:
        from mlflow.entities import Param

        values = {
            "noise_multiplier": self.noise,
            "max_grad_norm": self.clip,
            "delta": self.delta,
            "accountant": self.mechanism,
            "sample_rate": self.sample_rate,
            "sampling": "poisson" if self.poisson else "not poisson: no epsilon is claimed",
            "dataset_size": self.size,
        }
        return [Param(f"dp.{key}", str(value)) for key, value in values.items()]


@dataclass
class Trainings:
    """Every private training of this process."""

    found: list[Training] = field(default_factory=list)

    def spend_of(self, run: str) -> PrivacySpend | None:
        """What run ``run`` spent, with the last partial epoch shown; None where it was not private."""
        mine = [one for one in self.found if run in one.runs]
        if not mine:
            return None
        for one in mine:
            one.show(run)
        engines = list({id(one.accountant): one for one in mine}.values())
        each = [one.epsilon() if all(m.poisson for m in mine) else None for one in engines]
        total = None if None in each else sum(value for value in each if value is not None)
        events = tuple(event for one in engines for event in one.events())
        names = ", ".join(sorted({one.mechanism for one in engines}))
        return PrivacySpend(total, sum(one.delta for one in engines), names, events)


TRAININGS = Trainings()


def install(module: Any, guard: Guard, delta_for: Callable[[], float | None]) -> None:
    """Wrap ``PrivacyEngine`` of the imported module ``opacus.privacy_engine``, once.

    Args:
        guard: keeps our own errors out of the user's training.
        delta_for: delta of the policy's privacy budget for the data in use, None where it has none.
    """
    engine = module.PrivacyEngine
    if getattr(engine, "_tdsec_installed", False):
        return
    make_private, with_epsilon = engine.make_private, engine.make_private_with_epsilon

    @functools.wraps(make_private)
    def private(self: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_gdp(self)
        result = make_private(self, *args, **kwargs)
        with guard("privacy accounting"):
            target = getattr(self, "_tdsec_target_delta", None)
            _attach(self, result, kwargs, target)
        return result

    @functools.wraps(with_epsilon)
    def private_with_epsilon(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._tdsec_target_delta = kwargs.get("target_delta")
        return with_epsilon(self, *args, **kwargs)

    def _attach(self: Any, result: Any, kwargs: dict[str, Any], delta: float | None) -> None:
        optimizer, loader = result[1], result[-1]
        size = len(loader.dataset)
        training = Training(
            accountant=self.accountant,
            poisson=kwargs.get("poisson_sampling", True) is True,
            sample_rate=1 / len(loader),
            epoch=len(loader),
            size=size,
            noise=float(kwargs["noise_multiplier"]),
            clip=str(kwargs["max_grad_norm"]),
            delta=delta or 1 / (10 * size),
            policy_delta=delta_for,
        )
        TRAININGS.found.append(training)
        counted = optimizer.step_hook

        def hook(stepping: Any) -> None:
            counted(stepping)
            with guard("privacy accounting"):
                training.stepped()

        optimizer.attach_step_hook(hook)

    engine.make_private, engine.make_private_with_epsilon = private, private_with_epsilon
    engine._tdsec_installed = True


def _refuse_gdp(engine: Any) -> None:
    """The gdp accountant understates epsilon (measured 6.44 where the true bound is 7.70)."""
    if engine.accountant.mechanism() == "gdp":
        raise ConfigurationError(
            "the gdp accountant understates epsilon",
            where="opacus.PrivacyEngine",
            expected="accountant 'prv' or 'rdp'",
            found="'gdp'",
        )


def _active_run() -> str | None:
    mlflow = sys.modules.get("mlflow")
    run = mlflow.active_run() if mlflow is not None else None
    return None if run is None else str(run.info.run_id)


def _client() -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient()
