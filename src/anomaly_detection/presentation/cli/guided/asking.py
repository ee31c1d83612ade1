"""Questions on a terminal: each is asked again, with a hint, until its answer can be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from anomaly_detection.presentation.cli.failure import WrongOption, hint_of
from anomaly_detection.shared.errors import PlatformError, nearest

if TYPE_CHECKING:
    from rich.console import Console

Answer = TypeVar("Answer")


class Asker:
    """Asks on one console.

    Parameters
    ----------
    console : Console
        Where questions are put; answers come from the standard input. Its end raises `EOFError`.
    """

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, text: str, style: str = "") -> None:
        """Write a line as it is: nothing in it is markup."""
        self.console.print(printable(text), style=style or None, markup=False)

    def ask(self, question: str, read: Callable[[str], Answer], *, default: str | None = None) -> Answer:
        """Ask until `read` takes the answer.

        Parameters
        ----------
        read : callable
            Returns what the answer means; raises `PlatformError` with a hint where it means nothing.
        default : str, optional
            What Enter stands for.
        """
        from rich.markup import escape
        from rich.prompt import Prompt

        while True:
            typed = Prompt.ask(
                f"[bold]{escape(printable(question))}[/bold]",
                console=self.console,
                default=default or "",
                show_default=bool(default),
            )
            try:
                return read(typed.strip())
            except PlatformError as error:
                self.problem(error)

    def problem(self, error: PlatformError) -> None:
        """Say what is wrong, and what to do."""
        self.say(error.message, "red")
        if hint := hint_of(error):
            self.say(hint, "dim")

    def choose(self, question: str, choices: Sequence[str], *, default: int = 1) -> int:
        """List choices with numbers and return the position of the one that was taken, from 0."""
        for number, choice in enumerate(choices, 1):
            self.say(f"  {number}  {choice}")
        return self.ask(question, lambda typed: number_of(typed, len(choices)) - 1, default=str(default))

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """Ask for yes or no."""
        shown = "Y/n" if default else "y/N"
        return self.ask(f"{question} [{shown}]", lambda typed: yes_or_no(typed, default))


def number_of(typed: str, highest: int) -> int:
    """Return a whole number from 1 to `highest`.

    Examples
    --------
    >>> number_of("2", 3)
    2
    """
    if not typed.isdecimal() or not 1 <= int(typed) <= highest:
        allowed = "Type 1." if highest == 1 else f"Type a number from 1 to {highest}."
        raise WrongOption(f"{typed!r} is none of them." if typed else "Nothing was typed.", allowed)
    return int(typed)


def positive(typed: str, *, at_most: float = float("inf")) -> float:
    """Return a number above 0 and at most `at_most`.

    Examples
    --------
    >>> positive("2.5"), positive("1 %", at_most=50)
    (2.5, 1.0)
    """
    try:
        value = float(typed.removesuffix("%").strip().replace(",", "."))
    except ValueError:
        value = 0.0
    if not 0.0 < value <= at_most or value == float("inf"):
        limit = "" if at_most == float("inf") else f" and at most {at_most:g}"
        raise WrongOption(f"{typed!r} cannot be used.", f"Type a number above 0{limit}, such as 3.")
    return value


def yes_or_no(typed: str, default: bool) -> bool:
    """Return True for yes and False for no; an empty answer is the default."""
    if typed.lower() in {"y", "yes"}:
        return True
    if typed.lower() in {"n", "no"}:
        return False
    if not typed:
        return default
    raise WrongOption(f"{typed!r} is neither.", "Type y or n.")


def one_of(typed: str, words: Sequence[str]) -> str:
    """Return the word that was typed, or that begins with what was typed.

    Examples
    --------
    >>> one_of("n", ["next", "quit"])
    'next'
    """
    lowered = typed.lower()
    found = [word for word in words if word == lowered] or [
        word for word in words if lowered and word.startswith(lowered)
    ]
    if len(found) == 1:
        return found[0]
    near = nearest(typed, words)
    hint = f"Did you mean {near!r}?" if near else f"Type one of {', '.join(words)}; its first letter is enough."
    raise WrongOption(f"{typed!r} is none of them." if typed else "Nothing was typed.", hint)


def printable(text: str) -> str:
    """Return text whose control characters cannot reach the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)
