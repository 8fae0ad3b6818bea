"""mfa.figures."""
