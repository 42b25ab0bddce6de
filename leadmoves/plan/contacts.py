"""A file of contacts: a CSV with a column `email`, every bad address named by its row."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from leadmoves.errors import InvalidInput, Problem
from leadmoves.plan.body import is_email, once_each
from leadmoves.plan.refusal import shown

LARGEST = 64 * 2**20  # bytes: about two million addresses, 2,000 requests
BAD_ROWS_SHOWN = 10  # enough to see what is wrong with a column

_Row = tuple[int, str]


@dataclass(frozen=True)
class Contacts:
    """The addresses in the order of the file, each once, and how many repeats were left out."""

    addresses: tuple[str, ...]
    repeats: int


def read_contacts(path: Path) -> Contacts:
    rows = list(_addresses(path, _text(path)))
    if not rows:
        raise _refused(f"{path} holds no address below its header; add some, or leave the key out")
    bad = [row for row in rows if not is_email(row[1])]
    if bad:
        raise _refused(_bad_rows(path, bad))
    addresses = once_each(tuple(address for _, address in rows))
    return Contacts(addresses, len(rows) - len(addresses))


def _refused(message: str) -> InvalidInput:
    return InvalidInput(Problem("contacts_file", message))


def _text(path: Path) -> str:
    try:
        if not path.is_file():  # nor a pipe or a device, which might never end
            raise _refused(f"there is no file {path}; the path counts from the plan's folder")
        if path.stat().st_size > LARGEST:
            raise _refused(f"{path} is larger than {LARGEST // 2**20} MB; split it")
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise _refused(f"{path} cannot be read ({error}); it must be CSV text in UTF-8") from None


def _addresses(path: Path, text: str) -> Iterator[_Row]:
    """Row number and address of every row that is not blank."""
    header, _, _ = text.lstrip().partition("\n")
    delimiter = max(",;\t", key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        filled = ((rows.line_num, cells) for cells in rows if any(cell.strip() for cell in cells))
        _, names = next(filled, (0, []))
        column = _column(path, names)
        yield from ((number, (cells[column] if column < len(cells) else "").strip()) for number, cells in filled)
    except csv.Error as error:
        raise _refused(f"{path}, row {rows.line_num}: {error}; it must be CSV text") from None


def _column(path: Path, names: list[str]) -> int:
    found = [name.strip().lower() for name in names]
    if "email" in found:
        return found.index("email")
    said = f"its first row has {', '.join(map(shown, islice(found, 10)))}" if found else "it is empty"
    raise _refused(f"{path} has no column email; {said}; name the column of addresses email")


def _bad_rows(path: Path, bad: list[_Row]) -> str:
    listed = ", ".join(f"row {number}: {shown(text) if text else 'empty'}" for number, text in bad[:BAD_ROWS_SHOWN])
    more = f", and {len(bad) - BAD_ROWS_SHOWN} more" if len(bad) > BAD_ROWS_SHOWN else ""
    return f"{path} has rows without an e-mail address such as ana@example.com; correct {listed}{more}"
