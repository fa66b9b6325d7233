"""Why a settlement is refused: each says what was found, what was expected and what to do."""

from __future__ import annotations

from jicha.errors import ExplainedError


class SettleProblem(ExplainedError):
    """A settlement that cannot be worked out from what was given."""


class NoLaw(SettleProblem):
    """No version of a provision is in force on the day of the act."""


class MultipleAboveLaw(SettleProblem):
    """A multiple above the one that the rule allows."""


class NoCorrection(SettleProblem):
    """A fault under which the meter registers nothing on balance, so that no factor can restore the energy."""


class ImpossibleInput(SettleProblem):
    """A value that the formula has no meaning for."""


def require(holds: bool, *, where: str, found: object, expected: str, remedy: str) -> None:
    """Raise ImpossibleInput unless the condition holds."""
    if not holds:
        raise ImpossibleInput(where=where, found=str(found), expected=expected, remedy=remedy)
