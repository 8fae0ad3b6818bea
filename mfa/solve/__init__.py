"""mfa.solve."""
