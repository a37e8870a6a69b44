"""Calls that are banned, or that owe the reader a reason."""

import re

from .tree import SwiftSource, Tree
from .violation import Violation

MODULES = ("Modules/",)
PRODUCT = ("Modules/", "Apps/")
EVERYWHERE = ("",)

# rule, pattern in the code, where, what to do
BANNED = [
    ("force-try", re.compile(r"\btry!"), PRODUCT, "try! ends the process: throw, or handle the error"),
    ("fatal-error", re.compile(r"\bfatalError\s*\("), PRODUCT, "fatalError ends the process: throw, or precondition for a programmer's error"),
    ("force-cast", re.compile(r"\bas!"), PRODUCT, "as! ends the process: use as? and say what is wrong"),
    ("unsafe-flags", re.compile(r"\bunsafeFlags\b"), EVERYWHERE, "unsafeFlags keeps others from depending on the package: remove it"),
    ("print", re.compile(r"(?<![\w.])(?:debugPrint|print)\s*\("), MODULES, "a module does not print: log it, or return it"),
    ("sleep", re.compile(r"(?<![\w.])(?:u?sleep|nanosleep)\s*\(\s*[^\s)]|\bThread\.sleep\b"), PRODUCT, "blocks a thread: wait on a clock, or on the event itself"),
    ("bare-closure", re.compile(r"\bMutex<[^>{]*->"), EVERYWHERE, "a closure that a mutex holds bare is wrapped once more each time it is looked at: put it into a struct"),
    ("loose-task", re.compile(r"\bTask\s*\.\s*detached\b|(?<![\w.])Task(?:<[^>]*>)?\s*(?:\([^)]*\)\s*)?\{"), MODULES, "a loose task outlives its caller: use a task group"),
]

# What counts as a reason: the comment speaks of what keeps the value safe.
REASON = re.compile(
    r"sendable|thread|lock|mutex|atomic|immutab|confine|serial|isolat|executor|owner|read-only|never (?:chang|mutat|written)"
    r"|unchecked|afterwards|only (?:read|touched|used)|once|unsafe|share",
    re.IGNORECASE,
)
OWES_REASON = [
    ("unchecked-sendable", re.compile(r"@unchecked\s+Sendable\b"), "@unchecked Sendable without a reason: say in a comment what makes it safe"),
    ("nonisolated-unsafe", re.compile(r"\bnonisolated\(unsafe\)"), "nonisolated(unsafe) without a reason: say in a comment what makes it safe"),
]
SWALLOWED = re.compile(r"\btry\?")


def check(tree: Tree) -> list[Violation]:
    violations = []
    for source in tree.swift:
        if not source.path.startswith(tree.nested_packages):
            violations += banned(source) + unreasoned(source)
    return violations


def banned(source: SwiftSource) -> list[Violation]:
    found = []
    for rule, pattern, areas, remedy in BANNED:
        if not source.path.startswith(areas):
            continue
        for number, line in enumerate(source.code, start=1):
            if pattern.search(line):
                found.append(Violation(source.path, number, rule, remedy))
    return found


def unreasoned(source: SwiftSource) -> list[Violation]:
    found = []
    if not source.path.startswith(PRODUCT + ("Tests/", "Benchmarks/")):
        return found
    for index, line in enumerate(source.code):
        for rule, pattern, remedy in OWES_REASON:
            if pattern.search(line) and not REASON.search(source.comment_near(index)):
                found.append(Violation(source.path, index + 1, rule, remedy))
        if SWALLOWED.search(line) and source.path.startswith(PRODUCT) and not source.comment_near(index, above=10).strip():
            remedy = "try? swallows an error: handle it, or say in a comment why it does not matter"
            found.append(Violation(source.path, index + 1, "swallowed-error", remedy))
    return found
