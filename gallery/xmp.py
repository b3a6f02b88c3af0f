"""The XMP packet that says in a file's metadata that a trained model made it, and its place in an mp4.

Knows nothing of signatures: it is written before a file is signed, so that the signature covers it.
Method: IPTC Video Metadata (`Iptc4xmpExt:DigitalSourceType`), and for an mp4 the `uuid` box of
Adobe's XMP specification, part 3. It stands at the end of the file, so that no offset moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's term for media made by a trained model."""

BOX_ID: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_HEADER: Final = 8  # bytes of a box's size and kind


def packet(*, title: str = "", creators: Sequence[str] = ()) -> bytes:
    """The packet, with a title and the names of those who made it where they are given."""
    named = ""
    if title:
        named += f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>'
    if creators:
        people = "".join(f"<rdf:li>{escape(name)}</rdf:li>" for name in creators)
        named += f"<dc:creator><rdf:Seq>{people}</rdf:Seq></dc:creator>"
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f"<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>{named}"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="r"?>'
    ).encode()


def add_to_mp4(path: Path, xmp: bytes) -> None:
    """Append the packet in a box of its own. Raises ValueError for a file whose boxes do not end
    where the file does: what is added there would be read as a part of the last one."""
    if sum(size for _, _, size in boxes(path)) != path.stat().st_size:
        raise ValueError(f"the boxes of {path.name} do not fill it")
    content = BOX_ID + xmp
    with path.open("ab") as file:
        file.write((_HEADER + len(content)).to_bytes(4, "big") + b"uuid" + content)


def boxes(path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Kind, place and size of each box at the top of an mp4, as far as they can be followed."""
    end = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + _HEADER <= end:
            file.seek(at)
            head = file.read(_HEADER + 8)
            size, kind = int.from_bytes(head[:4], "big"), head[4:8]
            if size == 1:  # a large one, whose size follows its kind
                size = int.from_bytes(head[8:16], "big")
            if size < _HEADER:
                return
            yield kind, at, size
            at += size
