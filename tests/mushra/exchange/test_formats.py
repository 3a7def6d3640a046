"""pymushra, BeaqleJS, GoListen, Excel, plain tables: recognised by content, whatever the file is called."""

import json

import openpyxl
import pandas as pd
import pytest

from mushra.exchange import ExchangeError, Names, read, read_all
from mushra.exchange.kinds import kinds

PYMUSHRA = (
    "responses_score;wm_id;questionaire_uuid;responses_stimulus;wm_type;questionaire_name;wm_testId;wm_config;"
    "wm_date;responses_time;responses_comment\n"
    "88;drums;u1;reference;mushra;Ann;t1;configs/a.yaml;2024-01-02 03:04:05;2500;\n"
    "12;drums;u1;anchor35;mushra;Ann;t1;configs/a.yaml;2024-01-02 03:04:05;2500;dull\n"
    "1;pair;u1;C1;paired_comparison;Ann;t1;configs/a.yaml;2024-01-02 03:04:05;2500;\n"
)
BEAQLE = [
    {
        "TestID": "drums",
        "Runtime": 61500,
        "rating": {"Reference": 96, "1": 40, "Anchor": 11},
        "filename": {"1": "a.wav"},
    },
    {"TestID": "left out"},
    {"UserName": "007", "UserEmail": "x@y", "UserComment": "fine"},
]
GOLISTEN = (
    'Tags,,,music,,,,\nName,Date,"Your age?","Drums rating","","",Time (s),\n'.replace(",\n", "\n")
    + ",,,drums_ref.wav,drums_lp35.wav,drums_codecA.wav,\n"
    "Ann,2024-01-02 03:04:05,26,95,10,60,12.5\n"
    "Ann,2024-01-03 03:04:05,31,94,11,,9\n"
)


@pytest.fixture
def file(tmp_path):
    def written(content, name="file.bin"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def test_pymushra(file):
    found = read(file(PYMUSHRA))
    assert found.format == "pymushra CSV"
    table = found.table
    assert table[["listener", "recording", "condition", "kind", "study"]].values.tolist() == [
        ["u1", "drums", "reference", "reference", "t1"],
        ["u1", "drums", "anchor35", "anchor35", "t1"],
    ]
    assert table["score"].to_list() == [88, 12]
    assert table["seconds"].to_list() == [2.5, 2.5]
    assert (table["answer.name"] == "Ann").all()
    assert any("1 rows of other pages (paired_comparison)" in text for text in found.warnings)


def test_beaqlejs_takes_one_file_for_each_listener(file, tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    other = [*BEAQLE[:2], {"UserName": "8"}]
    (folder / "a.txt").write_text(json.dumps(BEAQLE))
    (folder / "b.txt").write_text(json.dumps(other))
    found, _ = read_all([folder])
    assert found.format == "BeaqleJS JSON"
    table = found.table
    assert sorted(set(table["listener"])) == ["007", "8"]
    assert len(table) == 6
    assert dict(zip(table["condition"], table["kind"], strict=True)) == {
        "Reference": "reference",
        "1": "system",
        "Anchor": "anchor35",
    }
    assert (table["seconds"] == 61.5).all()
    assert any("tests without ratings: left out" in text for text in found.warnings)
    assert any("'Anchor' is taken for anchor35" in text for text in found.warnings)


def test_the_same_listener_in_two_files_is_refused(file):
    text = json.dumps(BEAQLE)
    with pytest.raises(ExchangeError, match="listener 007 rates drums Reference in two files"):
        read_all([file(text, "a"), file(text, "b")])


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ('[{"TestID": "a", "rating": {"1": 5}}]', "no UserName"),
        ('[{"TestID": "a", "Preference": "A"}, {"UserName": "x"}]', "no test has a rating"),
        ('[{"TestID": "a", "rating": {"1": "x"}}, {"UserName": "x"}]', "not a number"),
        ('[{"TestID": "a", "rating": {"1": true}}, {"UserName": "x"}]', "not a number"),
        ('[{"TestID": "a", "rating": {"1": 500}}, {"UserName": "x"}]', "outside"),
        ('{"a": 1}', "not a result of BeaqleJS"),
        ("[1, 2", "the JSON is broken"),
        ("[" * 100_000, "broken"),
    ],
)
def test_other_json_is_refused(file, found, says):
    with pytest.raises(ExchangeError, match=says):
        read(file(found))


