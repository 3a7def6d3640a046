"""The paper's protocol (section 5): Adam on the squared error, rate halved on a plateau, early stop, best epoch.

What the paper does not have (parts of clips, an equaliser, a cosine schedule) is off unless the config asks for it.
"""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from modelzoo.datasets.store import TRAIN, VALIDATION, Store
from modelzoo.errors import ModelzooError
from modelzoo.features import BANDS
from modelzoo.nets import build, notes
from modelzoo.training import devices
from modelzoo.training import state as checkpoints
from modelzoo.training.augment import augmented
from modelzoo.training.config import Progress, RunConfig, RunResult
from modelzoo.training.state import State

Report = Callable[[Progress], None]
SECONDS_BETWEEN_REPORTS = 0.5


def train(
    config: RunConfig,
    store: Store,
    folder: Path,
    *,
    progress: Report = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> RunResult:
    """Train one network on one store, going on from the folder's checkpoint if there is one.

    A resumed run gives the same curve as an uninterrupted one on a CPU: order, dropout and Adam's state depend on the
    seed, the epoch and the checkpoint alone.

    Parameters
    ----------
    config : RunConfig
    store : Store
    folder : Path
        Holds `checkpoint/` while training, and the best epoch's weights in it at the end.
    progress : callable
        Gets a `Progress` at most twice a second, and after every epoch.
    cancelled : callable
        Asked before every batch; true ends the run with its last finished epoch kept.

    Returns
    -------
    RunResult
        `finished` is false if it was cancelled.

    Raises
    ------
    ModelzooError
        A split is empty, or the folder holds another run.
    """
    import keras

    for split in (TRAIN, VALIDATION):
        if not len(store.rows(split)):
            raise ModelzooError(f"The data set has no excerpts to {'train on' if split == TRAIN else 'validate with'}.")
    if config.deterministic:
        _ask_for_determinism()
    keras.utils.set_random_seed(config.seed)
    with devices.precision(config), devices.distribution(config) as count:
        return _train(config, store, folder, count, progress, cancelled)


def _train(
    config: RunConfig, store: Store, folder: Path, devices: int, progress: Report, cancelled: Callable[[], bool]
) -> RunResult:
    import keras

    network = build(config.network, **config.options)
    # A twin that shares the weights is compiled: the network's own file then holds weights alone, not Adam's moments.
    model = keras.Model(network.inputs, network.outputs)
    optimizer = keras.optimizers.Adam(config.learning_rate)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer=optimizer, loss="mse", auto_scale_loss=False, jit_compile=False)
    identity = {**config.to_dict(), "dataset": store.info.get("hash", "")}
    state = checkpoints.load(folder, network, optimizer, identity)
    if config.crop_to:
        _trace(model, optimizer)
    reporter = _Reporter(progress, config)
    said = notes(config.network, config.backbone)

    def result(finished: bool) -> RunResult:
        return RunResult(finished, state.history, state.best_epoch, model.count_params(), said)

    while not _is_over(state, config):
        epoch = state.epoch + 1
        optimizer.learning_rate.assign(state.rate or config.learning_rate)
        _seed_dropout(model, config.seed, epoch)
        loss = _one_epoch(model, store, config, epoch, state, devices, reporter, cancelled)
        if loss is None:
            return result(finished=False)
        _after_epoch(state, config, epoch, loss, _validation_loss(model, store, config.batch, devices))
        checkpoints.save(folder, network, optimizer, state, identity)
        reporter.report(state, 0, 0, always=True)
    return result(finished=True)


