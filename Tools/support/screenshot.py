"""Runs a command on a pseudo-terminal and writes what its screen shows as a picture (SVG).

    .build/venv/bin/python Tools/support/screenshot.py -o docs/images/run.svg --until "until Ctrl-C" -- ./Tools/run --fresh

The command's own escape sequences are interpreted by pyte, so the picture is what a person at a terminal would see when
the command ends, or when `--until TEXT` has appeared, after which it is told to end (SIGINT).
"""

import argparse
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import fcntl
from xml.sax.saxutils import escape

import pyte

CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 18, 14
BACKGROUND, FOREGROUND = "#0f172a", "#e2e8f0"
COLOURS = {
    "black": "#475569", "red": "#f87171", "green": "#4ade80", "brown": "#facc15", "blue": "#60a5fa",
    "magenta": "#e879f9", "cyan": "#22d3ee", "white": "#f8fafc", "default": FOREGROUND,
}  # fmt: skip


def record(command: list[str], columns: int, rows: int, until: str | None) -> pyte.HistoryScreen:
    """The screen of `command` when it has ended, or after `until` has been shown."""
    screen = pyte.HistoryScreen(columns, rows, history=10_000)
    stream = pyte.ByteStream(screen)
    child, terminal = pty.fork()
    if child == 0:
        # Whoever started this may ignore it, and that would be inherited.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.update(TERM="xterm-256color", COLUMNS=str(columns), LINES=str(rows), LANG="C.UTF-8")
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    is_told = False
    while True:
        select.select([terminal], [], [])
        try:
            data = os.read(terminal, 65536)
        except OSError:  # EIO: the command has closed its terminal
            break
        if not data:
            break
        if not is_told:
            stream.feed(data)
        if until and not is_told and any(until in line for line in screen.display):
            os.kill(child, signal.SIGINT)
            is_told = True
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != 0 and not is_told:
        sys.exit(f"{' '.join(command)} ended with status {status}:\n" + "\n".join(screen.display))
    return screen


def lines(screen: pyte.HistoryScreen) -> list[list]:
    """Every line the screen has shown, as lists of characters, without empty ones at the end."""
    shown = [*screen.history.top, *(screen.buffer[row] for row in range(screen.lines))]
    cells = [[line[column] for column in range(screen.columns)] for line in shown]
    while cells and all(cell.data == " " for cell in cells[-1]):
        cells.pop()
    return cells


def runs(cells: list) -> list[tuple[int, str, str, bool]]:
    """A line as pieces of one look: the column they begin in, text, colour, whether bold."""
    pieces: list[tuple[int, str, str, bool]] = []
    for column, cell in enumerate(cells):
        colour = COLOURS.get(cell.fg, "#" + cell.fg if len(cell.fg) == 6 else FOREGROUND)
        if pieces and pieces[-1][2:] == (colour, cell.bold):
            start, text, *_ = pieces[-1]
            pieces[-1] = (start, text + cell.data, colour, cell.bold)
        else:
            pieces.append((column, cell.data, colour, cell.bold))
    # Columns stay in line in a font that is not of one width, too.
    return [
        (start + word.start(), word[0], colour, is_bold)
        for start, text, colour, is_bold in pieces
        for word in re.finditer(r"\S+(?: \S+)*", text)
    ]


def svg(shown: list[list], columns: int, title: str) -> str:
    width, height = round(columns * CELL_WIDTH + 2 * MARGIN), len(shown) * CELL_HEIGHT + 2 * MARGIN + 22
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        "font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">",
        f"  <title>{escape(title)}</title>",
        f'  <rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
        *(
            f'  <circle cx="{18 + 18 * index}" cy="18" r="5.5" fill="{colour}"/>'
            for index, colour in enumerate(("#f87171", "#facc15", "#4ade80"))
        ),
    ]
    for row, cells in enumerate(shown):
        y = MARGIN + 22 + row * CELL_HEIGHT + 14
        for column, text, colour, is_bold in runs(cells):
            x = MARGIN + column * CELL_WIDTH
            weight = ' font-weight="bold"' if is_bold else ""
            out.append(
                f'  <text x="{x:.1f}" y="{y}" textLength="{len(text) * CELL_WIDTH:.1f}" fill="{colour}"{weight} '
                f'xml:space="preserve">{escape(text)}</text>'
            )
    return "\n".join(out) + "\n</svg>\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", required=True, help="the SVG file to write")
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--rows", type=int, default=30)
    parser.add_argument("--until", help="end the command once this text is on the screen")
    parser.add_argument("--last", type=int, help="keep only so many lines, the last ones")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- and the command")
    arguments = parser.parse_args()
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not command:
        parser.error("no command: write it after --")
    shown = lines(record(command, arguments.columns, arguments.rows, arguments.until))
    shown = shown[-arguments.last :] if arguments.last else shown
    with open(arguments.output, "w", encoding="utf-8") as file:
        file.write(svg(shown, arguments.columns, " ".join(command)))


if __name__ == "__main__":
    main()
