"""A fuzzer: documents, tables, formulas and saved results with mistakes in them, made by the thousand.

`python -m tests.fuzz --seconds 60 --seed 1 --kind documents` runs it. Every case runs in a child process
with 20 seconds and 2 GiB; the answer must be a result whose numbers are finite, or an `MfaError`. Anything
else is a failure: it is made smaller while it fails in the same way, kept in a folder, and the command that
shows it again is printed.
"""
