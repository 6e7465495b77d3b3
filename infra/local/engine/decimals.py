"""DynamoDB numbers: 38 significant digits, magnitude 1E-130 to 9.99E+125, in canonical text and as ordered bytes."""

import re
from decimal import Context, Decimal

from .errors import refuse

_SHORT_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,36}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,6})?")
_PRECISION = 38
_HIGHEST, _LOWEST = 125, -130
# Wide enough to add any two numbers of the range without rounding.
_EXACT = Context(prec=300)


def canonical_number(text: object) -> str:
    """The text DynamoDB would return for `text`: no exponent, no needless zeros. Raises Refusal."""
    if not isinstance(text, str):
        refuse("A number must be given as text")
    if _SHORT_INTEGER.fullmatch(text):
        return text
    if not _NUMBER.fullmatch(text):
        refuse("A value provided cannot be converted into a number")
    return _canonical(Decimal(text))


def _canonical(number: Decimal) -> str:
    if not number:
        return "0"
    number = number.normalize(_EXACT)
    if number.adjusted() > _HIGHEST:
        refuse("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if number.adjusted() < _LOWEST:
        refuse("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    if len(number.as_tuple().digits) > _PRECISION:
        refuse("Attempting to store more than 38 significant digits in a Number")
    return format(number, "f")


def add(left: str, right: str) -> str:
    """Exact sum of two canonical numbers, canonical again. Raises Refusal where it leaves range or precision."""
    return _canonical(_EXACT.add(Decimal(left), Decimal(right)))


def subtract(left: str, right: str) -> str:
    """Exact difference of two canonical numbers, canonical again. Raises Refusal as `add` does."""
    return _canonical(_EXACT.subtract(Decimal(left), Decimal(right)))


def number_key(text: str) -> bytes:
    """Bytes of a canonical number whose order is the order of numbers."""
    sign, digits, _ = (number := Decimal(text).normalize(_EXACT)).as_tuple()
    if not number:
        return b"\x01"
    body = bytes([number.adjusted() - _LOWEST, *(digit + 1 for digit in digits)])
    if not sign:
        return b"\x02" + body
    # The final byte keeps a longer negative number, which is smaller, before its own prefix.
    return b"\x00" + bytes(255 - byte for byte in body) + b"\xff"


def number_size(text: str) -> int:
    """Bytes a canonical number counts for: one per pair of digits beside the point, plus one, plus one for a sign."""
    whole, _, fraction = text.lstrip("-").partition(".")
    digits = "0" * (len(whole) % 2) + whole + fraction
    significant = digits.strip("0")
    if not significant:
        return 1
    first = digits.index(significant)
    pairs = (first + len(significant) - 1) // 2 - first // 2 + 1
    return pairs + 1 + text.startswith("-")
