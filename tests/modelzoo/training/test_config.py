"""Run configs from TOML, and the paper's presets."""

import pytest

from modelzoo.errors import ModelzooError
from modelzoo.training import PRESETS, RunConfig, read_experiment


def written(folder, text):
    file = folder / "run.toml"
    file.write_text(text)
    return file


def test_presets_are_the_papers_protocol():
    assert {name: config.batch for name, config in PRESETS.items() if name.startswith("paper")} == {
        "paper-conv1d": 64,
        "paper-inception": 64,
        "paper-vgg19": 32,
    }
    for name, config in PRESETS.items():
        if not name.startswith("paper"):
            continue
        assert config.schedule == "plateau" and not config.crop_to and not config.equaliser and not config.louder_peak
        assert (config.learning_rate, config.lowest_rate, config.smallest_gain) == (1e-3, 1e-4, 1e-4)
        assert (config.halve_after, config.patience, config.epochs) == (10, 50, 300)


def test_a_file_names_a_preset_and_what_differs(tmp_path):
    file = written(tmp_path, 'preset = "paper-vgg19"\nstore = "data"\nrepetitions = 15\nepochs = 3\nbackbone = "none"')
    experiment = read_experiment(file)
    assert experiment.run == RunConfig(network="vgg19", batch=32, epochs=3)
    assert experiment.store == tmp_path / "data"
    assert [experiment.repetition(i).seed for i in range(experiment.repetitions)] == list(range(1, 16))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("store = ", "TOML"),
        ("epochs = 3", "name the training store"),
        ('store = "x"\nepoch = 3', "no setting 'epoch'"),
        ('store = "x"\nepochs = "3"', "expected int"),
        ('store = "x"\nepochs = 2.5', "expected int"),
        ('store = "x"\nepochs = true', "expected int"),
        ('store = "x"\nepochs = 0', "1 at least"),
        ('store = "x"\nlearning_rate = -1.0', "learning rate"),
        ('store = "x"\nlearning_rate = nan', "learning rate"),
        ('store = "x"\nnetwork = "resnet"', "no network"),
        ('store = "x"\nschedule = "steps"', "plateau or cosine"),
        ('store = "x"\npreset = "ours"\ncrop_to = 11', "crop_from and crop_to"),
        ('store = "x"\npreset = "ours"\ncrop_from = 0', "crop_from and crop_to"),
        ('store = "x"\ncrop_from = 3\ncrop_to = 5', "whole clips alone"),
        ('store = "x"\nequaliser = -1.0', "equaliser"),
        ('store = "x"\nbackbone = "imagenet"', "has no backbone"),
        ('store = "x"\npreset = "mine"', "no preset"),
        ('store = "x"\nrepetitions = 0', "repetitions"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, said):
    with pytest.raises(ModelzooError, match=said):
        read_experiment(written(tmp_path, text))


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(ModelzooError, match="can't be read"):
        read_experiment(tmp_path / "none.toml")