def _trace(model: Any, optimizer: Any) -> None:
    """Let TensorFlow make its graph for any shape before the first batch, and put back what that changed.

    Left alone, it makes a graph for the first batch's shape and another for all others. A resumed run begins with
    another batch, and the two graphs differ in the last bits.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return
    variables = [*model.variables, *optimizer.variables]
    kept = [np.array(variable) for variable in variables]
    for count, frames in ((2, 190), (3, 191)):
        model.train_on_batch(np.zeros((count, frames, BANDS), np.uint8), np.zeros(count, np.float32))
    for variable, value in zip(variables, kept, strict=True):
        variable.assign(value)


def _ask_for_determinism() -> None:
    import keras

    # JAX repeats itself on one device; TensorFlow must be asked.
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def _seed_dropout(model: Any, seed: int, epoch: int) -> None:
    """Dropout's random state is no weight, so no checkpoint holds it: it is set anew from the epoch's number."""
    for layer in model.layers:
        if hasattr(layer, "seed_generator"):
            layer.seed_generator.state.assign(np.array([seed, epoch], dtype="uint32"))


class _Reporter:
    """Hands progress on, but not for every batch."""

    def __init__(self, progress: Report, config: RunConfig) -> None:
        self.progress, self.config, self.last = progress, config, 0.0

    def report(self, state: State, batch: int, batches: int, *, always: bool = False) -> None:
        now = time.monotonic()
        if always or now - self.last >= SECONDS_BETWEEN_REPORTS:
            self.last = now
            self.progress(Progress(state.epoch, self.config.epochs, batch, batches, list(state.history)))


def _is_over(state: State, config: RunConfig) -> bool:
    waited = state.epoch - state.best_epoch
    return state.epoch >= config.epochs or (state.best_epoch > 0 and waited >= config.patience)


def _one_epoch(
    model: Any,
    store: Store,
    config: RunConfig,
    epoch: int,
    state: State,
    devices: int,
    reporter: _Reporter,
    cancelled: Callable[[], bool],
) -> float | None:
    """The training loss, averaged over excerpts; None if it was cancelled."""
    batches = -(-len(store.rows(TRAIN)) // config.batch)
    total, count = 0.0, 0
    for index, (features, targets) in enumerate(store.batches(TRAIN, config.batch, seed=config.seed, epoch=epoch)):
        if cancelled():
            return None
        # Devices share a batch evenly: what is left of the last one is for another epoch.
        whole = len(targets) - len(targets) % devices
        if not whole:
            continue
        features, targets = features[:whole], targets[:whole]
        # Keras returns the mean over the epoch so far unless the metrics are reset: a batch's own loss is wanted.
        model.reset_metrics()
        loss = float(model.train_on_batch(augmented(features, config, epoch, index), targets))
        if not np.isfinite(loss):
            raise ModelzooError(f"The loss became {loss} in epoch {epoch}: try a lower learning rate.")
        total += loss * len(targets)
        count += len(targets)
        reporter.report(state, index + 1, batches)
    return total / count


def _validation_loss(model: Any, store: Store, batch: int, devices: int) -> float:
    errors = []
    for features, targets in store.batches(VALIDATION, batch, shuffle=False):
        # Devices share a batch evenly: it is filled up with its last excerpt, and what that gives is dropped.
        filled = np.concatenate([features, np.repeat(features[-1:], -len(features) % devices, axis=0)])
        predicted = np.asarray(model.predict_on_batch(filled)).ravel()[: len(targets)]
        errors.append((predicted - targets) ** 2)
    return float(np.mean(np.concatenate(errors)))


def _after_epoch(state: State, config: RunConfig, epoch: int, loss: float, val_loss: float) -> None:
    """Best epoch, plateau and rate, as Keras' callbacks with the paper's settings would have them."""
    rate = state.rate or config.learning_rate
    state.epoch = epoch
    state.history.append({"epoch": epoch, "loss": loss, "val_loss": val_loss, "rate": rate})
    if val_loss < state.best_loss:
        state.best_loss, state.best_epoch = val_loss, epoch
    if val_loss < state.plateau_best - config.smallest_gain:
        state.plateau_best, state.plateau_wait = val_loss, 0
    else:
        state.plateau_wait += 1
        if state.plateau_wait >= config.halve_after:
            state.plateau_wait = 0
            rate = max(rate / 2, config.lowest_rate)
    state.rate = rate if config.schedule == "plateau" else _on_the_cosine(config, epoch + 1)


def _on_the_cosine(config: RunConfig, epoch: int) -> float:
    """The rate of an epoch, from 1: the highest in the first, the lowest in the last."""
    share = min(1.0, (epoch - 1) / max(1, config.epochs - 1))
    return config.lowest_rate + (config.learning_rate - config.lowest_rate) * (1 + math.cos(math.pi * share)) / 2
