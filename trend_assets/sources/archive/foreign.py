"""Explains files that hold no readable rows: what they are, and what to do."""

from __future__ import annotations

import re

_AS_CSV = "export the table as CSV"
_MAGICS = (
    (b"SQLite format 3\x00", f"an SQLite database: {_AS_CSV}, as in: sqlite3 -header -csv FILE 'SELECT * FROM posts'"),
    (b"%PDF", "a PDF document: get the posts as CSV or JSON from where it was made"),
    (b"ARROW1", "an Arrow (Feather) file: write it as Parquet"),
    (b"FEA1", "a Feather file: write it as Parquet"),
    (b"ORC", "an ORC file: write it as Parquet"),
    (b"Obj\x01", "an Avro file: write it as Parquet or JSON lines"),
    (b"\x89HDF\r\n", "an HDF5 file: write it as Parquet"),
    (b"\x93NUMPY", "a NumPy array: write it as Parquet with its columns' names"),
    (b"RDX", "a file of R: write it as CSV with write.csv"),
    (b"X\n\x00\x00", "a file of R: write it as CSV with write.csv"),
    (b"$FL2", "an SPSS file: save it as CSV"),
    (b"<stata_dta>", "a Stata file: save it as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive: unpack it first"),
    (b"\x04\x22\x4d\x18", "packed with LZ4: unpack it first"),
    (b"\x1f\x9d", "packed with compress (.Z): unpack it first"),
    (b"\xff\x06\x00\x00sNaPpY", "packed with Snappy: unpack it first"),
    (b"{\\rtf", "a document in RTF: save the table as CSV"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"version https://git-lfs", "not the file itself but Git LFS' pointer to it: fetch it with git lfs pull"),
    (b"From ", "a mailbox: write its messages as CSV or JSON lines"),
    (b"WARC/", "a web archive (WARC): extract the posts as JSON lines"),
)
_OFFICE = {
    "docx": "a Word document: save its table as CSV",
    "pptx": "a PowerPoint file: save its table as CSV",
}
_PICKLE = re.compile(rb"\x80[\x02-\x05](?:\x95.{8}|[c}\]\x8c(])", re.DOTALL)
_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_XML = re.compile(rb"\s*<\?xml\b|\s*<(?:rss|feed)\b", re.IGNORECASE)


def foreign(head: bytes, office: str | None = None) -> str | None:
    """What a file is that cannot be read, and what to do; the words go on after `is`. None for all others.

    Args:
        head: its first bytes.
        office: what kind of Office file it is, where it is a zip.
    """
    if office in _OFFICE:
        return _OFFICE[office]
    for magic, meaning in _MAGICS:
        if head.startswith(magic):
            return meaning
    if head[8:12] == b"DUCK":
        return f"a DuckDB database: {_AS_CSV} or Parquet with COPY"
    if _PICKLE.match(head):
        return "a Python pickle, which is code and is not opened: write it with DataFrame.to_parquet"
    start = head[:4096]
    if _PAGE.match(start):
        return "a web page (HTML), perhaps an error or a login page that was saved in the file's place: get it again"
    if _XML.match(start):
        return "XML: write its items as JSON lines or CSV"
    return None
