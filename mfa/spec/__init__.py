"""mfa.spec."""
