"""A report in one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from scatter.io import atomic_output

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
body { color: #222 }
h1, h2 { font-weight: 600; line-height: 1.2 } h2 { margin-top: 2.5rem }
figure { margin: 1.5rem 0 } figcaption { color: #555; font-size: .9rem }
img { max-width: 100%; height: auto } .wide { overflow-x: auto }
@media (max-width: 40rem) { .wide img { max-width: none; width: 44rem } }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .3rem .9rem; text-align: right }
th:first-child, td:first-child { text-align: left } thead th { border-bottom: 2px solid #888 }
tbody tr:nth-child(even) { background: #f4f4f4 }
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #ddd } figcaption { color: #aaa } img { background: #fff }
  tbody tr:nth-child(even) { background: #22252b } }
</style></head><body>
<h1>$title</h1>
$body
</body></html>
""")


def page(title: str, parts: list[str]) -> str:
    """A page from its title and the HTML of its parts."""
    return _PAGE.substitute(title=escape(title), body="\n".join(parts))


def heading(text: str) -> str:
    """A heading of a section."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table; the first column is text, the others are numbers."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def picture(png: bytes, caption: str) -> str:
    """A picture with its caption, inside of the page."""
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<figure><div class="wide"><img alt="{escape(caption)}" src="data:image/png;base64,{data}"></div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def render(figure: Figure, dpi: int = 110) -> bytes:
    """A figure as PNG."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with atomic_output(path) as temporary:
        temporary.write_bytes(data)
