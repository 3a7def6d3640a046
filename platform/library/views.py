"""The library's pages: recordings, and what was made of them."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from accounts.access import researcher_page, signed_in
from library import services
from library.forms import UploadForm
from library.models import Recording, Stimulus
from library.services import UploadError


@researcher_page
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "library/index.html", {"recordings": Recording.objects.all()})


@researcher_page
def upload(request: HttpRequest) -> HttpResponseBase:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            recording = services.add_recording(data.pop("file"), owner=signed_in(request), **data)
        except UploadError as error:
            form.add_error("file", str(error))
        else:
            return redirect("library:recording", recording.pk)
    return render(request, "library/upload.html", {"form": form}, status=400 if form.errors else 200)


@researcher_page
def recording(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Recording.objects.prefetch_related("stimuli"), pk=pk)
    return render(request, "library/recording.html", {"recording": found})


@researcher_page
def sound(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """A recording or a stimulus to listen to, for researchers: nothing is blind here."""
    found: Recording | Stimulus
    if kind == "recordings":
        found = get_object_or_404(Recording, pk=pk)
    elif kind == "stimuli":
        found = get_object_or_404(Stimulus, pk=pk)
    else:
        raise Http404
    with found.file.open("rb") as file:
        return HttpResponse(file.read(), content_type="audio/flac")
