"""``mlxc-edu weights list | fetch | verify``."""

from __future__ import annotations

import sys


def add_to(commands) -> None:
    """Add the command to the parsers of ``mlxc-edu``."""
    weights = commands.add_parser("weights", help="list, fetch or verify released parameters")
    actions = weights.add_subparsers(required=True, metavar="ACTION")
    for name, command, what in (
        ("list", _list, "what there is, what is here, and its licence"),
        ("fetch", _fetch, "download models; default: DM21"),
        ("verify", _verify, "check that files are the released ones; default: those present"),
    ):
        action = actions.add_parser(name, help=what, description=what)
        action.add_argument("names", nargs="*", metavar="NAME", help="such as DM21mu; or all")
        action.set_defaults(command=command)


def _models(names: list[str], default: list[str]) -> list[str]:
    from ..weights import MODELS, canonical

    wanted = [m for n in names for m in (MODELS if n.lower() == "all" else [canonical(n)])]
    return list(dict.fromkeys(wanted)) or default


def _files(model: str) -> int:
    from ..weights import FILES, folder

    return sum((folder(model) / file).is_file() for file in FILES)


def _list(arguments) -> int:
    from ..weights import ATTRIBUTION, MODELS, folder

    for model in _models(arguments.names, list(MODELS)):
        state = {0: "absent", 2: "present"}.get(_files(model), "incomplete")
        print(f"{model:8}{MODELS[model]:50}1.6 MB  {state:12}{folder(model)}")
    print(f"\n{ATTRIBUTION}")
    return 0


def _fetch(arguments) -> int:
    from ..weights import ATTRIBUTION, fetch

    for model in _models(arguments.names, ["DM21"]):
        print(f"{model}: {fetch(model, progress=sys.stderr.isatty())}")
    print(ATTRIBUTION)
    return 0


def _verify(arguments) -> int:
    from ..weights import MODELS, verify

    models = _models(arguments.names, [model for model in MODELS if _files(model)])
    failed = 0
    for model in models:
        try:
            count = sum(array.size for array in verify(model).values())
            print(f"{model}: as released, {count:,} parameters")
        except (ValueError, OSError) as error:
            print(f"{model}: {error}", file=sys.stderr)
            failed = 1
    if not models:
        print("no model is here; see `mlxc-edu weights list`", file=sys.stderr)
    return 1 if failed or not models else 0
