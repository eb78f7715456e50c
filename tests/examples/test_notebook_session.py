# SPDX-License-Identifier: Apache-2.0
"""The session in cells: run as a program, and its page as a browser gets it."""

import re
from html.parser import HTMLParser
from pathlib import Path

from conftest import EXAMPLES
from dunnage import MountPlan

SESSION = EXAMPLES / "notebook_session.py"


class Balance(HTMLParser):
    """Whether what is opened is closed, and the text."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.text += data


def test_it_shows_plans_and_writes_them_to_a_page(program, tmp_path):
    done = program(SESSION, "page.html")
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    balance = Balance()
    balance.feed(page)
    assert (balance.open, balance.wrong) == ([], [])
    headings = ["Data and a volume", "The wish", "The plan", "A program", "An error", "A container", "The end"]
    for heading in headings:
        assert f"<h2>{heading}</h2>" in page and f"\n{heading}\n---" in done.stdout
    assert re.search(r"(?m)^MountPlan\(\[ResolvedMount\(target='/measurements'", done.stdout)
    plan = page.split("<h2>The plan</h2>")[1].split("<h2>")[0]
    assert "/measurements" in plan and "notes" in plan
    assert ("<table" in plan) == hasattr(MountPlan, "_repr_html_")


def test_it_leaves_nothing_behind(program, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert program(SESSION).returncode == 0
    assert list(tmp_path.glob("dunnage-session-*")) == []


def test_a_page_that_cannot_be_written_is_refused(program):
    done = program(SESSION, "no-such-directory/page.html")
    assert done.returncode == 2 and "No such file or directory: 'no-such-directory/page.html'" in done.stderr
    assert program(SESSION, "a", "b").returncode == 2
    assert "PAGE.html" in program(SESSION, "--help").stdout


def test_its_cells_are_what_notebooks_read():
    cells = Path(SESSION).read_text(encoding="utf-8").split("\n# %%")
    assert len(cells) > 8
    for cell in cells:
        compile("# %%" + cell, "cell", "exec")
