"""The demo's small data set, from the demo study's own music."""

from accounts.models import User
from library.models import Recording
from training.models import Dataset
from training.services import create_dataset

NAME = "Demo"
# Telling bitrates of every codec, and the filters: a small data set, for seeing how it works.
PROCESSES = (1, 4, 9, 11, 13, 17, 20, 22, 28, 30, 33, 36, 42, 43, 44)


def seed_dataset(owner: User) -> None:
    """Ask for the data set to be built, once."""
    if not Dataset.objects.filter(name=NAME).exists():
        create_dataset(NAME, list(Recording.objects.order_by("pk")[:5]), PROCESSES, 1, owner)
