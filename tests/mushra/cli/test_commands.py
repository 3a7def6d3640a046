"""The commands as a user runs them: what they print, their JSON, their exit codes, their one line on bad input."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from mushra.cli import main
from mushra.exchange import unpack
from mushra.screening import POLICIES

GRADES = {"ref": (100, 95, 60), "lp35": (10, 12, 90), "lp70": (50, 40, 80), "codec A": (80, 70, 70)}
LISTENERS = ("007", "8", "Zoë")
TABLE = "listener,item,condition,score\n" + "".join(
    f"{listener},{item},{condition},{grades[who]}\n"
    for who, listener in enumerate(LISTENERS)
    for item in ("drums", "voice")
    for condition, grades in GRADES.items()
)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    return path


@pytest.fixture
def call(capsys):
    """Run a command in this process: its exit code, stdout and stderr."""

    def called(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return end.value.code or 0, said.out, said.err

    return called


def test_python_dash_m(table):
    done = subprocess.run(
        [sys.executable, "-m", "mushra", "mos", str(table), "--policy", "nobody"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "mushra: unknown policy 'nobody': there are bs1534-3, paper-test-1, paper-test-2, or name a TOML file\n"
    )


def test_help_names_every_command(call):
    code, out, _ = call("--help")
    assert code == 0
    for name in ("screen", "mos", "compare", "convert", "anchors", "check", "power"):
        assert f" {name} " in out


def test_screen_prints_rules_and_evidence(call, table):
    code, out, err = call("screen", table, "--policy", "bs1534-3")
    assert (code, err) == (0, "")
    assert "bs1534-3: 1 of 3 listeners excluded" in out
    assert "reference_below: 1, over 0.15" in out
    assert "drums ref: 60" in out


def test_json_of_screen(call, table):
    code, out, err = call("screen", table, "--policy", "bs1534-3", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert list(found) == ["policy", "listeners", "kept", "excluded", "warnings", "thresholds"]
    assert found["policy"] == "bs1534-3" and found["thresholds"] == POLICIES["bs1534-3"].to_dict()
    assert found["listeners"] == 3
    assert found["kept"] == ["007", "8"]
    (out_one,) = found["excluded"]
    assert set(out_one) == {"listener", "rules"}
    assert out_one["listener"] == "Zoë"
    rule = out_one["rules"][0]
    assert (rule["rule"], rule["measured"], rule["threshold"]) == ("reference_below", 1.0, 0.15)
    assert {row["score"] for row in rule["evidence"]} == {60}
    assert {row["recording"] for row in rule["evidence"]} == {"drums", "voice"}


def test_json_of_mos(call, table):
    code, out, _ = call("mos", table, "--policy", "bs1534-3", "--json")
    assert code == 0
    found = json.loads(out)
    assert list(found) == ["policy", "stimuli", "thresholds"]
    assert len(found["stimuli"]) == 8
    row = next(row for row in found["stimuli"] if (row["item"], row["condition"]) == ("voice", "codec A"))
    assert (row["kind"], row["n"], row["mos"], row["median"], row["iqr"]) == ("system", 2, 75, 75, 10)
    # Two listeners, 80 and 70: t(1) at 97.5 % is 12.7062.
    assert row["sd"] == pytest.approx(7.0711, abs=1e-4)
    assert row["ci95"] == pytest.approx([75 - 12.7062 * 5, 75 + 12.7062 * 5], abs=1e-3)


def test_what_is_not_known_is_null_in_json(call, tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("listener,item,condition,score\n1,a,ref,100\n")
    row = json.loads(call("mos", path, "--policy", "bs1534-3", "--json")[1])["stimuli"][0]
    assert row["sd"] is None
    assert row["ci95"] == [None, None]


def test_csv_of_mos_is_harmless_in_a_spreadsheet(call, tmp_path):
    path = tmp_path / "evil.csv"
    path.write_text("listener,item,condition,score\n1,=1+1,ref,100\n")
    code, out, _ = call("mos", path, "--policy", "bs1534-3", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert rows[0]["item"] == "'=1+1"
    assert (rows[0]["mos"], rows[0]["sd"]) == ("100.0", "")


def test_mos_for_people(call, table):
    code, out, _ = call("mos", table, "--policy", "bs1534-3")
    assert code == 0
    assert "bs1534-3: 2 of 3 listeners" in out
    assert "codec A" in out and "75.0" in out


def test_a_policy_of_ones_own(call, table, tmp_path):
    (tmp_path / "lab.toml").write_text('name = "lab"\nbased_on = "bs1534-3"\nreference_below = 50\n')
    found = json.loads(call("screen", table, "--policy", tmp_path / "lab.toml", "--json")[1])
    assert found["policy"] == "lab"
    assert found["excluded"] == []


def test_headphones(call, table, tmp_path):
    (tmp_path / "h.csv").write_text("listener,headphones\n007,no\n8,Yes\n")
    arguments = ("screen", table, "--policy", "paper-test-1", "--json")
    found = json.loads(call(*arguments, "--headphones", tmp_path / "h.csv")[1])
    rules = {one["listener"]: [rule["rule"] for rule in one["rules"]] for one in found["excluded"]}
    assert rules["007"] == ["no_headphones"]
    assert "8" in found["kept"]
    assert any("no word on headphones from Zoë" in text for text in found["warnings"])
    without = json.loads(call(*arguments)[1])
    assert any("no word on headphones from 007, 8, Zoë" in text for text in without["warnings"])


def test_names_of_columns_and_conditions(call, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("subject,song,system,rating\n007,a,clean,99\n007,a,dull,5\n007,a,so,50\n")
    options = ["--columns", "listener=subject,item=song, condition=system,score=rating"]
    options += ["--reference", "clean", "--anchor-low", "dull", "--anchor-mid", "so"]
    found = json.loads(call("mos", path, "--policy", "bs1534-3", "--json", *options)[1])
    assert {row["condition"]: row["kind"] for row in found["stimuli"]} == {
        "clean": "reference",
        "dull": "anchor35",
        "so": "anchor70",
    }


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx", "webmushra", "package"])
def test_convert_and_read_back(call, table, tmp_path, form):
    out = tmp_path / "out.bin"
    code, said, err = call("convert", table, "--to", form, "-o", out)
    assert (code, said) == (0, "")
    assert "24 ratings of 3 listeners" in err
    arguments = ("--policy", "bs1534-3", "--json")
    before, after = (json.loads(call("screen", path, *arguments)[1]) for path in (table, out))
    assert (before["kept"], len(before["excluded"])) == (after["kept"], len(after["excluded"]))
    first, second = (json.loads(call("mos", path, *arguments)[1])["stimuli"] for path in (table, out))
    figures = ("item", "kind", "n", "mos", "sd", "ci95", "median", "iqr")
    key = lambda row: (row["item"], row["kind"])  # noqa: E731
    assert [[row[name] for name in figures] for row in sorted(first, key=key)] == [
        [row[name] for name in figures] for row in sorted(second, key=key)
    ]


def test_a_package_keeps_policy_decisions_and_config(call, export, tmp_path):
    out = tmp_path / "study.zip"
    assert call("convert", export, "--to", "package", "--policy", "bs1534-3", "-o", out)[0] == 0
    package = unpack(out.read_bytes())
    assert package.policy == POLICIES["bs1534-3"]
    assert len(package.decisions["excluded"]) == 8
    assert package.config == (export / "webmushra_config.yaml").read_text()
    assert len(package.table) == 2288


def test_the_real_export(call, export):
    found = json.loads(call("screen", export / "webmushra_results.csv", "--policy", "bs1534-3", "--json")[1])
    assert (found["listeners"], len(found["excluded"]), len(found["kept"])) == (22, 8, 14)
    assert {rule["rule"] for one in found["excluded"] for rule in one["rules"]} == {"reference_below"}
    stimuli = json.loads(call("mos", export, "--policy", "bs1534-3", "--json")[1])["stimuli"]
    assert len(stimuli) == 13 * 8
    assert {row["n"] for row in stimuli} == {14}
    assert "drums+saw_anech" in {row["item"] for row in stimuli}


PREDICTED = "item,condition,ours,visqol\n" + "".join(
    f"{item},{condition},{score},{1 + score / 25}\n"
    for item in ("drums", "voice")
    for condition, score in (("ref", 100), ("lp35", 20), ("lp70", 50), ("codec A", 70))
)


def test_compare(call, table, tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("\n".join(",".join(row.split(",")[:3]) for row in PREDICTED.splitlines()) + "\n")
    arguments = ("compare", table, "--predictions", path, "--policy", "bs1534-3", "--json")
    found = json.loads(call(*arguments)[1])
    assert found["policy"] == "bs1534-3"
    assert found["listeners"] == 2
    everything, systems = found["models"]
    assert (everything["model"], everything["over"], everything["n"]) == ("ours", "all", 8)
    assert (systems["over"], systems["n"]) == ("systems", 2)
    # MOS 97.5, 11, 45, 75 on both items.
    errors = np.array([2.5, 9, 5, -5])
    assert everything["rmse"] == pytest.approx(np.sqrt((errors**2).mean()))
    assert everything["r"] == pytest.approx(np.corrcoef([100, 20, 50, 70], [97.5, 11, 45, 75])[0, 1])
    low, high = everything["r_ci95"]
    assert 0 < low <= high <= 1
    assert found["differences"] == []
    # Two listeners' intervals are so wide that no error is beyond them, but for grades that are all the same.
    assert 0 <= everything["rmse_star"] < everything["rmse"]
    code, out, _ = call(*arguments[:-1])
    assert code == 0 and "RMSE" in out


def test_one_listener_for_what_is_predicted_has_no_interval(call, tmp_path):
    (tmp_path / "t.csv").write_text("listener,item,condition,score\n1,a,x,50\n1,a,y,60\n2,b,x,70\n2,b,y,80\n")
    (tmp_path / "p.csv").write_text("item,condition,ours\na,x,40\na,y,70\n")
    code, out, _ = call("compare", tmp_path / "t.csv", "--predictions", tmp_path / "p.csv", "--json")
    model = json.loads(out)["models"][0]
    assert (code, model["n"], model["rmse"]) == (0, 2, 10)
    assert model["r_ci95"] is None and model["rmse_star"] is None


def test_predictions_may_call_columns_as_the_ratings_do(call, table, tmp_path):
    table.write_text(TABLE.replace("item", "song", 1))
    (tmp_path / "p.csv").write_text("song,condition,ours\ndrums,ref,99\ndrums,lp35,20\n")
    arguments = ("compare", table, "--predictions", tmp_path / "p.csv", "--columns", "item=song", "--draws", "0")
    code, out, _ = call(*arguments, "--json")
    assert (code, json.loads(out)["models"][0]["n"]) == (0, 2)


def test_two_models_are_compared(call, table, tmp_path):
    path = tmp_path / "p.csv"
    rows = [row.split(",") for row in PREDICTED.splitlines()[1:]]
    lines = [f"{item},{condition},{score},{100 - float(score)}" for item, condition, score, _ in rows]
    path.write_text("\n".join(["item,condition,ours,upside down", *lines]) + "\n")
    arguments = ("compare", table, "--predictions", path, "--policy", "bs1534-3", "--draws", "500")
    (difference,) = json.loads(call(*arguments, "--json")[1])["differences"]
    assert (difference["first"], difference["second"], difference["n"]) == ("ours", "upside down", 8)
    assert difference["r_first"] == pytest.approx(-difference["r_second"])
    assert difference["rmse_difference"] < 0
    assert "ours against upside down" in call(*arguments)[1]


def test_power_from_a_standard_deviation(call):
    # A paired t-test, d = 10 / 15, alpha 5 %: 20 pairs for 80 % (a standard table: 19.7 rounded up).
    found = json.loads(call("power", "--difference", "10", "--sd", "15", "--json")[1])
    assert found["listeners"] == 20
    assert 0.8 <= found["power"] < 0.83
    code, out, _ = call("power", "--difference", "10", "--sd", "15", "--listeners", "10")
    assert code == 0 and "chance of 47%" in out
    assert json.loads(call("power", "--interval", "5", "--sd", "15", "--json")[1])["listeners"] == 38


def test_power_from_earlier_ratings(call, export):
    found = json.loads(call("power", export, "--interval", "5", "--policy", "bs1534-3", "--json")[1])
    assert found["listeners"] > 20
    found = json.loads(call("power", export, "--difference", "5", "--json")[1])
    assert found["power"] >= 0.8 and found["sd"] > 0


def test_the_bootstrap_interval(call, table):
    arguments = ("mos", table, "--policy", "paper-test-2", "--json")
    by_t, by_bca = (json.loads(call(*arguments, *more)[1]) for more in ((), ("--interval", "bca")))
    assert [row["mos"] for row in by_t["stimuli"]] == [row["mos"] for row in by_bca["stimuli"]]
    assert [row["ci95"] for row in by_t["stimuli"]] != [row["ci95"] for row in by_bca["stimuli"]]


def test_predictions_on_another_scale(call, table, tmp_path):
    path = tmp_path / "p.csv"
    rows = [row.split(",") for row in PREDICTED.splitlines()]
    path.write_text("\n".join(",".join([*row[:2], row[3]]) for row in rows) + "\n")
    arguments = ("compare", table, "--predictions", path, "--json")
    found = json.loads(call(*arguments, "--scale", "1-5")[1])
    assert found["models"][0]["model"] == "visqol"
    assert found["models"][0]["r"] > 0.9
    code, _, err = call("compare", table, "--predictions", path, "--scale", "1-4")
    assert code == 2 and "visqol predicts 5, outside 1-4" in err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("item,score\na,5\n", "lack condition"),
        ("song,condition,ours\na,x,5\n", "lack item; there are song, condition, ours"),
        ("item,condition,score\ndrums,ref,5\ndrums,ref,6\n", "line 3: drums ref comes twice"),
        ("item,condition,score\ndrums,ref,500\n", "outside 0-100"),
        ("item,condition,score\ndrums,ref,x\n", "no column of numbers"),
        ("item,condition,score\nother,ref,5\n", "no stimulus is in both"),
    ],
)
def test_bad_predictions(call, table, tmp_path, text, says):
    (tmp_path / "p.csv").write_text(text)
    code, out, err = call("compare", table, "--predictions", tmp_path / "p.csv")
    assert (code, out) == (2, "")
    assert says in err and err.count("\n") == 1


def test_anchors(call, tmp_path):
    rate = 48_000
    noise = np.random.default_rng(0).normal(0, 0.1, (rate, 2))
    soundfile.write(tmp_path / "ref.wav", noise, rate, subtype="PCM_24")
    code, out, err = call("anchors", tmp_path / "ref.wav", "-o", tmp_path / "made" / "here")
    assert (code, err) == (0, "")
    paths = out.split()
    assert [path.rsplit("/", 1)[1] for path in paths] == ["ref_anchor35.wav", "ref_anchor70.wav"]
    for path, cutoff in zip(paths, (3500, 7000), strict=True):
        info = soundfile.info(path)
        assert (info.frames, info.samplerate, info.channels, info.subtype) == (rate, rate, 2, "PCM_24")
        spectrum = np.abs(np.fft.rfft(soundfile.read(path)[0][:, 0])) ** 2
        assert spectrum[: cutoff - 200].mean() > 1000 * spectrum[cutoff + 1500 :].mean()


def test_an_anchor_that_would_clip_becomes_floats(call, tmp_path):
    square = np.sign(np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000 + 0.1)) * 0.999
    soundfile.write(tmp_path / "loud.wav", square, 48_000)
    code, out, err = call("anchors", tmp_path / "loud.wav", "-o", tmp_path)
    assert code == 0
    assert "of full scale" in err
    samples, _ = soundfile.read(out.split()[0])
    assert soundfile.info(out.split()[0]).subtype == "FLOAT"
    assert np.abs(samples).max() > 1


CONFIG = "testname: A\ntestId: a\npages:\n- {type: mushra, id: i, reference: r.wav, stimuli: {x: x.wav}}\n"


def test_check_finds_nothing_wrong_with_the_real_config_that_is_an_error(call, export):
    code, out, _ = call("check", export / "webmushra_config.yaml")
    assert code == 0
    assert "15 pages, 13 of them items" in out
    assert "no 7 kHz anchor on 13 of 13 items" in out


def test_check_looks_at_the_sounds(call, tmp_path):
    (tmp_path / "c.yaml").write_text(CONFIG)
    soundfile.write(tmp_path / "r.wav", np.zeros(48_000 * 13), 48_000)
    soundfile.write(tmp_path / "x.wav", np.zeros(100), 44_100)
    code, out, _ = call("check", tmp_path / "c.yaml", "--audio", tmp_path, "--json")
    assert code == 1
    said = [one["text"] for one in json.loads(out)["findings"]]
    assert any("x has 100 samples at 44100 Hz" in text for text in said)
    assert any("lasts 13.0 s" in text for text in said)
    (tmp_path / "x.wav").unlink()
    assert "x.wav is not there" in call("check", tmp_path / "c.yaml", "--audio", tmp_path)[1]


BAD = "listener,item,condition,score\n"


@pytest.mark.parametrize("command", [("screen", "--policy", "bs1534-3", "--json"), ("mos", "--policy", "bs1534-3")])
@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"only words",
        b"\x00\xff\x07binary",
        b"a,b,c\n1,2,3\n",
        (BAD + "1,a,ref,101\n").encode(),
        (BAD + "1,a,ref,x\n").encode(),
        (BAD + "1,a,ref,5\n1,a,ref,5\n").encode(),
        b"PK\x03\x04",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
        b"<html><body>404</body></html>",
        b"testname: x\npages:\n- {type: generic}\n",
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(call, tmp_path, command, content):
    path = tmp_path / "input"
    if content is not None:
        path.write_bytes(content)
    name, *options = command
    code, out, err = call(name, path, *options)
    assert (code, out) == (2, "")
    assert err.startswith(f"mushra: {path}: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Missing command"),
        (("sing",), "No such command"),
        (("mos",), "Missing argument"),
        (("mos", "TABLE"), "Missing option"),
        (("mos", "TABLE", "--policy", "bs"), "unknown policy 'bs'"),
        (("mos", "TABLE", "--policy", "none.toml"), "none.toml can't be read"),
        (("mos", "TABLE", "--policy", "bs1534-3", "--csv", "--json"), "choose --json or --csv"),
        (("mos", "TABLE", "--policy", "bs1534-3", "--columns", "listener"), "expected ours=theirs"),
        (("mos", "TABLE", "--policy", "bs1534-3", "--columns", "listener=who"), "no column is called who"),
        (("mos", "TABLE", "--policy", "bs1534-3", "--reference", "x"), "no condition is called 'x'"),
        (("mos", "TABLE", "--policy", "bs1534-3", "--headphones", "none.csv"), "none.csv: there is no such file"),
        (("mos", "TABLE", "--policy", "bs1534-3", "--interval", "z"), "unknown interval 'z'"),
        (("power", "--sd", "5"), "name one of --difference and --interval"),
        (("power", "--difference", "5"), "give earlier ratings (FILE) or --sd"),
        (("power", "--difference", "5", "--sd", "0"), "sd is 0"),
        (("power", "--interval", "5", "--sd", "5", "--listeners", "5"), "--listeners goes with --difference"),
        (("convert", "TABLE", "--to", "doc", "-o", "x"), "unknown format 'doc'"),
        (("convert", "TABLE", "--to", "csv", "-o", "/nowhere/x"), "can't be written"),
        (
            ("convert", "TABLE", "--to", "package", "-o", "x", "--headphones", "h.csv"),
            "--headphones goes with --policy",
        ),
        (("compare", "TABLE", "--predictions", "p.csv", "--headphones", "h.csv"), "--headphones goes with --policy"),
        (("screen", "TABLE", "--policy", "bs1534-3", "--columns", "item=a,item=b"), "--columns names two columns"),
        (("convert", "TABLE", "--to", "csv", "-o", "x", "--policy", "bs1534-3"), "--policy is for packages"),
        (("anchors", "none.wav", "-o", "x"), "no such file"),
        (("anchors", "TABLE", "-o", "x"), "can't be decoded"),
        (("anchors", "TABLE", "-o", "x", "--variant", "y"), "unknown variant"),
        (("check", "TABLE"), "no webMUSHRA config"),
        (("compare", "TABLE", "--predictions", "none.csv"), "no such file"),
        (("compare", "TABLE", "--predictions", "TABLE", "--scale", "5"), "expected lowest-highest"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_code_2(call, table, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    code, out, err = call(*(table if argument == "TABLE" else argument for argument in arguments))
    assert (code, out) == (2, "")
    assert says in err
    assert err.startswith("mushra: ") and err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["table.csv"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("listener\n1\n", "expected the columns listener and headphones"),
        ("listener,age,sex\n1,30,f\n", "expected the columns listener and headphones"),
        ("who,headphones\n1,yes\n", "expected the columns listener and headphones"),
        ("listener,headphones\n1,maybe\n", "line 2: headphones is 'maybe'"),
        ("listener,headphones\n1,yes\n1,no\n", "line 3: listener 1 comes twice"),
    ],
)
def test_bad_headphones_files(call, table, tmp_path, text, says):
    (tmp_path / "h.csv").write_text(text)
    code, _, err = call("screen", table, "--policy", "paper-test-1", "--headphones", tmp_path / "h.csv")
    assert code == 2 and says in err and err.count("\n") == 1


def test_headphones_beside_other_columns_and_under_other_names(call, table, tmp_path):
    """The ratings' own column, a column that --columns names, and the only other column all do."""
    rows = [row.split(",") for row in TABLE.splitlines()]
    answers = {"listener": "headphones", "007": "loudspeakers", "8": "TRUE", "Zoë": ""}
    whole = "\n".join(",".join([*row, answers[row[0]]]) for row in rows) + "\n"
    few = "".join(f"{name};{answer}\n" for name, answer in answers.items())
    for text, columns in (
        (whole, ()),
        (few.replace("listener;headphones", "subject;used"), ("--columns", "listener=subject")),
        (few.replace("headphones", "used"), ()),
    ):
        (tmp_path / "h.csv").write_text(text)
        ratings = tmp_path / "t.csv"
        ratings.write_text(TABLE.replace("listener", "subject") if columns else TABLE)
        arguments = ("screen", ratings, "--policy", "paper-test-2", "--headphones", tmp_path / "h.csv", "--json")
        found = json.loads(call(*arguments, *columns)[1])
        fired = {one["listener"]: [rule["rule"] for rule in one["rules"]] for one in found["excluded"]}
        assert "no_headphones" in fired["007"] and "no_headphones" not in fired["Zoë"] and "8" in found["kept"]
        assert any(said.startswith("no word on headphones from Zoë:") for said in found["warnings"])


