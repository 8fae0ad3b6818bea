"""Documents: text in, resolved document out; no arrays.

`reader` turns text into a `tree` with places; `imports`, `variants` and `paths` merge and change it;
`schema` and `values` are the grammar, and `refusals` speaks for it; `checks` hold the parts together;
`resolve` does it all and gives a `document`, which `describe` shows.
"""
