"""The families of lifetimes, one module each; `FAMILY` is what a module gives."""
