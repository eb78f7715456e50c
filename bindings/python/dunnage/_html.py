# SPDX-License-Identifier: Apache-2.0
"""What notebooks show: `_repr_html_` of plans, mounts, volumes, containers, images, projects and their stores.

Small tables in the colours of the notebook, dark or light, with nothing from outside. All text is data: it is escaped,
and what cannot be seen is shown as an escape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, Sequence

from . import _dunnage
from ._errors import Error

if TYPE_CHECKING:
    from datetime import datetime

_MOST_ROWS = 200
_MOST_CHARACTERS = 300  # of a cell
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_CELL = "text-align:left;vertical-align:top;padding:2px 12px 2px 0;border-bottom:1px solid rgba(128,128,128,.35)"


class _Markup(str):
    """HTML that is made here."""


def _escaped(value: Any) -> str:
    if isinstance(value, _Markup):
        return value
    text = str(value)
    if len(text) > _MOST_CHARACTERS:
        text = text[:_MOST_CHARACTERS] + "…"
    if not text.isprintable():  # among them what turns the direction of writing, and bytes that are no UTF-8
        text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return text.translate(_ESCAPES)


def _code(value: Any) -> str:
    return _Markup(f"<code>{_escaped(value)}</code>") if value not in (None, "") else ""


def _lines(values: Iterable[Any]) -> str:
    return _Markup("<br>".join(_escaped(value) for value in values))


def _pairs(values: Mapping[str, str]) -> str:
    return _lines(f"{key}={value}" if value else key for key, value in values.items())


def _moment(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC") if time else ""


def _row(cells: Iterable[Any], tag: str = "td") -> str:
    return "<tr>" + "".join(f'<{tag} style="{_CELL}">{_escaped(cell)}</{tag}>' for cell in cells) + "</tr>"


def _frame(title: str, rows: str, *below: str) -> str:
    return (f"<div><b>{_escaped(title)}</b>"
            f'<table style="border-collapse:collapse">{rows}</table>{"".join(below)}</div>')


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Columns in which no row has anything are left out."""
    shown = rows[:_MOST_ROWS]
    used = [index for index in range(len(columns)) if index == 0 or any(row[index] not in ("", None) for row in shown)]
    body = "".join(_row(row[index] for index in used) for row in shown)
    if len(rows) > len(shown):
        body += _row([f"and {len(rows) - len(shown)} more"])
    head = _row((columns[index] for index in used), "th") if rows else ""
    return _frame(title, f"<thead>{head}</thead><tbody>{body}</tbody>")


def _facts(title: str, facts: Mapping[str, Any], *below: str) -> str:
    """One thing: names and values, without the empty ones."""
    body = "".join(f'<tr><th style="{_CELL}">{_escaped(name)}</th><td style="{_CELL}">{_escaped(value)}</td></tr>'
                   for name, value in facts.items() if value not in ("", None))
    return _frame(title, f"<tbody>{body}</tbody>", *below)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _access(mount: Any) -> str:
    image = isinstance(mount, _dunnage.ImageMount)
    return "read-only" if image or mount.read_only else "read-write"


def _plan_rows(plan: Any) -> list[list[Any]]:
    return [[_code(mount.target), mount.kind.value, _code(mount.volume or mount.image or mount.source), _access(mount),
             _lines(mount.reasons)] for mount in plan]


def _mount_plan(plan: Any) -> str:
    return _table(f"Mount plan: {_count(len(plan), 'mount')}", ["Target", "Kind", "Source", "Access", "Why"],
                  _plan_rows(plan))


def _mount_set(mounts: Any) -> str:
    rows = []
    for mount in mounts:
        source = next((getattr(mount, name) for name in ("source", "name", "image") if hasattr(mount, name)), None)
        kind = type(mount).__name__.replace("Mount", "").lower()
        rows.append([_code(mount.target), kind, _code(source), _access(mount), _code(mount)])
    return _table(f"Mounts: {len(rows)}", ["Target", "Kind", "Source", "Access", "As a flag"], rows)


def _volume(volume: Any) -> str:
    info = volume.info
    return _facts(f"Volume {volume.name}", {
        "Mountpoint": _code(info.mountpoint), "Driver": info.driver, "Options": _pairs(info.driver_options),
        "Labels": _pairs(info.labels), "Created": _moment(info.created_at)})


def _volume_store(store: Any) -> str:
    rows = []
    for volume in store.list():
        info = volume.info
        rows.append([_code(info.name), info.driver, _pairs(info.labels), _moment(info.created_at),
                     _lines(_users(store, info.name))])
    return _table(f"{_count(len(rows), 'volume')} in {store.root}",
                  ["Volume", "Driver", "Labels", "Created", "Used by"], rows)


