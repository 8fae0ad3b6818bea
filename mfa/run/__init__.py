"""mfa.run."""
