"""``mlxc-edu train``."""

from __future__ import annotations

from argparse import BooleanOptionalAction
from dataclasses import replace
from pathlib import Path

from ._files import path


def add_to(commands) -> None:
    """Add the command to the parsers of ``mlxc-edu``."""
    train = commands.add_parser(
        "train",
        help="train a functional of EDU26's or EDU27's form",
        description="Train a functional of EDU26's form, or with --preset plane of EDU27's. The "
        "file it writes is a functional's name wherever one is asked for: mlxc-edu scan NaCl "
        "--methods PBE,mine.npz",
    )
    train.add_argument(
        "--preset", default="laptop", help="two-minutes, laptop (default), full or plane"
    )
    train.add_argument("--output", type=path, default=Path("mine.npz"), metavar="FILE.npz")
    train.add_argument("--figure", type=path, metavar="FILE.html", help="write the curves, too")
    train.add_argument("--checkpoint", type=path, metavar="FILE", help="default: beside --output")
    train.add_argument("--workers", type=int, help="processes that make densities")
    for name, what in (
        ("seed", "of the random start"),
        ("steps", "of the fit"),
        ("width", "of the network"),
        ("blocks", "hidden layers after the first"),
    ):
        train.add_argument(f"--{name}", type=int, help=what)
    train.add_argument(
        "--fractional",
        action=BooleanOptionalAction,
        default=True,
        help="show fractional charges and spins",
    )
    train.add_argument(
        "--regulariser",
        action=BooleanOptionalAction,
        default=True,
        help="keep the energy still under a step of self-consistency",
    )
    train.add_argument(
        "--weight",
        action="append",
        default=[],
        metavar="KIND=NUMBER",
        help="of a kind of lesson, such as spin=0.1; may be given several times",
    )
    train.add_argument("--blind", metavar="NAMES", help="inputs left out, such as exchange,range")
    train.set_defaults(command=_train)


def _train(arguments) -> int:
    from tqdm import tqdm

    from ..training import PRESETS, train

    if arguments.preset not in PRESETS:
        raise ValueError(f"no preset {arguments.preset!r}; there are {', '.join(PRESETS)}")
    output, figure = arguments.output, arguments.figure
    if output.suffix != ".npz":
        raise ValueError(f"--output names a file that ends in .npz, not {output.name}")
    for file in filter(None, (output, figure)):
        if not file.parent.is_dir():
            raise ValueError(f"there is no folder {file.parent}")
    preset = PRESETS[arguments.preset]
    print(f"{arguments.preset}: {preset.about}")
    settings = _settings(arguments, preset.settings)
    with tqdm(total=settings.steps + settings.turns * settings.further, desc="fit") as bar:

        def report(row):
            bar.update(row["step"] - bar.n)
            errors = row["validation"].items()
            bar.set_postfix_str(", ".join(f"{kind} {error:.1f}" for kind, error in errors))

        found = train(
            arguments.preset,
            settings=settings,
            fractional=arguments.fractional,
            checkpoint=arguments.checkpoint or output.with_suffix(".checkpoint"),
            workers=arguments.workers,
            report=report,
        )
    found.save(output)
    print("mean absolute errors, kcal/mol:", found.errors.to_string(), sep="\n")
    print(f"functional: {output}")
    if figure:
        from ..figures import plot

        plot(found.history).write_html(figure, include_plotlyjs=True)
        print(f"figure: {figure}")
    return 0


def _weight(text: str) -> tuple[str, float]:
    kind, _, number = text.partition("=")
    try:
        return kind, float(number)
    except ValueError:
        raise ValueError(f"--weight takes KIND=NUMBER, such as spin=0.1, not {text!r}") from None


def _settings(arguments, settings):
    given = {name: getattr(arguments, name) for name in ("seed", "steps", "width", "blocks")}
    changes = {name: value for name, value in given.items() if value is not None}
    if not arguments.regulariser:
        changes["regulariser"] = 0.0
    if arguments.weight:
        changes["weights"] = settings.weights | dict(map(_weight, arguments.weight))
    if arguments.blind:
        changes["blind"] = tuple(arguments.blind.split(","))
    return replace(settings, **changes)
