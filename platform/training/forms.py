"""What an admin fills in to build and to train."""

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.models import Job
from library.models import Recording
from modelzoo.audio import PROCESSES
from training.models import Dataset, TrainingRun
from training.services import MAX_BATCH, MAX_EPOCHS

LARGEST_SEED = 2**31 - 1


class DatasetForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    recordings = forms.ModelMultipleChoiceField(
        Recording.objects.all(), label=_("Recordings"), widget=forms.CheckboxSelectMultiple
    )
    processes = forms.TypedMultipleChoiceField(
        label=_("Processes"),
        coerce=int,
        choices=[(number, f"{number} · {process.name}") for number, process in PROCESSES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        initial=1,
        help_text=_("Decides which recordings validate."),
        min_value=0,
        max_value=LARGEST_SEED,
    )


class RunForm(forms.Form):
    network = forms.ChoiceField(label=_("Network"), choices=TrainingRun.Network.choices)
    dataset = forms.ModelChoiceField(Dataset.objects.filter(built_at__isnull=False), label=_("Data set"))
    epochs = forms.IntegerField(
        label=_("Epochs"), initial=20, min_value=1, max_value=MAX_EPOCHS, help_text=_("At most; the paper's: 300.")
    )
    batch = forms.IntegerField(
        label=_("Batch"), initial=16, min_value=1, max_value=MAX_BATCH, help_text=_("Excerpts a step; the paper's: 64.")
    )
    seed = forms.IntegerField(label=_("Seed"), initial=1, min_value=0, max_value=LARGEST_SEED)
    queue = forms.ChoiceField(label=_("Where"), choices=Job.Queue.choices)
