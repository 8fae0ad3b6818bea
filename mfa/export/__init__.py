"""mfa.export."""
