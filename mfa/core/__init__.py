"""mfa.core."""