def test_golisten(file):
    found = read(file(GOLISTEN))
    assert found.format == "GoListen CSV"
    table = found.table
    assert len(table) == 6
    assert table["recording"].unique().tolist() == ["Drums"]
    assert dict(zip(table["condition"], table["kind"], strict=True)) == {
        "ref": "reference",
        "lp35": "anchor35",
        "codecA": "system",
    }
    assert table["listener"].unique().tolist() == ["Ann 2024-01-02 03:04:05", "Ann 2024-01-03 03:04:05"]
    assert table["seconds"].unique().tolist() == [12.5, 9]
    assert table["answer.Your age?"].unique().tolist() == ["26", "31"]
    assert table["score"].isna().sum() == 1


def test_golisten_without_file_names_is_refused(file):
    with pytest.raises(ExchangeError, match="without file names"):
        read(file('Tags,,a\nName,Date,"x rating"\nAnn,2024,5\nBob,2024,4\n'))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_plain_csv_in_any_separator_and_encoding(file, separator, encoding):
    rows = [["Listener", "item", "condition", "score", "note"], ["007", "müsli", "ref", "87.5", "a"]]
    text = "\r\n".join(separator.join(row) for row in rows) + "\r\n\r\n"
    found = read(file(text.encode(encoding)))
    row = found.table.iloc[0]
    assert (row["listener"], row["recording"], row["kind"], row["score"], row["note"]) == (
        *("007", "müsli", "reference", 87.5, "a"),
    )
    assert any("Windows-1252" in text for text in found.warnings) == (encoding == "cp1252")


def test_a_decimal_comma_is_read_and_named(file):
    found = read(file("listener;item;condition;score\n1;a;x;87,5\n"))
    assert found.table["score"].to_list() == [87.5]
    assert any("comma" in text for text in found.warnings)


def test_a_separator_that_the_file_names(file):
    found = read(file("sep=;\r\nlistener;item;condition;score\r\n1;a;x;5,5\r\n"))
    assert found.table["score"].to_list() == [5.5]
    with pytest.raises(ExchangeError, match="line 3: score"):
        read(file("sep=;\nlistener;item;condition;score\n1;a;x;y\n"))


@pytest.mark.parametrize(("score", "warned"), [("4.5", True), ("5.5", False)])
def test_grades_on_another_scale_are_warned_of(file, score, warned):
    found = read(file(LONG + f"1,a,x,{score}\n"))
    assert any("expected on 0-100" in text for text in found.warnings) == warned


def test_excel_keeps_zeros_dates_and_names_other_sheets(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["listener", "item", "condition", "score", "when"])
    book.active.append(["007", 1, "ref", 90, pd.Timestamp("2024-01-02")])
    book.active.append([8, 2.0, "ref", None, None])
    book.create_sheet("more").append(["x"])
    book.save(tmp_path / "book")
    found = read(tmp_path / "book")
    assert found.table["listener"].to_list() == ["007", "8"]
    assert found.table["recording"].to_list() == ["1", "2"]
    assert found.table["when"].to_list() == ["2024-01-02T00:00:00", ""]
    assert any("there are more too" in text for text in found.warnings)


def test_parquet_with_numbers_for_names(tmp_path):
    table = pd.DataFrame({"listener": [7, 8], "item": [1.0, 2.0], "condition": ["ref", "x"], "score": [90, 20]})
    table.to_parquet(tmp_path / "p")
    found = read(tmp_path / "p").table
    assert found["listener"].to_list() == ["7", "8"]
    assert found["recording"].to_list() == ["1", "2"]


def test_parquet_with_an_index_of_names(tmp_path):
    """As pandas writes a pivot table: listener and item are its index."""
    rows = [("007", "a", "ref", 90.0), ("007", "a", "x", 20.0), ("8", "a", "ref", 95.0), ("8", "a", "x", 25.0)]
    table = pd.DataFrame(rows, columns=["listener", "item", "condition", "score"])
    table.pivot(index=["listener", "item"], columns="condition", values="score").to_parquet(tmp_path / "wide")
    found = read(tmp_path / "wide").table
    assert list(found[["listener", "recording", "condition", "score"]].itertuples(index=False, name=None)) == rows


