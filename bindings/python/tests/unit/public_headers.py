# SPDX-License-Identifier: Apache-2.0
"""What the public headers declare, roughly: enough for declarations in their style, not for all of C++."""

import re


def without_noise(text):
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"^#[^\n]*(\\\n[^\n]*)*", "", text, flags=re.MULTILINE)
    text = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])*\'', "0", text)
    text = re.sub(r"\[\[.*?\]\]|\b(DUNNAGE_API|inline|static|constexpr|virtual|explicit|noexcept|override)\b", "", text)
    return text.replace("(&)", "")


def names_of(statement):
    """The function or the variables that a statement declares."""
    if re.match(r"(friend|using|template|static_assert|return|~)\b|.*\boperator\b", statement, re.DOTALL):
        return []
    while re.search(r"<[^<>]*>", statement):
        statement = re.sub(r"<[^<>]*>", "", statement)
    before, _, _ = statement.partition("=")
    if "(" in before:
        function = re.search(r"(~?\w+)\s*\(", before)
        return [function.group(1)] if function and not function.group(1).startswith("~") else []
    parts = [re.sub(r"=.*", "", part, flags=re.DOTALL).split() for part in statement.split(",")]
    return [part[-1] for part in parts if part]


class Reader:
    """`declared`: names at the top, or "Class.name", with what they are."""

    def __init__(self):
        self.declared = {}
        self.scopes = []  # (kind, name, public)

    def inner(self, name):
        return ".".join([scope[1] for scope in self.scopes if scope[0] != "namespace"] + [name])

    def visible(self):
        return all(public for _, _, public in self.scopes)

    def add(self, name, what):
        own = self.scopes[-1][1] if self.scopes else ""
        if self.visible() and name != own:
            self.declared[self.inner(name)] = what

    def statement(self, text):
        text = text.strip()
        while True:
            access = re.match(r"(public|private|protected)\s*:(?!:)", text)
            if not access:
                break
            kind, name, _ = self.scopes.pop()
            self.scopes.append((kind, name, access.group(1) == "public"))
            text = text[access.end():].strip()
        return text

    def declare(self, text):
        text = self.statement(text)
        alias = re.match(r"using\s+(\w+)\s*=", text)
        if alias:
            self.add(alias.group(1), "alias")
        elif text and not re.match(r"(class|struct|enum)\b", text):
            for name in names_of(text):
                self.add(name, "function" if "(" in re.sub(r"<.*>", "", text) else "variable")

    def open(self, text):
        """True if what the brace opens is looked into."""
        text = self.statement(text)
        space = re.match(r"namespace\s+(\w+)", text)
        kind = re.match(r"(class|struct|enum class)\s+(\w+)\s*(final)?\s*(:[^:].*)?$", text, re.DOTALL)
        if space:
            self.scopes.append(("namespace", space.group(1), space.group(1) == "dunnage"))
        elif kind:
            self.add(kind.group(2), "enum" if kind.group(1).startswith("enum") else "type")
            self.scopes.append((kind.group(1), kind.group(2), kind.group(1) != "class"))
        return bool(space or kind)

    def close(self, text):
        if self.scopes[-1][0] == "enum class":
            for member in text.split(","):
                if member.strip():
                    self.add(member.split("=")[0].strip(), "member")
        self.scopes.pop()

    def read(self, text):
        text, buffer, at = without_noise(text), "", 0
        while at < len(text):
            character = text[at]
            if character == "{" and self.open(buffer):
                buffer = ""
            elif character == "{":  # a body or an initial value
                depth, end = 1, at + 1
                while depth:
                    depth += {"{": 1, "}": -1}.get(text[end], 0)
                    end += 1
                at = end - 1
                if text[end:].lstrip()[:1] not in (";", ",", ")") and "(" in buffer:
                    self.declare(buffer)
                    buffer = ""
            elif character == "}":
                self.close(buffer)
                buffer = ""
            elif character == ";":
                self.declare(buffer)
                buffer = ""
            else:
                buffer += character
            at += 1


def declared_in(paths):
    reader = Reader()
    for path in sorted(paths):
        reader.scopes = []
        reader.read(path.read_text(encoding="utf-8"))
    return reader.declared


def derived_from(text, base):
    return re.findall(rf"class (?:DUNNAGE_API )?(\w+) : public {base}\b", text)
