"""webMUSHRA's results and config: the real export, and each of its traps in small."""

import pytest

from mushra.exchange import ExchangeError, Names, read, read_all, read_config, write
from mushra.exchange.config_check import check_config
from mushra.screening import POLICIES, screen

HEADER = "session_test_id,age,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment\n"
CONFIG = """
testname: Two codecs
testId: two
pages:
  - type: generic
    id: welcome
  - - random
    - type: mushra
      id: drums+saw
      reference: a.wav
      createAnchor35: true
      createAnchor70: true
      stimuli: {C1+x: b.wav, "007": c.wav}
    - type: likert_single_stimulus
      id: liked
    - type: mushra
      id: unrated
      reference: a.wav
      stimuli: {C1+x: b.wav}
  - type: finish
    questionnaire:
      - {type: number, name: age}
"""


@pytest.fixture
def results(tmp_path):
    def written(body, header=HEADER, name="r.csv"):
        path = tmp_path / name
        path.write_text(header + body)
        return path

    return written


def test_the_real_export_survives_byte_for_byte(export, tmp_path):
    path = export / "webmushra_results.csv"
    found = read(path)
    assert found.format == "webMUSHRA CSV"
    assert (len(found.table), found.table["listener"].nunique(), found.table["recording"].nunique()) == (2288, 22, 13)
    write(found.table, tmp_path / "tidy.csv", "csv")
    again = read(tmp_path / "tidy.csv")
    write(again.table, tmp_path / "back.csv", "webmushra")
    assert (tmp_path / "back.csv").read_bytes() == path.read_bytes()


def test_the_real_export_with_its_config_gets_its_plus_signs_back(export):
    found, config = read_all([export])
    assert set(found.table["recording"]) == {page.id for page in config.trials}
    said = [text for text in found.warnings if "lost their +" in text]
    assert len(said) == 1 and "drums+saw_anech" in said[0]
    assert not any("lack" in text or "nobody" in text for text in found.warnings)


def test_bs1534_removes_8_of_the_22_listeners_of_the_real_export(export):
    assert len(screen(read(export / "webmushra_results.csv").table, POLICIES["bs1534-3"]).excluded) == 8


def test_a_row_becomes_a_tidy_row(results):
    table = read(results('two,26,u1,drums saw,reference,100,1500,"so, so"\n')).table
    row = table.iloc[0].to_dict()
    assert (row["study"], row["listener"], row["recording"], row["kind"]) == ("two", "u1", "drums saw", "reference")
    assert (row["score"], row["seconds"], row["answer.age"], row["comment"]) == (100, 1.5, "26", "so, so")


def test_page_time_and_lost_plus_signs_are_warned_of(results):
    said = " ".join(read(results("two,26,u1,drums saw,C1,100,1500,\n")).warnings)
    assert "whole page" in said and "'drums saw' may be such" in said


def test_with_the_config_names_get_their_plus_back_and_gaps_are_named(results, tmp_path):
    path = results("two,26,u1,drums saw,C1 x,40,1500,\ntwo,26,u1,drums saw,007,50,1500,\n")
    (tmp_path / "config").write_text(CONFIG)
    found, _ = read_all([path, tmp_path / "config"])
    assert set(found.table["recording"]) == {"drums+saw"}
    assert set(found.table["condition"]) == {"C1+x", "007"}
    said = " | ".join(found.warnings)
    assert "nobody rated unrated" in said
    assert "drums+saw lack anchor35, anchor70, reference" in said
    assert "likert_single_stimulus are kept but not run here: liked" in said


def test_names_that_differ_by_a_plus_alone_are_left_and_named(results, tmp_path):
    (tmp_path / "config").write_text(
        "testId: two\npages:\n" + "".join(f"  - {{type: mushra, id: {name}}}\n" for name in ("a+b c", "a b+c"))
    )
    found, _ = read_all([results("two,26,u1,a b c,x,40,1500,\n"), tmp_path / "config"])
    assert set(found.table["recording"]) == {"a b c"}
    assert any("may have been any of a b+c, a+b c" in text for text in found.warnings)


def test_sessions_with_other_questions_keep_their_ratings(results):
    body = "two,26,u1,drums,C1,40,1500,\ntwo,31,piano,u2,drums,C1,50,1600,\n"
    found = read(results(body))
    assert found.table["score"].to_list() == [40, 50]
    assert found.table["answer.age"].to_list() == ["26", ""]
    assert found.table["listener"].to_list() == ["u1", "u2"]
    assert any("1 rows (first on line 3)" in text for text in found.warnings)


def test_a_header_that_comes_again_is_left_out_and_named(results):
    found = read(results("two,26,u1,d,C1,40,15,\n" + HEADER + "two,26,u2,d,C1,40,15,\n"))
    assert len(found.table) == 2
    assert any("header comes again on line 3" in text for text in found.warnings)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("two,u1,d,40\n", "line 2 has 4 fields"),
        ("two,26,u1,d,C1,140,15,\n", "line 2: the score 140"),
        ("two,26,u1,d,C1,x,15,\n", "line 2: score is 'x'"),
        ("two,26,u1,d,C1,40,15,\ntwo,26,u1,d,C1,41,15,\n", "line 3: listener u1 rates d C1 a second time"),
        ("two,26,,d,C1,40,15,\n", "line 2: listener is empty"),
        ("", "no rows"),
    ],
)
def test_broken_results_are_refused_with_the_line(results, body, says):
    with pytest.raises(ExchangeError, match=says):
        read(results(body))