def test_wide_tables(file):
    found = read(file("listener,item,ref,LP 3.5 kHz,codec\n007,a,99,10,\n8,a,98,11,50\n"))
    assert found.format == "wide table, CSV"
    assert found.table["kind"].to_list() == ["reference", "anchor35", "system"] * 2
    assert found.table["score"].isna().sum() == 1
    assert found.warnings == ["read as a wide table, a column for each condition: ref, LP 3.5 kHz, codec"]


def test_text_beside_a_wide_table_is_kept_and_text_among_its_grades_refused(file):
    found = read(file("listener,item,sex,ref,codec\n007,a,f,99,10\n8,a,-,98,11\n"))
    assert found.table[["condition", "score", "sex"]].values.tolist() == [
        *(["ref", 99, "f"], ["codec", 10, "f"]),
        *(["ref", 98, "-"], ["codec", 11, "-"]),
    ]
    with pytest.raises(ExchangeError, match="line 3: codec is '1o', not a number"):
        read(file("listener,item,ref,codec\n007,a,99,10\n8,a,98,1o\n"))


def test_columns_and_conditions_by_other_names(file):
    path = file("subject,song,system,rating,score\n007,a,clean,99,x\n007,a,worst,5,x\n007,a,middle,50,x\n")
    columns = {"listener": "subject", "item": "song", "condition": "system", "score": "rating"}
    found = read(path, Names(columns, reference="clean", anchor_low="worst", anchor_mid="middle"))
    assert found.table["kind"].to_list() == ["reference", "anchor35", "anchor70"]
    assert found.table["score (unused)"].to_list() == ["x"] * 3


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(
            (name, "reference")
            for name in ("reference", "ref", "hidden_ref", "Hidden Reference", "orig", "REF", "HREF")
        ),
        *(
            (name, "anchor35")
            for name in ("anchor35", "lp35", "low", "Anchor 3.5 kHz", "LP3500", "low_anchor", "lp_3k5")
        ),
        *((name, "anchor70") for name in ("anchor70", "lp70", "mid", "7kHz", "lp_7k", "mid-anchor", "Anchor mid")),
        *((name, "system") for name in ("opus_35", "reference2", "mp3", "70", "lower")),
    ],
)
def test_usual_names(name, kind):
    assert kinds([name, "other"], Names())[0][name] == kind


def test_low_mid_and_high_are_levels_not_anchors():
    assert set(kinds(["low", "mid", "high"], Names())[0].values()) == {"system"}


@pytest.mark.parametrize(
    ("conditions", "names", "says"),
    [
        (["ref", "orig"], Names(), "orig and ref look like the reference: name one"),
        (["a"], Names(reference="b"), "no condition is called 'b'"),
        (["a"], Names(reference="a", anchor_low="a"), "two kinds"),
    ],
)
def test_unclear_names_are_refused(conditions, names, says):
    with pytest.raises(ExchangeError, match=says):
        kinds(conditions, names)


