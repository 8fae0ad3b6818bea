"""Imports, variants, settings, places, folders, identity."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from mfa.errors import DocumentError, MissingFile
from mfa.spec.resolve import Document, load_document, read_document

SYSTEM = """
mfa: 1
processes: {mine: {kind: source}, plant: {}, use: {kind: sink}, losses: {kind: sink}}
flows:
  mined: {from: mine, to: plant}
  made: {from: plant, to: use}
  lost: {from: plant, to: losses}
transfers: {plant: {made: 0.7, lost: rest}}
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder / "main.yaml"


def share(document: Document) -> float | None:
    value = document.spec.transfers["plant"]["made"]
    assert not isinstance(value, str)
    return value.value


def test_importing_file_wins_maps_merge_lists_replace(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        model__base=SYSTEM + "dimensions: {region: [A, B], application: [x]}\ntitle: base\n",
        main="""
            mfa: 1
            import: model/base.yaml
            dimensions: {region: [C]}
            transfers: {plant: {made: {value: 0.8, sd: 0.1}}}
            """,
    )
    document = load_document(main)
    assert document.files == (main, tmp_path / "model/base.yaml")
    assert document.spec.title == "base"
    assert document.spec.dimensions["region"].labels == ("C",)
    assert document.spec.dimensions["application"].labels == ("x",)
    assert share(document) == 0.8
    assert document.spec.transfers["plant"]["lost"] == "rest"


def test_places_and_folders_follow_the_file_a_value_is_written_in(tmp_path: Path) -> None:
    (tmp_path / "model/data").mkdir(parents=True)
    (tmp_path / "model/data/r.csv").write_text("region\nA\n")
    main = write(
        tmp_path,
        model__base=SYSTEM + "dimensions:\n  region: {file: data/r.csv}\n",
        main="mfa: 1\nimport: model/base.yaml\nflows:\n  mined: {label: Mining}\n",
    )
    document = load_document(main)
    assert document.folder("dimensions", "region", "file") == (tmp_path / "model").absolute()
    assert document.folder("flows", "mined", "label") == tmp_path.absolute()
    assert document.folder("flows", "mined", "from") == (tmp_path / "model").absolute()
    place = document.place("flows", "mined", "label")
    assert place is not None
    assert (place.file, place.line) == (str(main), 4)
    problem = document.problem("unit", "no", "flows", "mined", "label", hint="h")
    assert problem.source_line == "  mined: {label: Mining}"
    assert "file: [model/data/r.csv]" in document.text() or "file: model/data/r.csv" in document.text()


def test_a_diamond_lays_the_shared_file_once_at_the_bottom(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        shared=SYSTEM + "title: shared\n",
        left="import: shared.yaml\ntitle: left\n",
        right="import: shared.yaml\ndescription: right\n",
        main="mfa: 1\nimport: [left.yaml, right.yaml]\n",
    )
    document = load_document(main)
    assert document.spec.title == "left"
    assert document.spec.description == "right"
    assert sorted(p.name for p in document.files) == ["left.yaml", "main.yaml", "right.yaml", "shared.yaml"]


def test_an_import_circle_of_one_is_refused(tmp_path: Path) -> None:
    _, problems = read_document(write(tmp_path, main="mfa: 1\nimport: main.yaml\n"))
    assert [p.code for p in problems] == ["import-cycle"]
    assert "main.yaml -> main.yaml" in problems[0].text


def test_a_replaced_list_leaves_no_places_behind(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        base=SYSTEM + "dimensions: {region: {labels: [A, B], titles: {A: a}}}\n",
        main="import: base.yaml\ndimensions:\n  region: [C]\n",
    )
    document = load_document(main)
    place = document.place("dimensions", "region", "labels", 1)
    assert place is not None
    assert place.file == str(main)


VARIANTS = """
observations: {a: {of: mined, value: 3 kt, sd: 1, source: usgs}}
sources: {usgs: {title: USGS}}
constraints: {quota: {of: mined, max: 5 kt}}
dimensions: {region: [A, B, C]}
variants:
  no_quota: {drop: [constraints.quota]}
  better: {set: {transfers.plant.made: {value: 0.95, sd: 0.02}}}
  both: {from: [no_quota, better], set: {transfers.plant.made.sd: 0.01}}
  fewer: {drop: dimensions.region.0}
  bases: {from: [both, better]}
"""


