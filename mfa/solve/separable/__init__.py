"""Linear problems: a separable objective, exact rows, bounds; from one flow to millions.

Reports of one unknown are merged by precision; a report of several becomes an unknown of its own with a row
that says so; a limit becomes a row with a slack. What is left has a diagonal Hessian, its dual has one
unknown a row, and the dual's matrix A V A' (V the variances) is that of a grounded network, which a sparse
LDL' factorises whatever the magnitudes of its flows.
"""
