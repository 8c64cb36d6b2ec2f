"""The checksum CRC-32C of LevelDB and TensorFlow, in NumPy."""

from __future__ import annotations

import math

import numpy as np


def _table() -> np.ndarray:
    table: np.ndarray = np.arange(256, dtype=np.uint32)
    for _ in range(8):  # Castagnoli's polynomial, lowest bit first
        table = (table >> 1) ^ np.where(table & 1, np.uint32(0x82F63B78), np.uint32(0))
    return table


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """The checksum CRC-32C, for many stretches of the data at a time.

    It is linear over bits: the state after a stretch is that of the stretch alone, from zero, plus
    the state before, moved on by as many zero bytes. What moving on does is found for the 32
    single bits in the same loop.
    """
    side = math.isqrt(len(data))
    head = len(data) - side**2
    state = 0xFFFFFFFF
    for byte in data[:head]:
        state = int(_TABLE[(state ^ byte) & 255]) ^ state >> 8
    stretches = np.zeros((side, side + 32), np.uint8)  # a column each, then 32 of zero bytes
    stretches[:, :side] = np.frombuffer(data, np.uint8)[head:].reshape(side, side).T
    states = np.append(np.zeros(side, np.uint32), np.uint32(1) << np.arange(32, dtype=np.uint32))
    for row in stretches:
        states = _TABLE[(states ^ row) & 255] ^ (states >> 8)
    bits = states[side:].tolist()
    for own in states[:side].tolist():
        for bit in range(32):
            if state >> bit & 1:
                own ^= bits[bit]
        state = own
    return state ^ 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """As LevelDB stores it: turned and shifted, lest a checksum of checksums mean nothing."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