def test_variants_apply_from_then_set_then_drop(tmp_path: Path) -> None:
    main = write(tmp_path, main=SYSTEM + VARIANTS)
    plain, both = load_document(main), load_document(main, variant="both")
    assert (share(plain), share(both)) == (0.7, 0.95)
    assert "quota" in plain.spec.constraints
    assert "quota" not in both.spec.constraints
    made = both.spec.transfers["plant"]["made"]
    assert not isinstance(made, str)
    assert made.sd == 0.01
    assert both.variant == "both"
    assert len({plain.identity, both.identity}) == 2


def test_a_variant_reached_twice_applies_once(tmp_path: Path) -> None:
    document = load_document(write(tmp_path, main=SYSTEM + VARIANTS), variant="bases")
    made = document.spec.transfers["plant"]["made"]
    assert not isinstance(made, str)
    assert made.sd == 0.01


def test_dropping_an_item_moves_the_others_up(tmp_path: Path) -> None:
    document = load_document(write(tmp_path, main=SYSTEM + VARIANTS), variant="fewer")
    assert document.spec.dimensions["region"].labels == ("B", "C")
    place = document.place("dimensions", "region", 0)
    assert place is not None
    assert document.origin.line(place)[place.column - 1] == "B"


def test_a_set_mapping_replaces_the_old_value_whole(tmp_path: Path) -> None:
    text = SYSTEM.replace("made: 0.7", "made: {value: 0.7, sd: 0.1}")
    document = load_document(write(tmp_path, main=text), set={"transfers.plant.made": {"value": 0.9}})
    made = document.spec.transfers["plant"]["made"]
    assert not isinstance(made, str)
    assert (made.value, made.sd) == (0.9, None)


def test_settings_from_text_and_from_python_agree(tmp_path: Path) -> None:
    main = write(tmp_path, main=SYSTEM)
    text = load_document(main, set=["transfers.plant.made=0.8", "solve.robust=huber", "name=NO"])
    python = load_document(
        main, set={"transfers.plant.made": np.float64(0.8), "solve.robust": "huber", "name": "NO"}
    )
    assert share(text) == 0.8
    assert text.spec.name == "NO"
    assert text.identity == python.identity


def test_a_setting_inside_a_number_keeps_the_number(tmp_path: Path) -> None:
    document = load_document(write(tmp_path, main=SYSTEM), set={"transfers.plant.made.sd": 0.05})
    made = document.spec.transfers["plant"]["made"]
    assert not isinstance(made, str)
    assert (made.value, made.sd) == (0.7, 0.05)
    assert document.folder("transfers", "plant", "made", "sd") == tmp_path.absolute()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("transfers.plnt.made", "patch-nothing"),
        ("transfers.plant.made.standard", "patch-nothing"),
        ("solve.robust.more", "patch-nothing"),
        ("observations.new", "patch-nothing"),
        ("flows.mined.from.0", "patch-nothing"),
        ("flows..mined", "path"),
        ("", "path"),
        ("variants.a", "path"),
        ('flows."mined', "path"),
    ],
)
def test_settings_that_hit_nothing(tmp_path: Path, path: str, code: str) -> None:
    _, problems = read_document(write(tmp_path, main=SYSTEM), set={path: 1})
    assert [p.code for p in problems] == [code]


def test_quoted_segments_and_numbers_as_keys(tmp_path: Path) -> None:
    text = SYSTEM + (
        'sources: {"a.b": {title: x}}\ndimensions: {year: {range: [2020, 2021]}}\n'
        "constraints: {c: {of: mined, max: {data: {2020: 1, 2021: 2}, dims: year}}}\n"
    )
    document, problems = read_document(
        write(tmp_path, main=text), set={'sources."a.b".title': "y", "constraints.c.max.data.2021": 5}
    )
    assert document is None
    assert [p.code for p in problems] == ["identifier"]
    document = load_document(
        write(tmp_path, main=text.replace("a.b", "ab")),
        set={"sources.ab.title": "y", "constraints.c.max.data.2021": 5},
    )
    limit = document.spec.constraints["c"].max
    assert limit is not None
    assert limit.data == {2020: 1, 2021: 5}


def test_unknown_variant_without_variants(tmp_path: Path) -> None:
    _, problems = read_document(write(tmp_path, main=SYSTEM), variant="x")
    assert [(p.code, p.hint) for p in problems] == [("unknown-variant", "there are none")]


