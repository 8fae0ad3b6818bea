"""Variances of constrained least squares from one orthogonal factorisation, front by front.

What is unknown is eliminated in small dense groups (fronts) up a tree, exact rows first, then observations by
QR: :mod:`mfa.solve.frontal.tree`, :mod:`mfa.solve.frontal.front`, :mod:`mfa.solve.frontal.eliminate`. On the
way back every front learns the joint spread of its own unknowns: :mod:`mfa.solve.frontal.marginals`.
"""