LONG = "listener,item,condition,score\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        (LONG, "no rows"),
        ("just some words\nand more\n", "not a table"),
        ("a,b\n1,2\n", "lacks listener, item, condition, score; it has a, b"),
        ("listener,item,condition\n1,a,x\n", "lacks score; it has listener, item, condition. Map"),
        ("listener,item,codec,rating\n1,a,x,5\n", "lacks condition, score"),
        ("listener,item,codec,rating,age\n1,a,x,5,30\n1,a,y,6,30\n", "lacks condition, score"),
        ("listener,item,codec,rating\n1,a,1,5\n1,a,2,6\n", "rates a codec a second time"),
        (LONG + "1,a,x\n", "line 2 has 3 fields, the header 4"),
        (LONG + "1,a,x,5,6\n", "line 2 has 5 fields"),
        (LONG + "1,a,x,five\n", "line 2: score is 'five', not a number"),
        (LONG + "1,a,x,1_0\n", "not a number"),
        (LONG + "1,a,x,inf\n", "not a number"),
        (LONG + "1,a,x,-1\n", "line 2: the score -1 of listener 1 is outside 0-100"),
        (LONG + "1,a,x,100.5\n", "outside 0-100"),
        (LONG + "1,a,x,5\n1,a,x,5\n", "line 3: listener 1 rates a x a second time .first on line 2"),
        (LONG + "1,,x,5\n", "line 2: recording is empty"),
        (LONG + "1,a,x,\n", "no row has a score"),
        (LONG + '1,a,"x,5\n', "line 2: unexpected end of data"),
        ("listener,listener,item,condition,score\n1,1,a,x,5\n", "listener comes twice"),
        ("listener,item,recording,condition,score\n1,a,a,x,5\n", "item and recording are the same to us"),
        ("listener,Listener,item,condition,score\n1,a,a,x,5\n", "listener and Listener are the same"),
        ("listener,item,condition,score,kind\n1,a,x,5,thing\n", "kind is 'thing'"),
        ("listener,item,condition,score,repeat\n1,a,x,5,-1\n", "repeat must be"),
        (b"\x00\x01\x02\x03", "binary"),
        (b"\xff\xfe\x00", "binary"),
        (b"listener,item\n\x80\x81\x05", "binary"),
        (b"RIFF\x00\x00\x00\x00WAVE", "a sound file"),
        (b"PK\x03\x04 broken", "damaged zip"),
        (b"PAR1 broken PAR1", "Parquet file is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old kind"),
        ("testname: a\npages:\n  - {type: generic}\n", "no ratings"),
    ],
)
def test_bad_files_say_what_is_wrong_and_where(file, content, says):
    path = file(content)
    with pytest.raises(ExchangeError, match=says) as error:
        read(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ExchangeError, match="no such file"):
        read(tmp_path / "nothing")


def test_presentations_go_by_their_pages_where_those_tell_them_apart(file):
    """Second presentations in another order: the pages say which grades belong together."""
    head = "listener,item,page,condition,score\n"
    path = file(head + "1,a,p,ref,90\n1,a,q,lp35,30\n1,a,q,ref,95\n1,a,p,lp35,20\n")
    found = read(path)
    assert dict(zip(found.table["score"], found.table["repeat"], strict=True)) == {90: 0, 30: 1, 95: 1, 20: 0}
    assert any("by their pages" in text for text in found.warnings)
    # Pages of single stimuli don't: the order of the file does.
    path = file(head + "1,a,p,ref,90\n1,a,q,lp35,30\n1,a,r,ref,95\n1,a,s,lp35,20\n")
    assert read(path).table["repeat"].to_list() == [0, 0, 1, 1]


def test_where_a_column_tells_repeats_a_second_grade_is_refused(file):
    with pytest.raises(ExchangeError, match="line 3: listener 1 rates a x a second time"):
        read(file("listener,item,condition,score,repeat\n1,a,x,5,0\n1,a,x,6,0\n"))


@pytest.mark.parametrize(("first", "second"), [("0", "1"), ("False", "True"), ("no", "yes"), ("1", "2"), ("", "1")])
def test_what_a_column_of_repeats_may_say(file, first, second):
    found = read(file(f"listener,item,condition,score,repeat\n1,a,x,5,{first}\n1,a,x,6,{second}\n"))
    low, high = found.table["repeat"]
    assert (high - low, found.warnings) == (1, [])


def test_blanks_after_separators_are_for_the_eye(file):
    found = read(file('listener, item, condition, score\n1, "a, b", ref, 99\n1, "a, b",  lp 35, 3\n'))
    assert found.table[["recording", "condition", "kind"]].values.tolist() == [
        ["a, b", "ref", "reference"],
        ["a, b", "lp 35", "anchor35"],
    ]
    # Where the header has none, a cell keeps its own.
    assert read(file(LONG + "1, a,x,5.5\n")).table["recording"].to_list() == [" a"]


def test_a_name_given_wins_over_the_kind_in_the_file(file):
    path = file("listener,item,condition,score,kind\n1,a,x,5,system\n1,a,y,5,system\n")
    assert read(path, Names(reference="x")).table["kind"].to_list() == ["reference", "system"]
    with pytest.raises(ExchangeError, match="no condition is called 'z'"):
        read(path, Names(anchor_low="z"))


def test_columns_that_are_not_there(file):
    with pytest.raises(ExchangeError, match="no column is called subject; there are listener"):
        read(file(LONG + "1,a,x,5\n"), Names({"listener": "subject"}))
    with pytest.raises(ExchangeError, match="maps rater"):
        read(file(LONG + "1,a,x,5\n"), Names({"rater": "listener"}))
