"""Codes of problems with the text of a document, its imports and its variants."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "yaml-syntax": Entry(
        """The text is not YAML. Nothing behind the place can be trusted, so reading stops there. Most
        often a bracket or a quote is left open, or a text begins with a character that means
        something in YAML (@ ` % & * ! | >): put such a text in quotes.""",
        'note: "@ 5 % moisture"',
    ),
    "yaml-tab": Entry(
        """A tab stands in the indentation. YAML allows only blanks there, because a tab has no agreed
        width. Replace the tab by blanks; most editors can do so for the whole file.""",
        "flows:\n  mined: {from: mine, to: oxides}",
    ),
    "yaml-indent": Entry(
        """A line is indented in a way that fits no mapping or list above it, or a `key: value` stands
        where a plain value is expected. The structure of YAML is its indentation: keys of one
        mapping start in the same column. A text that contains `: ` needs quotes.""",
        'title: "Magnets: a global view"',
    ),
    "yaml-alias": Entry(
        """The document has no end, or is nested or repeated beyond any use: an alias inside its own
        anchor, aliases of aliases that multiply, or hundreds of open brackets. Write the value out
        instead.""",
        "a: &share {value: 0.7}\nb: *share",
    ),
    "yaml-documents": Entry(
        """The file holds a second document behind `---`. A scenario is one document; what belongs
        together is joined by `import`.""",
        "import: [model.yaml]",
    ),
    "duplicate-key": Entry(
        """A key stands twice in one mapping. Other readers silently keep the last of the two, and a
        number is lost without a trace. Keep one; both places are named.""",
        "flows:\n  mined: {from: mine, to: oxides}",
    ),
    "merge-key": Entry(
        """`<<` merges one mapping into another in YAML 1.1 and is no part of YAML 1.2. Use `import` to
        share parts between files, or an alias for a whole value.""",
        "import: [common.yaml]",
    ),
    "tag": Entry(
        """A value carries a tag such as `!!python/object` or `!x`. Tags make a reader build objects,
        which a document has no need of and which would let it run code. Delete the tag.""",
    ),
    "key": Entry(
        """A key is something else than a text or a whole number: a list, a boolean, nothing, or a
        number where a name is expected. Put the name in quotes.""",
        '"2024": {kind: source}   # better: a name with a letter',
    ),
    "not-finite": Entry(
        """A value is infinite or NaN. Missing is never a number here: leave the value out, and it is
        treated as unknown. Of an indicator it is a warning: where it divides by 0 it has no value.""",
    ),
    "character": Entry(
        """A text holds a character that no file, table or figure can hold: NUL, or half of a pair
        of surrogates, as an escape such as `\\0` or a text from Python brings it in. Delete it.""",
    ),
    "not-utf8": Entry(
        """The file is not text in UTF-8. Names with accents written in another encoding would be
        garbled, so the file is refused. Save it as UTF-8 in the editor.""",
    ),
    "empty-file": Entry(
        """The file is empty or holds comments only. A scenario is a mapping that starts with its
        version.""",
        "mfa: 1\nname: example",
    ),
    "not-a-mapping": Entry(
        """The document is a list or a single value at its top. A scenario is a mapping from section to
        content.""",
        "mfa: 1\nprocesses: {}",
    ),
    "import-cycle": Entry(
        """Files import each other in a circle, so that none of them can be laid below the others. The
        message names the chain. Move what they share to a file of its own.""",
        "import: [shared.yaml]",
    ),
    "missing-file": Entry(
        """A file that the scenario or the command line names is not there. Paths are relative to the
        file in which they are written. A table that users supply themselves can be marked
        `optional: true`: it then counts as having no rows.""",
        "table: {file: data/comtrade.json, format: comtrade, optional: true}",
    ),
    "not-a-file": Entry(
        """A path leads to a pipe, a device or a socket. Reading from one may never end, and the same
        bytes would not come a second time, so only files are read: the scenario, what it imports,
        tables, files of labels and saved results. Write what it gives into a file and name that.""",
        "dimensions: {region: {file: data/regions.csv}}",
    ),
    "too-large": Entry(
        """Something has more bytes, rows, labels, cells or terms than is accepted. The limits leave
        room for systems of ten million unknowns; what exceeds them is a slip in a number, a damaged
        file, or one made to exhaust the memory of who opens it. The message says which limit, and
        `mfa doctor` lists all of them.""",
        "dimensions: {year: {range: [2015, 2024]}}",
    ),
    "unknown-variant": Entry(
        """A variant is asked for, or named in `from`, that `variants` does not have.""",
        "variants:\n  no_quota: {drop: [constraints.quota]}",
    ),
    "variant-cycle": Entry(
        """Variants start from each other in a circle. The message names the chain. Take one of them
        out of a `from`.""",
        "variants:\n  a: {set: {solve.robust: huber}}\n  b: {from: [a]}",
    ),
    "patch-nothing": Entry(
        """A path in `set`, `drop`, `sweep` or `--set` leads to nothing. A change that hits nothing
        would leave the result as it was without a word. Correct the path; to add something new, set
        the whole mapping it stands in. Keys that have a default may be set even when the document
        does not state them.""",
        "set: {transfers.recycle.recovered: 0.95, solve.robust: huber}",
    ),
    "path": Entry(
        """A path cannot be read. It is a row of names with dots between them; positions in a list
        count from 0; a name that contains a dot stands in quotes.""",
        'set: {transfers.recycle.recovered: 0.95, dimensions.element."0": La}',
    ),
    "setting": Entry(
        """A `--set` is not of the form `path=value`, or its value is not YAML.""",
        "mfa run scenario.yaml --set transfers.magnet.magnets=0.8",
    ),
}
