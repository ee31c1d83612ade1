"""Compiled loops that write rows as CSV: numbers in the fewest digits that read back as the same double.

They release the interpreter lock, so that threads can share the rows, and write what pyarrow writes, several times faster.
"""

from __future__ import annotations

import numba
import numpy as np

NUMBER, WHOLE, TEXT = 0, 1, 2
"""How a column is given: bits of doubles, whole numbers, or finished text."""
WIDEST = 26
"""Bytes of the longest number, and the separator behind it."""
_LOWEST, _HIGHEST = -292, 324

_COMMA, _POINT, _MINUS, _PLUS, _ZERO, _E, _NEWLINE = (np.uint8(ord(sign)) for sign in ",.-+0e\n")
_ONE, _TWO, _FOUR, _TEN, _FORTY = (np.uint64(number) for number in (1, 2, 4, 10, 40))
_HALF = np.uint64(32)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_HIDDEN = np.uint64(1 << 52)
_FRACTION = np.uint64((1 << 52) - 1)
_SIGN = np.uint64(1 << 63)
_SPECIAL = 2047
_HUNDRED = np.uint64(100)
_DECIMAL_FROM, _DECIMAL_BELOW = -6, 10
"""Powers of ten from which, and below which, pyarrow writes a number without an exponent."""


