"""Material flow analysis."""
