"""Take facts and batches in: the only writer of decisions."""

from onboarding.intake.batch import Invited
from onboarding.intake.take import Enqueue, Intake, Policy, Shown

__all__ = ["Enqueue", "Intake", "Invited", "Policy", "Shown"]
