"""What we dare to say: thresholds with a guarantee, back-off, candidate sets, consistency."""

from coder.decide.decision import Decisions, Reason, Signals, Status, decide, send_to_review
from coder.decide.gold import Gold
from coder.decide.policy import Policy, PolicySet, load_policies, one_of_each
from coder.decide.tuning import TuneResult, tune

__all__ = [
    "Decisions",
    "Gold",
    "Policy",
    "PolicySet",
    "Reason",
    "Signals",
    "Status",
    "TuneResult",
    "decide",
    "load_policies",
    "one_of_each",
    "send_to_review",
    "tune",
]