def _powers() -> np.ndarray:
    """Return the first 128 bits of powers of ten, rounded up, as pairs of words."""
    words = np.empty((_HIGHEST - _LOWEST + 1, 2), dtype=np.uint64)
    for place, power in enumerate(range(_LOWEST, _HIGHEST + 1)):
        top, bottom = (10**power, 1) if power >= 0 else (1, 10**-power)
        # Such that 2**127 <= top / bottom < 2**128.
        shift = 127 - ((power * 1741647) >> 19)
        scaled = top << max(shift, 0)
        divisor = bottom << max(-shift, 0)
        bits = -(-scaled // divisor)
        words[place] = bits >> 64, bits & (2**64 - 1)
    return words


_POWERS = _powers()
_TENS = np.array([10**power for power in range(20)], dtype=np.uint64)
_PAIRS = np.array([ord(sign) for number in range(100) for sign in f"{number:02}"], dtype=np.uint8)


@numba.njit(cache=True, nogil=True, inline="always")
def _high_word(a, b):  # type: ignore[no-untyped-def]
    """Return the upper 64 bits of a product."""
    a_low, a_high = a & _LOW_HALF, a >> _HALF
    b_low, b_high = b & _LOW_HALF, b >> _HALF
    middle = a_high * b_low + ((a_low * b_low) >> _HALF)
    other = a_low * b_high + (middle & _LOW_HALF)
    return a_high * b_high + (middle >> _HALF) + (other >> _HALF)


@numba.njit(cache=True, nogil=True, inline="always")
def _rounded_to_odd(high, low, factor):  # type: ignore[no-untyped-def]
    """Return the upper third of a product of 128 by 64 bits; its last bit says whether anything was cut off."""
    middle = high * factor
    carried = middle + _high_word(low, factor)
    top = _high_word(high, factor) + np.uint64(carried < middle)
    return top | np.uint64(carried > _ONE)


@numba.njit(cache=True, nogil=True)
def _shortest(bits):  # type: ignore[no-untyped-def]
    """Return the digits and the power of ten of a finite double that is not 0, by Schubfach."""
    fraction = bits & _FRACTION
    biased = np.int64((bits >> np.uint64(52)) & np.uint64(2047))
    if biased != 0:
        c = fraction | _HIDDEN
        q = biased - 1075
        if -52 <= q <= 0 and c & ((_ONE << np.uint64(-q)) - _ONE) == np.uint64(0):
            return c >> np.uint64(-q), np.int64(0)
    else:
        c = fraction
        q = np.int64(-1074)
    odd = c & _ONE
    closer = fraction == np.uint64(0) and biased > 1
    k = (q * 1262611 - (524031 if closer else 0)) >> 22
    h = np.uint64(q + ((-k * 1741647) >> 19) + 1)
    high, low = _POWERS[-k - _LOWEST, 0], _POWERS[-k - _LOWEST, 1]
    scaled = _FOUR * c
    lower = _rounded_to_odd(high, low, (scaled - _TWO + np.uint64(closer)) << h) + odd
    value = _rounded_to_odd(high, low, scaled << h)
    upper = _rounded_to_odd(high, low, (scaled + _TWO) << h) - odd
    s = value >> _TWO
    if s >= _TEN:
        tenth = s // _TEN
        below = lower <= _FORTY * tenth
        above = _FORTY * tenth + _FORTY <= upper
        if below != above:
            return tenth + np.uint64(above), k + 1
    below = lower <= _FOUR * s
    above = _FOUR * s + _FOUR <= upper
    if below != above:
        return s + np.uint64(above), k
    middle = _FOUR * s + _TWO
    up = value > middle or (value == middle and s & _ONE != np.uint64(0))
    return s + np.uint64(up), k


@numba.njit(cache=True, nogil=True, inline="always")
def _put_digits(out, at, digits, count):  # type: ignore[no-untyped-def]
    """Write so many digits."""
    end = at + count
    while count >= 2:
        rest = digits // _HUNDRED
        pair = np.int64(digits - rest * _HUNDRED) * 2
        end -= 2
        out[np.uintp(end)] = _PAIRS[np.uintp(pair)]
        out[np.uintp(end + 1)] = _PAIRS[np.uintp(pair + 1)]
        digits = rest
        count -= 2
    if count:
        out[np.uintp(end - 1)] = _ZERO + np.uint8(digits)


@numba.njit(cache=True, nogil=True, inline="always")
def _count_digits(digits, most):  # type: ignore[no-untyped-def]
    count = most
    while count > 1 and digits < _TENS[np.uintp(count - 1)]:
        count -= 1
    return count


@numba.njit(cache=True, nogil=True)
def _put_zeros(out, at, count):  # type: ignore[no-untyped-def]
    for place in range(count):
        out[np.uintp(at + place)] = _ZERO
    return at + count


@numba.njit(cache=True, nogil=True)
def _put_word(out, at, first, second, third):  # type: ignore[no-untyped-def]
    out[at], out[at + 1], out[at + 2] = first, second, third
    return at + 3


@numba.njit(cache=True, nogil=True)
def _put_number(out, at, bits):  # type: ignore[no-untyped-def]
    """Write a double and return where it ends; NaN is written as nothing."""
    if ((bits >> np.uint64(52)) & np.uint64(2047)) == np.uint64(2047):
        if bits & _FRACTION:
            return at
        if bits & _SIGN:
            out[at] = _MINUS
            at += 1
        return _put_word(out, at, np.uint8(105), np.uint8(110), np.uint8(102))
    if bits & _SIGN:
        out[np.uintp(at)] = _MINUS
        at += 1
        bits ^= _SIGN
    if bits == np.uint64(0):
        out[np.uintp(at)] = _ZERO
        return at + 1
    digits, power = _shortest(bits)
    while True:
        rest = digits // _TEN
        if rest * _TEN != digits:
            break
        digits = rest
        power += 1
    count = _count_digits(digits, 17)
    point = count + power
    if 0 < point <= _DECIMAL_BELOW:
        if count <= point:
            _put_digits(out, at, digits, count)
            return _put_zeros(out, at + count, point - count)
        _put_digits(out, at + 1, digits, count)
        for place in range(at, at + point):
            out[np.uintp(place)] = out[np.uintp(place + 1)]
        out[np.uintp(at + point)] = _POINT
        return at + count + 1
    if _DECIMAL_FROM < point <= 0:
        out[np.uintp(at)], out[np.uintp(at + 1)] = _ZERO, _POINT
        at = _put_zeros(out, at + 2, -point)
        _put_digits(out, at, digits, count)
        return at + count
    _put_digits(out, at + 1, digits, count)
    out[at] = out[at + 1]
    at += 1
    if count > 1:
        out[at] = _POINT
        at += count
    out[at] = _E
    out[at + 1] = _PLUS if point > 0 else _MINUS
    exponent = np.uint64(abs(point - 1))
    length = _count_digits(exponent, 3)
    _put_digits(out, at + 2, exponent, length)
    return at + 2 + length


@numba.njit(cache=True, nogil=True)
def _put_whole(out, at, number):  # type: ignore[no-untyped-def]
    digits = np.uint64(number)
    if number < 0:
        out[np.uintp(at)] = _MINUS
        at += 1
        digits = ~digits + _ONE
    count = _count_digits(digits, 19)
    _put_digits(out, at, digits, count)
    return at + count


@numba.njit(cache=True, nogil=True)
def put_rows(kinds, lines, numbers, wholes, offsets, texts, out):  # type: ignore[no-untyped-def]
    """Write rows and return how many bytes they take.

    Parameters
    ----------
    kinds, lines : arrays of shape (columns,)
        How each column is given, and in which line of the following.
    numbers : array of uint64, shape (_, n)
        Bits of doubles; NaN are empty cells.
    wholes : array of int64, shape (_, n)
    offsets : array of int64, shape (_, n + 1)
        Where the cells of text columns begin and end in `texts`.
    out : array of uint8
        Long enough for all.
    """
    at = 0
    for row in range(offsets.shape[1] - 1):
        for column in range(kinds.shape[0]):
            kind, line = kinds[column], lines[column]
            if kind == NUMBER:
                at = _put_number(out, at, numbers[line, row])
            elif kind == WHOLE:
                at = _put_whole(out, at, wholes[line, row])
            else:
                for place in range(offsets[line, row], offsets[line, row + 1]):
                    out[np.uintp(at)] = texts[np.uintp(place)]
                    at += 1
            out[np.uintp(at)] = _COMMA
            at += 1
        out[np.uintp(at - 1)] = _NEWLINE
    return at