def test_headphones_that_decide_nothing_are_said(call, table, tmp_path):
    path = tmp_path / "h.csv"
    path.write_text("listener,headphones\n7,no\n8,yes\n")
    found = json.loads(call("screen", table, "--policy", "paper-test-1", "--headphones", path, "--json")[1])
    assert f"{path} names listeners without ratings: 7" in found["warnings"]
    found = json.loads(call("screen", table, "--policy", "bs1534-3", "--headphones", path, "--json")[1])
    assert f"bs1534-3 does not ask about headphones: {path} decides nothing" in found["warnings"]


def test_columns_may_be_named_one_by_one(call, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("subject,song,condition,score\n007,a,ref,99\n")
    arguments = ("screen", path, "--policy", "bs1534-3", "--json")
    assert json.loads(call(*arguments, "--columns", "listener=subject", "--columns", "item=song")[1])["kept"] == ["007"]


def test_a_stimulus_that_comes_twice_is_a_repeat(call, tmp_path):
    """50 points apart are not more than 50; 51 are. The MOS holds the mean of both presentations."""
    path = tmp_path / "twice.csv"
    grades = "007,a,x,20\n007,a,y,50\n8,a,x,20\n8,a,y,50\n007,a,x,71\n8,a,x,70\n"
    path.write_text("listener,item,condition,score\n" + grades)
    found = json.loads(call("screen", path, "--policy", "paper-test-1", "--json")[1])
    (out,) = found["excluded"]
    (rule,) = out["rules"]
    assert (out["listener"], rule["rule"], rule["measured"], rule["threshold"]) == ("007", "repeatability", 51, 50)
    assert [(row["repeat"], row["score"]) for row in rule["evidence"]] == [(0, 20), (1, 71)]
    assert any(said.startswith("2 rows grade a stimulus again (first on line 6") for said in found["warnings"])
    rows = json.loads(call("mos", path, "--policy", "paper-test-1", "--json")[1])["stimuli"]
    assert [(row["condition"], row["n"], row["mos"]) for row in rows] == [("x", 1, 45), ("y", 1, 50)]


def test_nobody_left_is_said(call, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("listener,item,condition,score\n1,a,ref,10\n")
    for options in ((), ("--csv",), ("--json",)):
        code, out, err = call("mos", path, "--policy", "bs1534-3", *options)
        assert code == 0 and "excludes all 1 listeners" in err
    assert json.loads(out)["stimuli"] == []


def test_the_standard_input(table):
    done = subprocess.run(
        [sys.executable, "-m", "mushra", "screen", "-", "--policy", "bs1534-3", "--json"],
        stdin=table.open(),
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout)["kept"] == ["007", "8"]
