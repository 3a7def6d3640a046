"""A study package: one zip with the config, the ratings, the policy, the decisions, and checksums of all of them."""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

import mushra
from mushra.exchange.imported import ExchangeError, Names
from mushra.exchange.tidy import tidy
from mushra.exchange.write import csv_text, parquet_bytes
from mushra.screening import Policy, PolicyError

MANIFEST, KIND, VERSION = "study.json", "earwitness-study", 1
CONFIG, TABLE, TABLE_CSV, POLICY, DECISIONS = (
    *("config.yaml", "ratings.parquet", "ratings.csv", "policy.json", "decisions.json"),
)
MOST_BYTES = 1 << 30
# Zip files hold dates; a fixed one makes the same study the same bytes.
DATE = (1980, 1, 1, 0, 0, 0)
# What Python's zipfile raises on bytes that were changed.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, EOFError, OSError),
    *(KeyError, ValueError, OverflowError),
)


@dataclass(frozen=True)
class Package:
    """What a study package holds.

    Attributes
    ----------
    table : DataFrame
        The tidy table of all ratings, of excluded listeners too.
    config : str or None
        The config of the test, as it was.
    policy : Policy or None
    decisions : dict or None
        What screening made of the listeners (`Screening.to_dict`), or what people decided.
    warnings : list of str
    """

    table: pd.DataFrame
    config: str | None = None
    policy: Policy | None = None
    decisions: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)


def pack(package: Package) -> bytes:
    """The bytes of a package: the same content gives the same bytes."""
    files = {TABLE: parquet_bytes(package.table), TABLE_CSV: csv_text(package.table).encode()}
    if package.config is not None:
        files[CONFIG] = package.config.encode()
    if package.policy is not None:
        files[POLICY] = _json(package.policy.to_dict())
    if package.decisions is not None:
        files[DECISIONS] = _json(package.decisions)
    sums = {name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in files.items()}
    manifest = {"kind": KIND, "version": VERSION, "written_by": f"mushra {mushra.__version__}", "files": sums}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {MANIFEST: _json(manifest), **files}.items():
            info = zipfile.ZipInfo(name, DATE)
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def unpack(data: bytes) -> Package:
    """Read a package and verify every checksum.

    Raises
    ------
    ExchangeError
        A file is missing, added or changed, or the package is of a later version.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
                raise ExchangeError("the package unpacks to more than a gigabyte")
            if len(set(archive.namelist())) < len(archive.namelist()):
                raise ExchangeError("the package holds a file twice")
            files = {name: archive.read(name) for name in archive.namelist()}
    except ExchangeError:
        raise
    except DAMAGED as error:
        raise ExchangeError("the package is a damaged zip") from error
    _verify(files)
    try:
        table = pd.read_parquet(io.BytesIO(files[TABLE]))
        config = files[CONFIG].decode() if CONFIG in files else None
        policy = Policy(**json.loads(files[POLICY])) if POLICY in files else None
        decisions = json.loads(files[DECISIONS]) if DECISIONS in files else None
    except (PolicyError, TypeError, ValueError, OSError) as error:
        raise ExchangeError(f"the package can't be read: {error}") from error
    found = tidy(table, Names())
    return Package(found.table, config, policy, decisions, found.warnings)


def _verify(files: dict[str, bytes]) -> None:
    try:
        manifest = json.loads(files[MANIFEST])
        kind, version, sums = manifest["kind"], manifest["version"], manifest["files"]
        expected = {str(name): str(entry["sha256"]) for name, entry in sums.items()}
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ExchangeError(f"the package's {MANIFEST} is missing or broken") from error
    if kind != KIND or version != VERSION:
        raise ExchangeError(f"the package is {kind} version {version}: this reads {KIND} version {VERSION}")
    there = set(files) - {MANIFEST}
    if missing := sorted({*expected, TABLE} - there):
        raise ExchangeError(f"the package lacks {', '.join(missing)}")
    if added := sorted(there - set(expected)):
        raise ExchangeError(f"the package holds {', '.join(added)}, which its {MANIFEST} does not name")
    changed = sorted(name for name in there if hashlib.sha256(files[name]).hexdigest() != expected[name])
    if changed:
        raise ExchangeError(f"{', '.join(changed)} in the package was changed since it was written")


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
