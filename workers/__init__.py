"""Celery tasks: load a row by id, call the code that does the work, record what came of it."""