def test_results_without_uuid_need_a_listener_column(results):
    header = "session_test_id,email,trial_id,rating_stimulus,rating_score,rating_time,rating_comment\n"
    path = results("two,a@b,d,C1,40,15,\n", header)
    with pytest.raises(ExchangeError, match="no column session_uuid"):
        read(path)
    assert read(path, Names({"listener": "email"})).table["listener"].to_list() == ["a@b"]


def test_paired_comparisons_are_named_not_guessed(results):
    header = "session_test_id,trial_id,choice_reference,choice_non_reference,choice_answer,choice_time,choice_comment\n"
    with pytest.raises(ExchangeError, match="paired comparison"):
        read(results("two,d,a,b,a,15,\n", header))


def test_what_webmushra_has_no_place_for_is_named(results, tmp_path):
    table = read(results("two,26,u1,d,C1,40,15,\n")).table.assign(plays=3.0, session="other")
    assert write(table, tmp_path / "o.csv", "webmushra") == [
        "webMUSHRA's CSV has no place for session, plays: left out"
    ]


@pytest.mark.parametrize("change", [{"condition": "anchor35"}, {"recording": "d (repeat 1)"}])
def test_names_that_would_read_back_as_others_are_refused(results, tmp_path, change):
    table = read(results("two,26,u1,d,C1,40,15,\n")).table.assign(**change)
    with pytest.raises(ExchangeError):
        write(table, tmp_path / "o.csv", "webmushra")
    assert not (tmp_path / "o.csv").exists()


def test_all_page_types_are_kept_and_those_not_run_are_named():
    types = ["generic", "consent", "volume", "mushra", "bs1116", "paired_comparison", "likert_multi_stimulus", "x"]
    config = read_config(("pages:\n" + "".join(f"- {{type: {name}, id: p-{name}}}\n" for name in types)).encode())
    assert [page.type for page in config.pages] == types
    named = " ".join(config.warnings)
    assert [name for name in types if f"p-{name}" in named] == types[4:]


def test_groups_are_flattened_and_ids_stay_text():
    config = read_config(CONFIG.encode())
    assert [(page.id, page.random) for page in config.pages if page.id] == [
        ("welcome", False),
        ("drums+saw", True),
        ("liked", True),
        ("unrated", True),
    ]
    assert config.trials[0].conditions == ["reference", "anchor35", "anchor70", "C1+x", "007"]
    assert config.questions == ["age"]


# Each group holds the one before nine times: 9 lines that would be 43 million pages.
LAUGHS = "x: &a0 [{type: generic}]\n"
LAUGHS += "".join(f"x{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)) + "pages: *a8\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\n", "no list of pages"),
        ("pages:\n- {type: mushra, stimuli: {a: x, a: y}}\n", "line 2: .*'a' comes twice"),
        ("pages:\n- [}\n", "line 2: the YAML is broken"),
        ("pages:\n- {id: a}\n", "has no type"),
        ("pages: &p\n- *p\n", "recursive"),
        (LAUGHS, "more than 10000 pages"),
    ],
)
def test_broken_configs_are_refused(text, says):
    with pytest.raises(ExchangeError, match=says):
        read_config(text.encode())


def findings(pages):
    return [(one.level, one.text) for one in check_config(read_config(f"testId: t\npages:\n{pages}".encode()))]


MANY = "{" + ", ".join(f"s{n}: {n}.wav" for n in range(12)) + "}"


@pytest.mark.parametrize(
    ("page", "level", "says"),
    [
        ("- {type: generic, id: a}", "error", "no page of type mushra"),
        ("- {type: mushra, id: a, stimuli: {x: y}}", "error", "no reference"),
        ("- {type: mushra, id: a, reference: r}", "error", "no stimuli"),
        ("- {type: mushra, reference: r, stimuli: {x: y}}", "error", "without id"),
        ("- {type: mushra, id: a, reference: r, stimuli: {anchor35: y}}", "error", "called anchor35"),
        (f"- {{type: mushra, id: a, reference: r, stimuli: {MANY}}}", "error", "13 signals: at most 12"),
        ("- {type: mushra, id: a, reference: r, stimuli: {x: y}, showConditionNames: true}", "error", "listeners see"),
        ("- {type: mushra, id: a, reference: r, stimuli: {x: y}, randomize: false}", "warning", "randomize is off"),
        ("- {type: mushra, id: a+b, reference: r, stimuli: {x: y}}", "warning", "becomes a space"),
        ("- {type: mushra, id: a, reference: r, stimuli: {x: y}}", "warning", "no 7 kHz anchor on 1 of 1"),
        ("- {type: mushra, id: a, reference: r, stimuli: {x: y}}", "warning", "1 items for 1 systems: 5 at least"),
        ("- {type: mushra, id: a, reference: r, stimuli: {x: y}}", "warning", "no page has training"),
        (
            "- {type: mushra, id: a, reference: r, createAnchor70: true, stimuli: {x: y}}\n"
            "- {type: mushra, id: b, reference: r, stimuli: {x: y}}",
            *("warning", "no 7 kHz anchor on 1 of 2 items (b); both"),
        ),
    ],
)
def test_what_a_config_has_wrong_is_found(page, level, says):
    assert any(said == level and says in text for said, text in findings(page))


def test_a_config_as_the_recommendation_wants_it_has_no_findings():
    page = "  - {type: mushra, id: i%d, reference: r, createAnchor35: true, createAnchor70: true, stimuli: {x: y}}\n"
    training = page[2:].replace("i%d", "Training 1")
    items = "- - random\n" + "".join(page % n for n in range(5))
    assert findings(training + items) == []
    # The page for training is none of the five.
    four = "- - random\n" + "".join(page % n for n in range(4))
    assert findings(training + four) == [("warning", "4 items for 1 systems: 5 at least (BS.1534-3 p 13)")]
