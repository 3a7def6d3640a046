"""Which listeners to keep: the paper's rules, BS.1534-3's, or a lab's own."""

from mushra.screening.policy import POLICIES, Policy, PolicyError
from mushra.screening.policy_file import read_policy
from mushra.screening.screen import Exclusion, Fired, ListenerResult, RuleResult, Screening, screen

__all__ = [
    "POLICIES",
    "Exclusion",
    "Fired",
    "ListenerResult",
    "Policy",
    "PolicyError",
    "RuleResult",
    "Screening",
    "read_policy",
    "screen",
]
