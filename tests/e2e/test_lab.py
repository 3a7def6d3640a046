"""The researcher's results and the admin's training job, in a real browser with a real worker."""

import re
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

LONG = 240_000


def test_the_results_name_who_is_out_and_why(page, lab, panel, sign_in):
    sign_in(page, "researcher")
    page.goto(f"{lab.url}/reports/{lab.study}/?policy=paper-test-1")
    out = {
        "no headphones": "Said that no headphones were used",
        "everything at 100": "Gave everything the top score",
        "3.5 kHz anchor at the top": "Gave the 3.5 kHz anchor the top score",
        "hidden reference in the middle": "Gave hidden references mid-scale scores",
        "not repeatable": "Graded a repeated stimulus too differently",
    }
    for fault, reason in out.items():
        row = page.get_by_role("row").filter(has_text=panel[fault])
        expect(row).to_contain_text(reason)
        expect(row.locator(".tag.wrong")).to_have_text("out")
        expect(row.locator(".tag.simulated")).to_contain_text("simulated")
    expect(page.get_by_role("row").filter(has_text=panel["careful"]).locator(".tag.good")).to_have_text("in")
    expect(page.locator("figure svg")).to_be_visible()
    expect(page.locator("h1 + .tag.simulated")).to_contain_text("12 simulated listeners")
    with page.expect_download() as download:
        page.get_by_role("link", name="All ratings as CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert "simulated" in lines[0].split(",")
    codes = set(panel.values())
    assert sum(any(code in line for code in codes) for line in lines[1:]) > 0


def test_a_person_decides_otherwise_with_a_reason(page, lab, panel, sign_in):
    sign_in(page, "researcher")
    code = panel["no headphones"]
    page.goto(f"{lab.url}/reports/{lab.study}/listeners/{code}/?policy=paper-test-1")
    page.get_by_label("Reason").fill("Wrote to us: misread the question")
    page.get_by_role("button", name="Count this listener").click()
    page.goto(f"{lab.url}/reports/{lab.study}/?policy=paper-test-1")
    expect(page.get_by_role("row").filter(has_text=code).locator(".tag.good")).to_have_text("in")
    page.goto(f"{lab.url}/reports/{lab.study}/listeners/{code}/?policy=paper-test-1")
    expect(page.get_by_text("Wrote to us: misread the question")).to_be_visible()


def start_run(page: Page, lab, epochs: int, seed: int) -> None:
    page.goto(f"{lab.url}/training/runs/new/")
    page.get_by_label("Data set").select_option(label="Chords")
    page.get_by_label("Epochs").fill(str(epochs))
    page.get_by_label("Batch").fill("4")
    page.get_by_label("Seed").fill(str(seed))
    page.get_by_role("button", name="Start training").click()


def test_an_admin_builds_a_data_set_cancels_a_run_and_trains_another(page, lab, panel, sign_in, inspect):
    sign_in(page, "admin")
    page.goto(f"{lab.url}/training/datasets/new/")
    page.get_by_label("Name").fill("Chords")
    for index in range(3):
        page.get_by_label(f"Chord {index}").check()
    for process in ("9 · mp3 32 kb/s", "17 · aac 24 kb/s", "42 · low-pass 3500 Hz"):
        page.get_by_label(process).check()
    page.get_by_role("button", name="Build the data set").click()
    expect(page.get_by_text("scored excerpts")).to_be_visible(timeout=LONG)
    inspect(page)

    start_run(page, lab, epochs=900, seed=1)
    expect(page.locator("#curve svg")).to_be_visible(timeout=LONG)
    page.get_by_role("link", name="Cancel").click()
    inspect(page)
    page.get_by_role("button", name="Stop the job").click()
    expect(page.locator(".tag", has_text="Cancelled")).to_be_visible(timeout=LONG)

    start_run(page, lab, epochs=2, seed=2)
    expect(page.get_by_text("r against ViSQOL")).to_be_visible(timeout=LONG)
    expect(page.locator("pre")).to_contain_text("Epoch 2: loss")
    expect(page.get_by_text("Trained on only")).to_be_visible()
    inspect(page)

    page.goto(f"{lab.url}/reports/{lab.study}/models/")
    page.locator("main li a").first.click()
    expect(page.locator("figure svg")).to_have_count(2)
    inspect(page)
    expect(page.locator("main")).to_contain_text("simulated")
    expect(page.locator("main")).to_contain_text(
        re.compile(r"trained on \d+ excerpts of a data set of 3 recordings, for 2 epochs")
    )


def test_a_researcher_can_neither_train_nor_see_others_studies(page, lab, sign_in):
    sign_in(page, "researcher")
    page.goto(f"{lab.url}/training/")
    expect(page.get_by_text("This page is for admins")).to_be_visible()


def test_the_server_answers_for_its_health(lab):
    with urlopen(f"{lab.url}/healthz", timeout=5) as answer:
        assert answer.read() == b"ok\n"
