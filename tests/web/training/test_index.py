"""The list of runs and data sets."""

import pytest
from django.urls import reverse

INDEX = reverse("training:index")
pytestmark = pytest.mark.django_db


def test_empty_it_says_what_comes_first(as_admin):
    page = as_admin.get(INDEX).content.decode()
    assert "No network was trained yet" in page and "No data set yet" in page


def test_it_lists_runs_with_what_came_of_them(as_admin, run):
    run.result = {"r": 0.714, "rmse": 18.83}
    run.history = [{"epoch": 1, "loss": 0.1, "val_loss": 0.1, "rate": 0.001}]
    run.save()
    page = as_admin.get(INDEX).content.decode()
    assert reverse("training:run", args=[run.pk]) in page and reverse("training:dataset", args=[run.dataset_id]) in page
    assert "0.71" in page and "18.8" in page and "1 / 8" in page and "Queued" in page and "Built" in page


@pytest.mark.parametrize("name", ["index", "new_dataset", "new_run"])
def test_training_is_for_admins(as_researcher, client, name):
    assert as_researcher.get(reverse(f"training:{name}")).status_code == 403
    assert client.get(reverse(f"training:{name}")).status_code == 302
