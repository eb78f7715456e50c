# SPDX-License-Identifier: Apache-2.0
"""Containers with Docker-grade storage, in this process: no daemon, no root needed.

    import dunnage
    from dunnage import BindMount, Container, Tmpfs, VolumeStore

    data = VolumeStore.open().get_or_create("db-data")
    done = Container.run(["sh", "-c", "date >> /data/starts; cat /data/starts"], mounts=[
        data.at("/data"),
        BindMount("/etc", "/host/etc", read_only=True),
        Tmpfs("/run", size="16MiB"),
        "-v /tmp:/host/tmp:ro",
    ])
    print(done.stdout.decode(), done.returncode)

Names are those of the C++ headers (include/dunnage), which are the manual; what is an options struct there is keywords
here. A path is a str or os.PathLike, a duration seconds or a timedelta, a size bytes or a text like "64MiB", a member
of an enum itself or its word.
"""

from . import _dunnage

_dunnage._require_main_interpreter()  # before anything of it is touched

from . import _errors, _html, _process
from ._dunnage import *  # noqa: F403  all of its public names, which are sorted into __all__ below
from ._errors import *  # noqa: F403
from ._process import *  # noqa: F403

__version__ = _dunnage.__version__
__all__ = sorted({*(name for name in dir(_dunnage) if not name.startswith("_")), *_errors.__all__,
                  *_process.__all__})
