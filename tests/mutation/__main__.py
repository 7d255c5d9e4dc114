"""`make mutation`: try the mutants of the modules named, or of all; 0 where each reaches the goal."""

import argparse
import sys

from tests.mutation.modules import MODULES
from tests.mutation.running import folder_of, together, tried
from tests.mutation.scoring import GOAL, Score, write_page


def told(what: str) -> None:
    """A line of the command's answer."""
    print(what, flush=True)  # noqa: T201 - it is what the command is for


def main() -> int:
    """Each module's score, and the changes that no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = [module for module, tests in MODULES.items() if tests]
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="as bot/permissions.py")
    given = parser.parse_args().modules or known
    if unknown := set(given) - set(known):
        parser.error(f"no tests are listed in tests/mutation/modules.py for {', '.join(sorted(unknown))}")
    scores = []
    for modules in together(given):
        told(f"{', '.join(modules)}: {folder_of(modules[0]) / 'log'} says how far it is")
        scores += [Score.of(module, mutants) for module, mutants in tried(modules).items()]
        write_page(scores)
    for score in scores:
        for each in score.left:
            told(
                f"{score.module} {each.name.rpartition('.')[2]} {each.status}\n- {each.was}\n+ {each.becomes}"
            )
    for score in scores:
        told(f"{score.percent:5.1f}%  {score.caught} of {score.mutants - score.equivalent}  {score.module}")
    return 0 if all(score.percent >= GOAL for score in scores) else 1


if __name__ == "__main__":
    sys.exit(main())
