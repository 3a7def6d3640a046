"""Random generators that depend on names and a seed alone."""

import hashlib

import numpy as np


def session_rng(study: str, session: str, seed: int) -> np.random.Generator:
    """A generator that depends on study, session and seed alone, on every machine."""
    digest = hashlib.sha256(f"{study}\0{session}\0{seed}".encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))
