"""Rates of public parsers on the files that `musubi bench --formats --keep` left: hl7 and hl7apy on messages, lxml on
CDA documents. They parse only; they neither check nor map. One core, best of three rounds.

Run by scripts/bench.sh in a virtual environment of its own; not a dependency of the product."""

import io
import pathlib
import sys
import time
import zipfile
from importlib.metadata import version

ROUNDS = 3


def messages(folder):
    """The HL7 messages of a corpus as text, decoded beforehand: these parsers take no bytes with escape sequences."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix in (".toml", ".sig", ".csv"):
            continue
        raw = path.read_bytes()
        if not raw.startswith(b"MSH|"):
            continue
        codec = "iso2022_jp_ext" if b"\x1b$" in raw else "utf-8"
        yield len(raw), raw.decode(codec, "replace").replace("\x1c", "").strip("\r\n") + "\r"


def documents(folder):
    """The XML documents of a corpus; of packages, their members."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        raw = path.read_bytes()
        if raw.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(raw)) as package:
                for name in package.namelist():
                    if name.endswith(".xml"):
                        content = package.read(name)
                        yield len(content), content
        elif raw.lstrip(b"\xef\xbb\xbf").startswith(b"<"):
            yield len(raw), raw


def rate(items, parse):
    best = None
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _, item in items:
            parse(item)
        spent = time.perf_counter() - start
        best = spent if best is None else min(best, spent)
    return sum(n for n, _ in items) / 1e6 / best if items else None


def main():
    work = pathlib.Path(sys.argv[1])
    import hl7
    import hl7apy.parser
    from lxml import etree

    peers = [
        ("hl7", messages, lambda t: hl7.parse(t), 400),
        ("hl7apy", messages, lambda t: hl7apy.parser.parse_message(t, validation_level=2, find_groups=False), 60),
        ("lxml", documents, lambda b: etree.fromstring(b, etree.XMLParser(resolve_entities=False)), 400),
    ]
    print("| format | peer | files read | MB/s a core (parsing only) |")
    print("|---|---|--:|--:|")
    for folder in sorted(p for p in work.iterdir() if p.is_dir()):
        for name, read, parse, most in peers:
            items = []
            for item in read(folder):
                items.append(item)
                if len(items) >= most:
                    break
            if not items:
                continue
            try:
                found = rate(items, parse)
                print(f"| {folder.name} | {name} {version(name)} | {len(items)} | {found:.1f} |")
            except Exception as error:  # a peer that cannot read the format is a result, too
                print(f"| {folder.name} | {name} {version(name)} | {len(items)} | fails: {type(error).__name__} |")


main()
