"""Writes ASC MHL manifests, by which other programs check a copy of a card: one generation and its chain.

The format is that of the American Society of Cinematographers, version 2.0 (https://github.com/ascmitc/mhl). It knows
no SHA-256, so files have their MD5, and the chain has the C4 ID of the manifest.
"""

import datetime as dt
import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass

FOLDER = "ascmhl"
CHAIN = "ascmhl_chain.xml"
LIST_SPACE, CHAIN_SPACE = "urn:ASC:MHL:v2.0", "urn:ASC:MHL:DIRECTORY:v2.0"
TOOL = "TrickyClip"
#: What lies beside the files and is not one of them.
IGNORED = (".DS_Store", FOLDER, f"{FOLDER}/")
C4_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
C4_CHARS = 90
#: What XML 1.0 cannot hold.
UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Hashed:
    """A file whose bytes were read and compared."""

    path: str
    size_bytes: int
    modified_at: dt.datetime | None
    md5: str
    read_at: dt.datetime


def written(
    files: Iterable[Hashed], *, name: str, made_at: dt.datetime, host: str, version: str, ignored: Iterable[str] = ()
) -> dict[str, bytes]:
    """Return the files of the folder ``ascmhl`` by their names: the manifest of these files, and its chain."""
    stem = re.sub(r"[^\w.-]+", "_", name).strip("._") or "card"
    filename = f"0001_{stem[:80]}_{made_at.astimezone(dt.UTC):%Y-%m-%d_%H%M%SZ}.mhl"
    root = ET.Element("hashlist", {"version": "2.0", "xmlns": LIST_SPACE})
    creator = ET.SubElement(root, "creatorinfo")
    ET.SubElement(creator, "creationdate").text = _time(made_at)
    ET.SubElement(creator, "hostname").text = host
    ET.SubElement(creator, "tool", {"version": version}).text = TOOL
    process = ET.SubElement(root, "processinfo")
    ET.SubElement(process, "process").text = "transfer"
    ignore = ET.SubElement(process, "ignore")
    for pattern in (*IGNORED, *ignored):
        ET.SubElement(ignore, "pattern").text = pattern
    hashes = ET.SubElement(root, "hashes")
    for file in sorted(files, key=lambda file: file.path):
        hashes.append(_hash_of(file))
    manifest = _as_bytes(root)
    chain = ET.Element("ascmhldirectory", {"xmlns": CHAIN_SPACE})
    entry = ET.SubElement(chain, "hashlist", {"sequencenr": "1"})
    ET.SubElement(entry, "path").text = filename
    ET.SubElement(entry, "c4").text = c4_of(manifest)
    return {filename: manifest, CHAIN: _as_bytes(chain)}


def c4_of(data: bytes) -> str:
    """Return the C4 ID of some bytes: their SHA-512 in 58 digits, after "c4"."""
    number, digits = int.from_bytes(hashlib.sha512(data).digest(), "big"), ""
    while number:
        number, digit = divmod(number, len(C4_DIGITS))
        digits = C4_DIGITS[digit] + digits
    return "c4" + digits.rjust(C4_CHARS - 2, C4_DIGITS[0])


def _hash_of(file: Hashed) -> ET.Element:
    element = ET.Element("hash")
    facts = {"size": str(file.size_bytes)}
    if file.modified_at:
        facts["lastmodificationdate"] = _time(file.modified_at)
    ET.SubElement(element, "path", facts).text = UNSPEAKABLE.sub("\ufffd", file.path)
    ET.SubElement(element, "md5", {"action": "original", "hashdate": _time(file.read_at)}).text = file.md5
    return element


def _as_bytes(root: ET.Element) -> bytes:
    ET.indent(root)
    return ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _time(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
