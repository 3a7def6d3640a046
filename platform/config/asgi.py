"""The web application. Nothing is served from a wrong environment."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_asgi_application()

from django.conf import settings  # noqa: E402 - settings exist only now

settings.ENV.stop_if_wrong()