def test_python_mappings_have_no_places() -> None:
    source = {"mfa": 1, "processes": {"mine": {"kind": "sourc"}}}
    _, problems = read_document(source)
    assert [(p.code, p.where) for p in problems] == [("choice", None)]
    document = load_document(
        {"mfa": 1, "processes": {"mine": {}}, "dimensions": {"year": {"range": (2020, 2021)}}}
    )
    assert document.place("processes") is None
    assert document.files == ()
    assert [p.code for p in document.warnings] == ["idle-process"]


def test_text_reads_back_as_the_same_document(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/r.csv").write_text("region\nNO\nNA\n")
    text = SYSTEM + VARIANTS.replace("[A, B, C]", "{file: data/r.csv}").replace(
        "dimensions.region.0", "bases"
    )
    text = text.replace("dimensions: {", "bases: {}\ndimensions: {year: {range: [2020, 2022]}, ")
    text += """
stocks: {in_use: {at: plant2, lifetime: {weibull: {mean: 15, shape: 3.5}}}}
outputs: {indicators: {r: made / (mined + 1e-9)}, figures: {f: {kind: sankey, of: made, at: {year: 2020}}}}
"""
    text = text.replace("plant: {}", "plant: {}, plant2: {kind: stock}")
    main = write(tmp_path, main=text)
    document = load_document(main)
    again = load_document(write(tmp_path, again=document.text()).with_name("again.yaml"))
    assert again.text() == document.text()
    assert again.identity == document.identity
    assert str(tmp_path) not in document.text()
    assert "variants" not in document.text()


def test_identity_does_not_depend_on_the_folder(tmp_path: Path) -> None:
    identities = set()
    for name in ("one", "two/three"):
        folder = tmp_path / name
        main = write(folder, model__base=SYSTEM, main="mfa: 1\nimport: model/base.yaml\n")
        identities.add(load_document(main).identity)
    assert len(identities) == 1


def test_absolute_paths_do_not_enter_the_text(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("region\nA\n")
    text = SYSTEM + f"dimensions: {{region: {{file: {tmp_path / 'r.csv'}}}}}\n"
    document = load_document(write(tmp_path, main=text))
    assert str(tmp_path) not in document.text()
    assert "file: r.csv" in document.text()


def test_shorthands_of_one_meaning_have_one_identity(tmp_path: Path) -> None:
    short = load_document(write(tmp_path, main=SYSTEM))
    full = load_document(write(tmp_path, main=SYSTEM.replace("made: 0.7", "made: {value: 70%}")))
    assert short.identity == full.identity


def test_missing_main_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="did you mean"):
        load_document(write(tmp_path, main=SYSTEM).with_name("mian.yaml"))
    with pytest.raises(MissingFile, match="folder"):
        load_document(tmp_path)


def test_a_broken_entry_does_not_make_others_look_broken(tmp_path: Path) -> None:
    text = SYSTEM.replace("from: mine, to: plant", "from: mine, too: plant") + (
        "observations:\n  a: {of: mined, value: 3 kt, sd: 1}\n  b: {of: mind, value: 3 kt, sd: 1}\n"
    )
    _, problems = read_document(write(tmp_path, main=text))
    assert sorted(p.code for p in problems) == ["missing-key", "unknown-key", "unknown-name"]


def test_every_variant_is_checked_even_when_none_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as raised:
        load_document(write(tmp_path, main=SYSTEM + "variants: {v: {set: {transfers.plant.made: much}}}\n"))
    assert [p.code for p in raised.value.problems] == ["value-form"]


def test_the_layer_imports_no_array_libraries() -> None:
    code = (
        "import sys; from mfa.spec import resolve, describe, codes, jsonschema, formula; "
        "heavy = ('pandas', 'xarray', 'numpy', 'scipy', 'pint', 'mfa.core', 'mfa.data'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "code"),
    [("solve.robust", "setting"), ("=3", "setting"), ("name=[", "setting"), ("name=a\nb: 2", "setting")],
)
def test_settings_that_cannot_be_read(tmp_path: Path, text: str, code: str) -> None:
    _, problems = read_document(write(tmp_path, main=SYSTEM), set=[text])
    assert [p.code for p in problems] == [code]


def test_the_import_of_an_imported_file_must_be_paths(tmp_path: Path) -> None:
    main = write(tmp_path, base="import: {a: b}\n" + SYSTEM, main="mfa: 1\nimport: base.yaml\n")
    _, problems = read_document(main)
    assert [(p.code, p.where and p.where.file) for p in problems] == [("type", str(tmp_path / "base.yaml"))]
