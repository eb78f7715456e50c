# SPDX-License-Identifier: Apache-2.0
"""git worktree add /tmp/trial && docker run -v /tmp/trial:/src builder make && git diff

A build nobody trusts changes a checkout. The checkout stays as it is; what the build did is looked at, what is wanted of
it is taken over, and the rest is thrown away.

    trial_build.py [DIRECTORY]
"""

from __future__ import annotations

from pathlib import Path

import dunnage
from dunnage import Transaction, TransactionStore

from example import check, say, show_in_directory


def make_checkout(directory: Path) -> Path:
    checkout = directory / "checkout"
    (checkout / "src").mkdir(parents=True)
    (checkout / "src/main.c").write_text("int main(void) { return 0; }\n")
    (checkout / "Makefile").write_text("all: main\n")
    return checkout


def build(trial: Transaction, store: Path) -> None:
    """What somebody else's build script does to the checkout, wanted or not."""
    done = dunnage.run(["sh", "-c", "cd /src && mkdir -p out && cp src/main.c out/main.o && "
                                    "echo 'int version = 2;' > src/version.h && rm Makefile"],
                       mounts=trial.at("/src"), store=store)
    check(done.returncode == 0, "the build has run, and has seen a checkout it may write to")


def show(directory: Path) -> None:
    checkout = make_checkout(directory)
    transactions = TransactionStore.open(directory / "store")
    trial = transactions.begin(checkout, "trial")
    build(trial, transactions.root)
    check((checkout / "Makefile").exists() and not (checkout / "out").exists(), "the checkout is as it was")

    say("what the build did")
    changes = trial.changes()
    for change in changes:
        say(f"  {change.kind.value} {change.path}")
    check(len(changes) == 4, "it made out and out/main.o, made src/version.h, and deleted the Makefile")

    say("somebody works on the checkout meanwhile")
    (checkout / "Makefile").write_text("all: main version\n")
    check(len(trial.conflicts()) == 1, "the Makefile was changed on both sides, and applying it would stop there")

    applied = trial.apply(include=["src"])
    check(len(applied.changes) == 1 and (checkout / "src/version.h").read_text() == "int version = 2;\n",
          "src/version.h is in the checkout")
    trial.discard()
    check((checkout / "Makefile").read_text() == "all: main version\n" and not (checkout / "out").exists(),
          "the rest is gone, and never touched anything")


if __name__ == "__main__":
    show_in_directory(show, __doc__)