def _users(store: Any, name: str) -> list[str]:
    try:
        return list(store.users(name))
    except OSError:  # it went meanwhile
        return []


def _state(info: Any) -> str:
    return f"{info.status.value}, {info.exit}" if info.exit is not None else str(info.status.value)


def _container(container: Any) -> str:
    title = f"Container {container.name or container.id[:12]}"
    ended = container.exit_status
    facts = {"Id": _code(container.id[:12]), "State": str(ended) if ended else ""}
    if container.closed:
        return _facts(title, {**facts, "Handle": "closed"})
    try:
        facts["State"] = facts["State"] or str(container.status.value)
        facts["Process"] = container.pid or ""
        return _facts(title, facts, _mount_plan(container.plan))
    except Error as error:  # a handle that a fork has inherited, say
        return _facts(title, {**facts, "Handle": str(error)})


def _container_info(info: Any) -> str:
    return _facts(f"Container {info.name or info.id[:12]}", {
        "Id": _code(info.id[:12]), "State": _state(info), "Process": info.pid or "",
        "Command": _code(" ".join(info.argv)), "Root": _code(info.image or info.rootfs), "User": info.user,
        "Restart": str(info.restart), "Labels": _pairs(info.labels), "Created": _moment(info.created_at),
        "Started": _moment(info.started_at), "Ended": _moment(info.finished_at)}, _mount_plan(info.mounts))


def _container_store(store: Any) -> str:
    rows = [[_code(info.name or info.id[:12]), _state(info), _code(info.image or info.rootfs),
             _code(" ".join(info.argv)), _moment(info.created_at)] for info in store.list()]
    return _table(f"{_count(len(rows), 'container')} in {store.root}",
                  ["Container", "State", "Root", "Command", "Created"], rows)


def _image_rows(images: Iterable[Any]) -> list[list[Any]]:
    rows = []
    for image in images:
        info = image.info
        rows.append([_lines(info.names), _code(info.id.partition(":")[2][:12]), str(info.platform),
                     f"{info.size / (1 << 20):.1f} MiB", _moment(info.created_at)])
    return rows


_IMAGE_COLUMNS = ["Image", "Id", "Platform", "Size", "Created"]


def _image(image: Any) -> str:
    return _facts("Image", dict(zip(_IMAGE_COLUMNS, _image_rows([image])[0])))


def _image_store(store: Any) -> str:
    rows = _image_rows(store.list())
    return _table(f"{_count(len(rows), 'image')} in {store.root}", _IMAGE_COLUMNS, rows)


def _project(project: Any) -> str:
    rows = [[_code(name), _code(service.image or service.rootfs), _lines(service.depends_on),
             _lines(f"{mount.source}:{mount.target}" if mount.source else mount.target for mount in service.volumes)]
            for name, service in project.services.items()]
    notes = [[note.kind.value, str(note)] for note in project.notes]
    return (_table(f"Project {project.name}: {_count(len(rows), 'service')}",
                   ["Service", "Root", "Depends on", "Mounts"], rows)
            + (_table("Notes", ["Kind", "Note"], notes) if notes else ""))


def _project_plan(plan: Any) -> str:
    rows = [[step.action, step.kind.value.partition("-")[2], _code(step.subject),
             _lines([*([f"changed: {', '.join(step.changed)}"] if step.changed else []), *step.reasons]),
             _Markup(f"<b>{_escaped(', '.join(step.lost))}</b>") if step.lost else ""] for step in plan]
    return _table(f"Plan of project {plan.project}: {_count(len(rows), 'step')}",
                  ["Action", "What", "Name", "Why", "Destroys the data of"], rows)


_SHOWN: dict[type, Callable[[Any], str]] = {
    _dunnage.MountPlan: _mount_plan, _dunnage.MountSet: _mount_set, _dunnage.Volume: _volume,
    _dunnage.VolumeStore: _volume_store, _dunnage.Container: _container, _dunnage.ContainerInfo: _container_info,
    _dunnage.ContainerStore: _container_store, _dunnage.Image: _image, _dunnage.ImageStore: _image_store,
    _dunnage.Project: _project, _dunnage.ProjectPlan: _project_plan,
}


def _install(cls: type, show: Callable[[Any], str]) -> None:
    def _repr_html_(self: Any) -> str:
        """What a notebook shows."""
        return show(self)

    _repr_html_.__qualname__ = f"{cls.__name__}._repr_html_"
    setattr(cls, "_repr_html_", _repr_html_)


for _class, _show in _SHOWN.items():
    _install(_class, _show)
