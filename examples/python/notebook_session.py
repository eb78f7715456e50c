# SPDX-License-Identifier: Apache-2.0
# %% [markdown]
"""A session with containers, cell by cell

Open it as a notebook (the cells begin with `# %%`: VS Code, PyCharm, Spyder, Jupyter with jupytext), or run it:

    notebook_session.py [PAGE.html]

A program prints what a notebook would show, and writes it to a page as well if one is named.
"""

# %% Where things are shown, and a place to work in
import shutil
import tempfile
from pathlib import Path

import dunnage
from dunnage import PIPE, BindMount, Container, ContainerStore, MountSet, Tmpfs, VolumeStore

from notebook_page import Page

page = Page.of_command_line(__doc__ or "")
directory = Path(tempfile.mkdtemp(prefix="dunnage-session-"))
page.show(dunnage.support())

# %% Data of the host, and a volume for what comes of it
page.heading("Data and a volume")
measurements = directory / "measurements"
measurements.mkdir()
(measurements / "tides.csv").write_text("high,4.1\nlow,0.3\nhigh,4.4\nlow,0.2\n")
store = VolumeStore.open(directory / "store")
results = store.create("results", labels={"project": "tides"})
page.show(results)

# %% What a container is to see: a wish, in objects and in the words of docker
page.heading("The wish")
mounts = MountSet([
    BindMount(measurements, "/measurements", read_only=True),
    results.at("/results"),
    Tmpfs("/tmp", size="16MiB"),
    "-v notes:/notes",
])
page.show(mounts)

# %% What it will see: the dry run. Nothing has been mounted or made; the volume "notes" is not there yet.
page.heading("The plan")
plan = mounts.resolve(store=store.root)
page.show(plan)
page.show(plan["/notes"])
print(plan.explain("/measurements/tides.csv"))
assert "notes" not in store

# %% Run a program with it
page.heading("A program")
COUNT = "sort /measurements/tides.csv | cut -d, -f1 | uniq -c | tee /results/count; date > /notes/last"
done = Container.run(["sh", "-ec", COUNT], mounts=plan, text=True, check=True)
page.show(done)
assert done.stdout.split() == ["2", "high", "2", "low"]

# %% The same with another source: a plan is a value, and so is a wish
page.heading("Another wish")
writable = MountSet([mount for mount in mounts if mount.target != "/measurements"])
writable.add(BindMount(measurements, "/measurements"))
page.show(writable.resolve(store=store.root)["/measurements"])

# %% What goes wrong says what to do
page.heading("An error")
try:
    MountSet([*mounts, "-v notes:/results"])
except dunnage.DuplicateTarget as error:
    page.show(error)
    print(error.remedy)

# %% A container that stays for some cells
page.heading("A container")
shell = Container.launch(["sh"], mounts=results.at("/results"), name="shell", store=store.root, stdin=PIPE, stdout=PIPE,
                         text=True)
page.show(shell)
print("cat /results/count; echo again >> /results/count", file=shell.stdin, flush=True)
page.show([shell.stdout.readline(), shell.stdout.readline()])

# %% Who uses the volume, as any other program of this user sees it
page.heading("Who uses what")
page.show(store.users("results"))
page.show(ContainerStore.open(store.root).inspect("shell"))
assert store.users("results") == ["shell"]

# %% The end of it: the volumes stay until they are removed
page.heading("The end")
shell.stdin.close()
page.show(shell.wait())
shell.close()
page.show(list(store))
for name in store:
    store.remove(name)
assert len(store) == 0
shutil.rmtree(directory, ignore_errors=True)
