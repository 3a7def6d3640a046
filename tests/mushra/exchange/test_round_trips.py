"""Importing what was exported gives the same table, for any table, in every format."""

import io
import json
import zipfile

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from mushra.exchange import FORMATS, ExchangeError, Names, Package, neutralise, pack, read, restore, tidy, unpack, write
from mushra.exchange.write import csv_text
from mushra.screening import POLICIES, screen
from mushra.table import COLUMNS, KINDS

# Excel and Parquet hold no surrogates, Excel no control characters.
LETTERS = st.characters(exclude_categories=("Cs", "Cc"))
NAMES = st.text(LETTERS, min_size=1, max_size=8).filter(lambda text: text.strip() != "" and text != "_x000D_")
HARD_NAMES = st.sampled_from(
    ["007", "=1+1", "+a", "-5", "'=x", "''-y", "@cmd", 'a"b', "a,b;c", "1e5", "ä ö", "reference"]
)
SCORES = st.one_of(st.none(), st.floats(0, 100), st.integers(0, 100).map(float))
SECONDS = st.one_of(st.none(), st.integers(0, 10**7).map(lambda ms: ms / 1000))


@st.composite
def tables(draw):
    """A tidy table with hard names, several kinds, repeats and gaps."""
    keys = draw(
        st.lists(
            st.tuples(NAMES | HARD_NAMES, NAMES | HARD_NAMES, st.sampled_from(KINDS), st.integers(0, 2)),
            min_size=1,
            max_size=8,
            unique=True,
        )
    )
    rows = []
    for listener, recording, kind, repeat in keys:
        rows.append(
            {
                **{"study": "s", "listener": listener, "session": listener, "page": recording, "repeat": repeat},
                **{"recording": recording, "condition": "codec +x" if kind == "system" else kind, "kind": kind},
                **{"score": draw(SCORES), "seconds": draw(SECONDS), "plays": float("nan")},
                "comment": draw(st.text(LETTERS, max_size=5) | HARD_NAMES),
            }
        )
    rows[0]["score"] = 50.0
    table = pd.DataFrame(rows)
    text = {name: str for name in table.columns if name not in ("repeat", "score", "seconds", "plays")}
    return table.astype({**text, "score": float, "seconds": float, "plays": float})


@pytest.mark.parametrize("form", FORMATS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables())
def test_every_format_gives_back_the_table(tmp_path, form, table):
    if form == "webmushra":
        # Names of signals are webMUSHRA's own; so is a recording that looks like a repeat.
        table["condition"] = table["condition"].where(table["kind"] == "system", table["kind"])
    path = tmp_path / "table"
    assert write(table, path, form) == []
    assert_frame_equal(read(path).table, table)


@settings(deadline=None)
@given(st.text(max_size=12) | HARD_NAMES)
def test_neutralised_text_is_no_formula_and_comes_back(text):
    safe = neutralise(text)
    assert restore(safe) == text
    if safe.startswith(("=", "+", "-", "@", "\t", "\r")):
        float(safe)


@settings(deadline=None, max_examples=30)
@given(table=tables())
def test_a_package_gives_back_everything(table):
    policy = POLICIES["bs1534-3"]
    decisions = json.loads(json.dumps(screen(table, policy).to_dict()))
    package = Package(table, "pages: []\n", policy, decisions)
    data = pack(package)
    found = unpack(data)
    assert_frame_equal(found.table, table)
    assert (found.config, found.policy, found.decisions) == (package.config, policy, decisions)
    assert pack(package) == data


@settings(deadline=None, max_examples=40)
@given(table=tables())
def test_wide_tables_become_long_ones(table):
    table = table[table["repeat"] == 0].drop_duplicates(["listener", "recording"])
    if table.empty or table["score"].isna().all():
        return
    wide = pd.DataFrame({"listener": table["listener"], "item": table["recording"], "ref": table["score"], "x": 1.0})
    found = tidy(wide, Names()).table
    back = found[found["condition"] == "ref"].reset_index(drop=True)
    assert back["score"].to_list() == pytest.approx(table["score"].to_list(), nan_ok=True)
    assert set(back["kind"]) == {"reference"}
    assert (found["condition"] == "x").sum() == len(table)


@settings(deadline=None, max_examples=200)
@given(
    data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
    prefix=st.sampled_from(
        [
            b"",
            b"PAR1",
            b"[",
            b"PK\x03\x04",
            b"RIFF",
            b"listener,item,condition,score\n",
            b"trial_id,rating_stimulus,rating_score\n",
            b"Tags,,\nName,Date,\n",
            b"wm_id;responses_score;responses_stimulus\n",
            b"pages:\n",
        ]
    ),
)
def test_whatever_the_bytes_the_error_is_ours(tmp_path_factory, data, prefix):
    path = tmp_path_factory.mktemp("fuzz") / "file"
    path.write_bytes(prefix + data)
    try:
        read(path)
    except ExchangeError as error:
        assert str(error).startswith(str(path))


@settings(deadline=None, max_examples=100)
@given(table=tables(), place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_package_is_never_taken_for_good(table, place, byte):
    data = bytearray(pack(Package(table)))
    place %= len(data)
    if data[place] == byte:
        return
    data[place] = byte
    try:
        found = unpack(bytes(data))
    except ExchangeError:
        return
    # Bytes of the zip's own book-keeping may change without harm; what was written may not.
    assert_frame_equal(found.table, table)


def repacked(data, change):
    """A package with its files changed, and its zip sound."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda files: files.update({"ratings.csv": b"other"}), "ratings.csv in the package was changed"),
        (lambda files: files.pop("ratings.parquet"), "lacks ratings.parquet"),
        (lambda files: files.update({"more.txt": b"x"}), "holds more.txt"),
        (lambda files: files.update({"study.json": b"{}"}), "missing or broken"),
        (
            lambda files: files.update({"study.json": files["study.json"].replace(b'"version": 1', b'"version": 2')}),
            "2",
        ),
    ],
)
def test_a_package_that_was_changed_is_refused(change, says):
    table = tidy(pd.DataFrame({"listener": ["1"], "item": ["a"], "condition": ["x"], "score": [5]})).table
    with pytest.raises(ExchangeError, match=says):
        unpack(repacked(pack(Package(table)), change))


def test_a_csv_of_ours_has_the_columns_of_the_product_in_order():
    table = tidy(pd.DataFrame({"listener": ["007"], "item": ["a"], "condition": ["ref"], "score": ["5.50"]})).table
    assert csv_text(table) == ",".join(COLUMNS) + "\n,007,,,0,a,ref,reference,5.5,,\n"
