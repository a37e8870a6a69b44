"""What a rule reports."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Violation:
    """One place that breaks one rule. `message` says what is wrong and what to do."""

    path: str
    line: int
    rule: str
    message: str
    is_error: bool = True

    def __str__(self) -> str:
        word = "error" if self.is_error else "warning"
        return f"{self.path}:{self.line}: {word}: {self.message} [{self.rule}]"
