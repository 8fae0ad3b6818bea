"""Lifetimes: how long what enters a stock stays there, one small module per family of distributions.

Reading the table of kinds (`LIFETIME_KINDS`) imports no scipy; a family is loaded when a lifetime of its kind
is made.
"""

from mfa.core.lifetime.kinds import LIFETIME_KINDS
from mfa.core.lifetime.lifetime import Lifetime

__all__ = ["LIFETIME_KINDS", "Lifetime"]
