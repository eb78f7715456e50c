# SPDX-License-Identifier: Apache-2.0
"""What the C++ headers say about the members of structs: the values of Python have the same names."""

import re

STRUCT = re.compile(r"^(?:struct|class) (?:DUNNAGE_API )?(\w+) (?:final )?\{")
MEMBER = re.compile(r"^  ([\w:<>,\[\] ]+?) (\w+)(?: = [^;]*|\{[^;]*\})?;(?:\s*///<\s*(.*))?$")


def structs_of(text):
    """{"BindOptions": [(type, member, comment)]}"""
    structs, members, above, trailing = {}, None, [], False
    for line in text.splitlines():
        begin, stripped = STRUCT.match(line), line.strip()
        if begin:
            members = structs.setdefault(begin[1], [])
            above, trailing = [], False
        elif members is None:
            continue
        elif line.startswith("}"):
            members = None
        elif stripped.startswith("///<"):
            if trailing:
                kind, name, comment = members[-1]
                members[-1] = (kind, name, f"{comment} {stripped[4:].strip()}")
        elif stripped.startswith("///"):
            above.append(stripped[3:].strip())
        else:
            member = MEMBER.match(line)
            trailing = bool(member and member[3])
            if member:
                members.append((member[1], member[2], member[3] or " ".join(above)))
            above = []
    return structs


def sentence(comment):
    first = comment.split()[0]
    begin = first if re.search(r"\W\w|\W$|_", first.rstrip(",;:")) else first[0].upper() + first[1:]
    return begin + comment[len(first):] + ("" if comment[-1] in ".!?" else ".")


def member_comments(directory):
    """{"BindMount.read_only": "writes fail with EROFS, ..."}; a struct of options is part of what it is an option of."""
    structs = {}
    for header in sorted(directory.glob("*.hpp")):
        structs.update(structs_of(header.read_text(encoding="utf-8")))
    comments = {}

    def take(owner, struct):
        for kind, name, comment in structs.get(struct, []):
            if name == "options":
                take(owner, kind)
            elif comment:
                comments.setdefault(f"{owner}.{name}", sentence(comment))

    for struct in structs:
        take(struct, struct)
    return comments
