"""Train the embedded model from nothing: text encoder, basis, decoder, latents, denoiser, weights.

    python -m pipeline.embedded.train RUN [--hours 2] [--threads 2] [--to pipeline/embedded/weights]

RUN is a folder for checkpoints, latents, `loss.csv` and sample sheets. Each stage goes on from its
last checkpoint after any stop, and is passed over once it is done; delete its file to do it again.
Seeds are fixed, but stages end by the clock, so no two runs are the same to the last bit. Two cores
and two hours are meant; the shipped weights had about that, see MODEL_CARD.md.
"""

from __future__ import annotations

import argparse
import csv
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import torch
import typer
from torch import Tensor
from typer import progressbar

from pipeline.embedded.latents import SIZE, Basis, encode, fit_basis, load_basis, save_basis
from pipeline.embedded.sheet import draw_sheet
from pipeline.embedded.train_decoder import new_autoencoder, train_decoder
from pipeline.embedded.train_denoiser import Texts, new_denoiser, train_denoiser
from pipeline.embedded.train_text import train_encoder, train_tokenizer
from pipeline.embedded.weights import assemble, write_weights
from pipeline.embedded.world import held_out, render, sample_scenes

_TEXT_STEPS_PER_HOUR: Final = 12_000
_POOL_SHARDS: Final = 16
_SHARD: Final = 2_000
_BASIS_CLIPS: Final = 1_600
_DECODER: Final = (0.03, 0.35)  # of the time: point by point, all taps
_DENOISER: Final = 0.55  # of the time
_SHEETS: Final = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "weights")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    run, seconds = asked.run, asked.hours * 3600
    run.mkdir(parents=True, exist_ok=True)
    with closing(_Log(run / "loss.csv")) as log:
        _text(run, round(asked.hours * _TEXT_STEPS_PER_HOUR), log)
        basis = _basis(run)
        train_decoder(run, basis, (_DECODER[0] * seconds, _DECODER[1] * seconds), log.decoder)
        latents, scenes = _pool(run, basis)
        sheets = _Sheets(run)

        def report(step: int, share: float, loss: float) -> None:
            log.line("denoiser", step, share, loss)
            sheets.maybe(share)

        train_denoiser(
            run, latents, scenes, lambda: Texts(*_read_text(run)), _DENOISER * seconds, report
        )
    size = write_weights(pipeline_of(run), asked.to)
    save_basis(basis, asked.to.parent / "basis.safetensors")
    typer.echo(f"{asked.to}: {size / 1e6:.1f} MB")


def pipeline_of(run: Path) -> Any:
    """The LTXPipeline of a run's checkpoints, in single precision."""
    encoder, tokenizer = _read_text(run)
    denoiser, autoencoder = new_denoiser(), new_autoencoder()
    denoiser.load_state_dict(torch.load(run / "denoiser.pt", weights_only=True)["average"])
    autoencoder.load_state_dict(torch.load(run / "decoder.pt", weights_only=True)["autoencoder"])
    return assemble(encoder, tokenizer, denoiser, autoencoder)


def _text(run: Path, steps: int, log: _Log) -> None:
    from transformers import AutoTokenizer

    if (run / "text_encoder").exists():
        return
    train_tokenizer(run / "tokenizer")
    tokenizer = AutoTokenizer.from_pretrained(run / "tokenizer")
    train_encoder(
        run / "text_encoder",
        tokenizer,
        steps,
        lambda step, loss: log.line("text", step, step / steps, loss),
    )


def _read_text(run: Path) -> tuple[Any, Any]:
    from transformers import AutoTokenizer, T5EncoderModel

    encoder = T5EncoderModel.from_pretrained(run / "text_encoder")
    return encoder.eval(), AutoTokenizer.from_pretrained(run / "tokenizer")


def _basis(run: Path) -> Basis:
    path = run / "basis.safetensors"
    if not path.exists():
        generator = torch.Generator().manual_seed(11)
        scenes = sample_scenes(_BASIS_CLIPS, generator)
        scenes = scenes[~held_out(scenes)]
        clips = torch.cat([render(some, SIZE, generator) for some in scenes.split(100)])
        save_basis(fit_basis(clips), path)
    return load_basis(path)


def _pool(run: Path, basis: Basis) -> tuple[Tensor, Tensor]:
    """Latents and scenes of 32,000 clips, none of a combination that is held out."""
    with progressbar(range(_POOL_SHARDS), label="latents") as shards:
        for shard in shards:
            path = run / f"pool{shard}.pt"
            if path.exists():
                continue
            generator = torch.Generator().manual_seed(1_000 + shard)
            scenes = sample_scenes(_SHARD * 23 // 20, generator)
            scenes = scenes[~held_out(scenes)][:_SHARD]
            latents = [
                encode(render(some, SIZE, generator), basis).half() for some in scenes.split(50)
            ]
            torch.save((torch.cat(latents), scenes), path.with_suffix(".part"))
            path.with_suffix(".part").replace(path)
    kept = [torch.load(run / f"pool{i}.pt", weights_only=True) for i in range(_POOL_SHARDS)]
    return torch.cat([each[0] for each in kept]), torch.cat([each[1] for each in kept])


class _Log:
    """A bar for each stage at the terminal, and a line in `loss.csv` for every fifty steps."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", newline="", encoding="utf-8")
        self._rows = csv.writer(self._file)
        self._stage = ""
        self._losses: list[float] = []

    def line(self, stage: str, step: int, share: float, loss: float) -> None:
        if stage != self._stage:
            self._close_bar()
            self._stage, self._losses, self._shown = stage, [], 0
            self._bar = progressbar(length=1_000, label=stage)
            self._bar.__enter__()
        self._losses.append(loss)
        if step % 50 == 0 or share >= 1:
            mean = sum(self._losses) / len(self._losses)
            self._losses = []
            self._rows.writerow([stage, step, f"{share:.4f}", f"{mean:.5f}", round(time.time())])
            self._file.flush()
            done = round(1_000 * share)
            self._bar.label = f"{stage}, step {step}, loss {mean:.4f}"
            self._bar.update(done - self._shown)
            self._shown = done

    def decoder(self, phase: str, step: int, share: float, loss: float) -> None:
        self.line(f"decoder, {phase}", step, share, loss)

    def close(self) -> None:
        self._close_bar()
        self._file.close()

    def _close_bar(self) -> None:
        if self._stage:
            self._bar.__exit__(None, None, None)
            self._stage = ""


class _Sheets:
    """Sample sheets of the run so far, each tenth of the denoiser's time."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._next = 1 / _SHEETS

    def maybe(self, share: float) -> None:
        while share >= self._next:
            number = round(self._next * _SHEETS)
            self._next += 1 / _SHEETS
            path = self._run / f"sheet{number:02}.png"
            if not path.exists() and (self._run / "denoiser.pt").exists():
                draw_sheet(pipeline_of(self._run), path)


if __name__ == "__main__":
    main()
