"""Makers of the tables of `models/rare_earths/data`, one module a subject."""
