"""A lab's own policy: what it may say, and that every mistake in it is named."""

import pytest

from mushra.screening import POLICIES, Policy, PolicyError, read_policy


def written(tmp_path, text):
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_policy_of_ones_own(tmp_path):
    path = written(tmp_path, 'name = "lab"\nversion = "3"\nheadphones_required = true\nreference_below = 85.5\n')
    assert read_policy(path) == Policy("lab", "3", headphones_required=True, reference_below=85.5)


def test_a_policy_based_on_another(tmp_path):
    path = written(
        tmp_path, 'name = "lab"\nbased_on = "paper-test-2"\nrepeat_difference = 30\nreference_mid_score = "off"\n'
    )
    policy = read_policy(path)
    assert (policy.name, policy.version, policy.repeat_difference, policy.reference_mid_score) == ("lab", "1", 30, None)
    assert policy.anchor35_over_anchor70 == POLICIES["paper-test-2"].anchor35_over_anchor70 == 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("reference_below = 90", "name is missing"),
        ('name = "x"\nreference_belov = 90', "unknown key reference_belov .did you mean reference_below"),
        ('name = "x"\n[thresholds]\nreference_below = 90', "unknown key thresholds"),
        ('name = "x"\nreference_below = "90"', "reference_below is '90': expected a number, points of the 0-100"),
        ('name = "x"\nreference_below = true', "reference_below is True"),
        ('name = "x"\nreference_below = nan', "reference_below is nan"),
        ('name = "x"\nreference_below = 100.5', "reference_below is 100.5: expected 0 to 100"),
        ('name = "x"\nreference_below_share = 15', "share is 15: expected 0 to 1, .* .15 % is 0.15"),
        ('name = "x"\nreference_below_share = "off"', 'reference_below_share is "off": only a threshold'),
        ('name = "x"\npage_seconds_below = 0', "expected 0.1 to 3600, seconds"),
        ('name = "x"\nplays_below = 0', "expected 1 to 1000"),
        ('name = "x"\nheadphones_required = 1', "headphones_required is 1: expected true or false"),
        ('name = "x"\nversion = 2', "version is 2: expected a text"),
        ('name = "bs1534-3"', "that policy is the product's own"),
        ('name = "x"\nbased_on = "bs1534"', "based_on is 'bs1534': expected one of paper-test-1"),
        ('name = "x"\nbased_on = ["bs1534-3"]', "based_on is ..bs1534-3"),
        ('name = "x"\nreference_below == 90', r"not TOML: .*line 2"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(PolicyError, match=message) as error:
        read_policy(path)
    assert str(path) in str(error.value)


def test_all_mistakes_come_in_one_error(tmp_path):
    path = written(tmp_path, 'name = "x"\nreference_below = 900\nconstant = 3\nplays_below = "two"\n')
    with pytest.raises(PolicyError, match=r"reference_below is 900.*unknown key constant.*plays_below is 'two'"):
        read_policy(path)


def test_a_file_that_can_not_be_read(tmp_path):
    with pytest.raises(PolicyError, match="can't be read: No such file"):
        read_policy(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "Qualit\xe4t"')
    with pytest.raises(PolicyError, match="UTF-8"):
        read_policy(tmp_path / "latin.toml")


def test_a_policy_made_in_code_is_checked_too():
    with pytest.raises(PolicyError, match="reference_below_share is 15"):
        Policy("x", reference_below_share=15)
