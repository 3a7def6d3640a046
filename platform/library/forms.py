"""What a researcher fills in with a recording."""

from django import forms
from django.utils.translation import gettext_lazy as _


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("Sound file"),
        help_text=_("Uncompressed if you can: WAV, FLAC, AIFF. 5 to 12 seconds are best, 60 at most."),
    )
    title = forms.CharField(label=_("Title"), max_length=200)
    composer = forms.CharField(label=_("Composer or performer"), max_length=200, required=False)
    source = forms.CharField(label=_("Source"), max_length=500, required=False)
    licence = forms.CharField(label=_("Licence"), max_length=100, required=False)
