#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""option_table.py BUILD_DIRECTORY: as root, runs the test that tries every mount option as root and as both ordinary
users (tests/support/make_users.sh), and prints what happened as one table."""

import pathlib
import subprocess
import sys

CASE = "every mount option works or is refused with a reason"
COLUMNS = ("root", "range", "single")


def results(build: pathlib.Path, column: str) -> dict[str, str]:
    command = [str(build / "tests" / "dunnage_rootless_tests"), CASE]
    if column != "root":
        command = ["sh", str(pathlib.Path(__file__).parent / "as_user.sh"), f"dunnage-{column}", *command]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"the test fails as {column}:\n{run.stdout}")
    lines = (line.split("\t", 2) for line in run.stdout.splitlines() if line.startswith("OPTION\t"))
    return {option: result for _, option, result in lines}


def main() -> None:
    build = pathlib.Path(sys.argv[1]).resolve()
    columns = [results(build, column) for column in COLUMNS]
    notes: list[str] = []

    def cell(result: str) -> str:
        if result in ("works", ""):
            return result or "-"
        if result not in notes:
            notes.append(result)
        return f"refused ({notes.index(result) + 1})"

    rows = [("option", "root", "rootless, a range", "rootless, a single id")]
    for option in columns[0]:
        rows.append((option, *(cell(column.get(option, "")) for column in columns)))
    widths = [max(len(row[index]) for row in rows) for index in range(4)]
    for number, row in enumerate(rows):
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))
    for number, note in enumerate(notes, 1):
        print(f"\n({number}) {note}")


if __name__ == "__main__":
    main()
