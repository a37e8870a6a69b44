"""The files under inspection, and Swift sources with their comments and strings told apart."""

import re
import subprocess
from functools import cached_property
from pathlib import Path

# Longest opener first. Raw strings close with as many '#' as they open with; block comments do not nest in this tree.
TOKEN = re.compile(
    r'(?P<line>//[^\n]*)|(?P<block>/\*.*?\*/)'
    r'|(?P<string>(?P<hash>#+)"""(?:.*?)"""(?P=hash)|(?P<hash1>#+)"(?:[^\n]*?)"(?P=hash1)'
    r'|"""(?:\\.|.)*?"""|"(?:\\.|[^"\\\n])*")',
    re.DOTALL,
)


def blank(text: str) -> str:
    """`text` with everything but line breaks replaced by spaces."""
    return re.sub(r"[^\n]", " ", text)


class SwiftSource:
    """One Swift file: `code` is the text without comments and string contents, `comments` only the comments."""

    def __init__(self, path: str, text: str):
        self.path = path
        self.lines = text.split("\n")
        code, comments, position = [], [], 0
        for match in TOKEN.finditer(text):
            between = text[position : match.start()]
            is_comment = match["line"] is not None or match["block"] is not None
            code.append(between + blank(match[0]))
            comments.append(blank(between) + (match[0] if is_comment else blank(match[0])))
            position = match.end()
        code.append(text[position:])
        comments.append(blank(text[position:]))
        self.code = "".join(code).split("\n")
        self.comments = "".join(comments).split("\n")

    def comment_near(self, index: int, above: int = 8) -> str:
        """The comments on line `index` (from 0), the line below it, and up to `above` lines above it."""
        return " ".join(line.strip() for line in self.comments[max(0, index - above) : index + 2])


class Tree:
    """The files that git tracks, or would track, below `root`."""

    def __init__(self, root: Path, paths: list[str] | None = None):
        self.root = root
        self.paths = sorted(self._listed() if paths is None else paths)

    def _listed(self) -> list[str]:
        command = ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            names = set(listed.stdout.split("\0")) - {""}
        else:  # an unpacked archive: every file but what a build leaves
            names = {str(path.relative_to(self.root)) for path in self.root.rglob("*")}
            names = {name for name in names if name.split("/")[0] not in (".build", ".git", ".gedge")}
        return [name for name in names if (self.root / name).is_file()]

    def text(self, path: str) -> str | None:
        """The text of a file, or None for a binary one."""
        data = (self.root / path).read_bytes()
        if b"\0" in data:
            return None
        return data.decode("utf-8", errors="replace")

    @cached_property
    def nested_packages(self) -> tuple[str, ...]:
        """Folders with a package of their own, such as a tool that needs flags the platform must not have."""
        return tuple(path.removesuffix("Package.swift") for path in self.paths if path.endswith("/Package.swift"))

    @cached_property
    def swift(self) -> list[SwiftSource]:
        return [SwiftSource(path, self.text(path) or "") for path in self.paths if path.endswith(".swift")]
