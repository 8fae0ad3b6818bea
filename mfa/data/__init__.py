"""Statistics in: tables, labels, evidence, and the connectors that read the files people really have.

:func:`mfa.data.rows.load_rows` is the one path from a table in a scenario to rows of evidence.
"""
