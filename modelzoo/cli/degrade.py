"""`degrade IN --process ID… -o OUT`: one file through one process or a cascade of them."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from modelzoo.cli.lines import checked_output, sound_at
from modelzoo.errors import ModelzooError

RATE = 48_000


def degrade(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A sound file, mono or stereo.")],
    process: Annotated[
        list[int], typer.Option("--process", "-p", help="1 to 45, or 101 and on; several make a cascade, in order.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .wav (32-bit float) or .flac file (24 bit).")],
    flavour: Annotated[
        Literal["paper", "aligned"], typer.Option(help="aligned: the codec's delay is taken away; paper: it is left.")
    ] = "aligned",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Degrade a file by the paper's processes, at 48 kHz; loudness is not changed."""
    from modelzoo.audio import ALL_PROCESSES, cascade, write_flac, write_wav
    from modelzoo.audio.processes import IDS

    checked_output(output, [source], (".wav", ".flac"))
    unknown = [number for number in process if number not in ALL_PROCESSES]
    if unknown:
        raise ModelzooError(f"There is no process {unknown[0]}: ids are {IDS}.")
    samples, steps = cascade(sound_at(source, RATE), RATE, process, flavour)
    if output.suffix.lower() == ".wav":
        write_wav(output, samples, RATE)
    else:
        write_flac(output, samples, RATE, bits=24)
    rows = [_row(number, ALL_PROCESSES[number].name, step) for number, step in zip(process, steps, strict=True)]
    if as_json:
        typer.echo(json.dumps({"input": str(source), "output": str(output), "flavour": flavour, "steps": rows}))
        return
    for row in rows:
        rates = "" if row["requested_bitrate"] is None else f", {row['effective_bitrate']:g} kb/s in effect"
        typer.echo(f"{row['process']:2}  {row['name']}: {row['encoder']} ({row['encoder_version']}){rates}")


def _row(number: int, name: str, step: Any) -> dict[str, Any]:
    return {
        "process": number,
        "name": name,
        "encoder": step.encoder,
        "encoder_version": step.encoder_version,
        "requested_bitrate": step.requested_bitrate,
        "effective_bitrate": step.effective_bitrate,
    }
