"""Sizes, words, scripts and links: what may not stand in a tracked file, whatever its language."""

import ast
import re
import subprocess

from .layers import Target
from .tree import Tree
from .violation import Violation

SOFT_LINES, HARD_LINES = 500, 700
MAIN_LINES = 40
SOURCE = (".swift", ".py", ".c", ".h", ".sh")

# Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}>-])/(?:home|Users|work|root)/(?!(?:u|user|you|ada|alice)\b)[\w.-]+|/tmp/(?:plan|view|bash)[\w.-]*|(?<![\w.$}-])/opt/sw[i]ft\b")
HOST_NAME = re.compile(r"\b[\w-]+\.(?:internal|lan|corp|localdomain)\b(?!\()")
REGISTRY = re.compile(
    r"\b(?:pypi\.org|files\.pythonhosted\.org|(?:deb|security|archive|ftp)\.(?:debian\.org|ubuntu\.com)|registry\.npmjs\.org"
    r"|static\.crates\.io|index\.crates\.io|proxy\.golang\.org|repo1?\.maven\.org|(?:index|registry)\.docker\.io|ghcr\.io)\b"
)
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|\bnot (?:yet )?imple" r"mented\b|\bfor n" r"ow\b")

WORDS = [
    ("machine-path", MACHINE_PATH, "a path of one machine: make it relative, or take it from the environment"),
    ("host-name", HOST_NAME, "the name of a machine inside someone's network: use an example name (RFC 2606)"),
    ("registry-host", REGISTRY, "the host of a package registry: name the package and leave the host to the client's settings"),
    ("unfinished", UNFINISHED, "marks unfinished work: finish it, or take it out"),
]
# Texts of others, and the rules' own tests, which plant violations.
EXEMPT = {"LICENSE", "Tools/support/soundness/selftest.py"}
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def check(tree: Tree, targets: list[Target]) -> list[Violation]:
    violations = []
    for path in tree.paths:
        text = tree.text(path)
        if text is None or path in EXEMPT:
            continue
        lines = text.split("\n")
        violations += size(path, lines)
        violations += words(path, lines)
        if path.endswith(".md"):
            violations += links(tree, path, lines)
        if path.endswith(".py"):
            violations += python(path, text)
        if path.endswith(".sh") or re.match(r"#!.*\b(?:ba|da)?sh\b", lines[0]):
            violations += shell(tree, path)
    return violations + mains(tree, targets)


def size(path: str, lines: list[str]) -> list[Violation]:
    if not path.endswith(SOURCE):
        return []
    count = len(lines) - (1 if lines[-1] == "" else 0)
    if count > HARD_LINES:
        return [Violation(path, HARD_LINES + 1, "file-size", f"{count} lines, more than {HARD_LINES}: split it by concern")]
    if count > SOFT_LINES:
        message = f"{count} lines, more than {SOFT_LINES}: think of splitting it by concern"
        return [Violation(path, SOFT_LINES + 1, "file-size", message, is_error=False)]
    return []


def words(path: str, lines: list[str]) -> list[Violation]:
    found = []
    for number, line in enumerate(lines, start=1):
        for rule, pattern, remedy in WORDS:
            match = pattern.search(line)
            if match:
                found.append(Violation(path, number, rule, f"'{match[0]}' is {remedy}" if rule != "unfinished" else f"'{match[0]}' {remedy}"))
    return found


def links(tree: Tree, path: str, lines: list[str]) -> list[Violation]:
    found = []
    folder = (tree.root / path).parent
    for number, line in enumerate(lines, start=1):
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:", target) or (folder / target).exists():
                continue
            found.append(Violation(path, number, "dead-link", f"'{target}' is not there: correct the link"))
    return found


def python(path: str, text: str) -> list[Violation]:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return [Violation(path, error.lineno or 1, "python-syntax", f"does not parse: {error.msg}")]
    return []


def shell(tree: Tree, path: str) -> list[Violation]:
    checked = subprocess.run(["bash", "-n", str(tree.root / path)], capture_output=True, text=True, check=False)
    if checked.returncode == 0:
        return []
    line = re.search(r"line (\d+):", checked.stderr)
    message = checked.stderr.strip().split("\n")[0].split(": ", 1)[-1]
    return [Violation(path, int(line[1]) if line else 1, "shell-syntax", f"does not parse: {message}")]


def mains(tree: Tree, targets: list[Target]) -> list[Violation]:
    """An executable parses its arguments, starts its library and waits; the rest belongs in the library."""
    found = []
    for target in targets:
        if target.kind != "executable" or not target.path.startswith("Apps/"):
            continue
        paths = [path for path in tree.paths if path.startswith(target.path + "/") and path.endswith(".swift")]
        total = sum((tree.text(path) or "").count("\n") for path in paths)
        if total > MAIN_LINES:
            message = f"the executable {target.name} has {total} lines, more than {MAIN_LINES}: move them into its library"
            found.append(Violation(paths[0], MAIN_LINES + 1, "main-size", message))
    return found
