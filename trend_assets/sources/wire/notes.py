"""Notes on assumptions of a parser, from a fixed set: `Event.notes` holds them, an import counts them."""

from __future__ import annotations

DATE_ONLY = "a date without a time"
LATER_THAN_NOW = "later than now"
BEFORE_2000 = "before the year 2000"
INDEXED_AT = "createdAt is unusable: indexedAt is used"
TWICE = "an hour that the clocks showed twice: the first is taken"
US_CENTRAL = "CST is read as US Central time"
DAY_NUMBER = "a spreadsheet's day number read as a time"
NO_ZONE = "a time without a zone read as UTC"
BELOW_ONE = "a value below 1 read as 0.5"
FLOAT_ID = "digits of an id written as a float"
WRAPPED_ID = "what a spreadsheet put around an id was taken off"
MARKUP = "HTML read as text"
NUL = "NUL characters left out of the text"
HALF_PAIR = "half of a surrogate pair (an emoji cut in two) read as U+FFFD"

ALL = (
    DATE_ONLY,
    BEFORE_2000,
    LATER_THAN_NOW,
    INDEXED_AT,
    TWICE,
    US_CENTRAL,
    DAY_NUMBER,
    NO_ZONE,
    BELOW_ONE,
    FLOAT_ID,
    WRAPPED_ID,
    MARKUP,
    NUL,
    HALF_PAIR,
)
