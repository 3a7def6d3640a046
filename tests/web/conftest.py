"""A small cast for the platform's tests: people with accounts and browsers that are signed in as them."""

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Files that a test writes lie in the test's own folder."""
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def researcher(db) -> User:
    return User.objects.create_user("researcher", password="a long enough phrase", role=User.Role.RESEARCHER)


@pytest.fixture
def lab_admin(db) -> User:
    return User.objects.create_user("admin", password="a long enough phrase", role=User.Role.ADMIN)


@pytest.fixture
def as_researcher(researcher) -> Client:
    client = Client()
    client.force_login(researcher)
    return client


@pytest.fixture
def as_admin(lab_admin) -> Client:
    client = Client()
    client.force_login(lab_admin)
    return client
