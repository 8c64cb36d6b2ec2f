"""TensorFlow's tensor bundle, the two files of a checkpoint, read without TensorFlow.

``<prefix>.index`` is a sorted table in LevelDB's format: blocks of keys and values, each with a
checksum, found through an index block that a footer points at. The values are protocol buffers
that say where in ``<prefix>.data-00000-of-00001`` each array's bytes are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ._crc32c import masked_crc32c

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_TRAILER = 5  # after each block: how it is compressed, one byte, and its checksum
_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8"}  # TensorFlow's number of a type
_VARINT, _BYTES = 0, 2  # the wire types of protocol buffers that matter here; 5 is 4 bytes


class BundleError(ValueError):
    """A bundle that cannot be read; the message names the file and says what is wrong."""


def read_bundle(prefix: Path) -> dict[str, np.ndarray]:
    """The arrays of a bundle by name, read-only, every checksum verified.

    Parameters
    ----------
    prefix : the path of the two files up to ``.index`` and ``.data-00000-of-00001``.

    Raises
    ------
    BundleError : a file is missing or damaged, or uses what is not read here: several shards,
        big-endian numbers, sliced tensors, tensors other than float32, float64, int32, int64.
    """
    with _reading(prefix.with_name(f"{prefix.name}.index")) as index:
        table = _table(index)
        if b"" not in table:
            raise BundleError("holds no header")
        _check_header(table.pop(b""))
        entries = {_text(key): _entry(value) for key, value in table.items()}
    with _reading(prefix.with_name(f"{prefix.name}.data-00000-of-00001")) as data:
        return {name: _array(name, data, *entry) for name, entry in entries.items()}


@contextmanager
def _reading(path: Path) -> Iterator[bytes]:
    """The bytes of a file; what goes wrong with them is told with its name."""
    try:
        yield path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror or error}") from error
    except BundleError as error:
        raise BundleError(f"{path} {error}") from error


class _Bytes:
    """Bytes taken from the front, never beyond the end."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def __bool__(self) -> bool:
        return self.at < len(self.data)

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise BundleError("ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def integer(self, count: int) -> int:
        return int.from_bytes(self.take(count), "little")

    def varint(self) -> int:
        """Seven bits a byte, lowest first; the eighth says that more follow."""
        value = 0
        for shift in range(0, 64, 7):
            byte = self.integer(1)
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise BundleError("holds an integer of more than 64 bits")


def _table(file: bytes) -> dict[bytes, bytes]:
    """Keys and values of a sorted table."""
    end = len(file) - _FOOTER
    if end < 0 or int.from_bytes(file[-8:], "little") != _MAGIC:
        raise BundleError("is not the index of a tensor bundle, or was cut off")
    footer = _Bytes(file[end:-8])
    _block(file, footer.varint(), footer.varint())  # the metaindex: read for its checksum only
    start, size = footer.varint(), footer.varint()
    if start + size + _TRAILER != end:
        raise BundleError("has a damaged footer")
    table: dict[bytes, bytes] = {}
    for handle in _block(file, start, size).values():
        where = _Bytes(handle)
        table |= _block(file, where.varint(), where.varint())
    return table


def _block(file: bytes, start: int, size: int) -> dict[bytes, bytes]:
    """Keys and values of one block. A key is stored as what differs from the key before it."""
    block = _Bytes(file[start:])
    content, compression, checksum = block.take(size), block.take(1), block.integer(4)
    if masked_crc32c(content + compression) != checksum:
        raise BundleError(f"is damaged: wrong checksum of the block at byte {start}")
    if compression not in (b"\0", b"\1"):
        raise BundleError(f"has a block compressed in an unknown way, {compression[0]}")
    if compression == b"\1":
        content = _unsnap(content)
    restarts = int.from_bytes(content[-4:], "little")  # where whole keys are: for searching only
    last = len(content) - 4 * (restarts + 1)
    if last < 0:
        raise BundleError("has a block that ends too early")
    entries, key = _Bytes(content[:last]), b""
    found: dict[bytes, bytes] = {}
    while entries:
        shared, rest, length = entries.varint(), entries.varint(), entries.varint()
        if shared > len(key):
            raise BundleError("has a key that continues nothing")
        key = key[:shared] + entries.take(rest)
        found[key] = entries.take(length)
    return found


def _unsnap(compressed: bytes) -> bytes:
    """Undo Snappy: pieces to copy from here, and from what was already written."""
    source, out = _Bytes(compressed), bytearray()
    length = source.varint()
    while source:
        tag = source.integer(1)
        kind, count = tag & 3, (tag >> 2) + 1
        if kind == 0:
            out += source.take(count if count <= 60 else source.integer(count - 60) + 1)
            continue
        if kind == 1:
            count, distance = (tag >> 2 & 7) + 4, tag >> 5 << 8 | source.integer(1)
        else:
            distance = source.integer(2 if kind == 2 else 4)
        if not 0 < distance <= len(out):
            raise BundleError("has a compressed block that copies from nowhere")
        for _ in range(count):  # byte by byte: a piece may overlap with its copy
            out.append(out[-distance])
    if len(out) != length:
        raise BundleError("has a compressed block of another length than it says")
    return bytes(out)


def _fields(message: bytes) -> dict[tuple[int, int], list]:
    """Values in a protocol buffer by (number, wire type)."""
    source = _Bytes(message)
    fields: dict[tuple[int, int], list] = {}
    while source:
        number, wire = divmod(source.varint(), 8)
        if wire == _VARINT:
            value: int | bytes = source.varint()
        elif wire == _BYTES:
            value = source.take(source.varint())
        elif wire in (1, 5):
            value = source.integer(8 if wire == 1 else 4)
        else:
            raise BundleError(f"has a field of unknown wire type {wire}")
        fields.setdefault((number, wire), []).append(value)
    return fields


def _check_header(message: bytes) -> None:
    header = _fields(message)
    shards, endianness = header.get((1, _VARINT), [0])[-1], header.get((2, _VARINT), [0])[-1]
    if shards != 1:
        raise BundleError(f"is of a bundle in {shards} shards; only a single one is read here")
    if endianness != 0:
        raise BundleError("is of a big-endian bundle; only little-endian ones are read here")


def _entry(message: bytes) -> tuple[int, tuple[int, ...], int, int, int]:
    """A tensor's type, shape, offset, size in bytes and checksum."""
    entry = _fields(message)
    if entry.get((3, _VARINT), [0])[-1] != 0 or (7, _BYTES) in entry:
        raise BundleError("has a tensor in another shard or in slices")
    shape = _fields(b"".join(entry.get((2, _BYTES), [])))
    dimensions = [_fields(d).get((1, _VARINT), [0])[-1] for d in shape.get((2, _BYTES), [])]
    dtype, offset, size = (entry.get((n, _VARINT), [0])[-1] for n in (1, 4, 5))
    return dtype, tuple(dimensions), offset, size, entry.get((6, 5), [0])[-1]


def _array(name, data: bytes, dtype: int, shape, offset: int, size: int, checksum: int):
    if dtype not in _DTYPES:
        raise BundleError(f"holds {name} in TensorFlow's type {dtype}, which is not read here")
    kind = np.dtype(_DTYPES[dtype])
    if math.prod(shape) * kind.itemsize != size:
        raise BundleError(f"holds {name} in {size} bytes, which is not {kind} of shape {shape}")
    if offset + size > len(data):
        raise BundleError(f"was cut off: {name} ends at byte {offset + size} of {len(data)}")
    raw = data[offset : offset + size]
    if masked_crc32c(raw) != checksum:
        raise BundleError(f"is damaged: wrong checksum of {name}")
    try:
        return np.frombuffer(raw, kind).reshape(shape)  # bytes do not change, so neither does it
    except (ValueError, OverflowError) as error:
        raise BundleError(f"holds {name} in a shape that cannot be, {shape}") from error


def _text(key: bytes) -> str:
    try:
        return key.decode()
    except UnicodeDecodeError as error:
        raise BundleError(f"has a key that is no text, {key!r}") from error
