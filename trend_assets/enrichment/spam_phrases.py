"""Regular expressions for what spam asks for and offers, over lower-case text.

Collected by reading two of the three labelled files of the YouTube Spam Collection (Psy, Katy Perry) and
common advertising phrases; the third file (LMFAO) was not used in choosing, so that it can judge them.
"""

from __future__ import annotations

import re

# Asking for attention to oneself: to subscribe, to follow, to look at one's own channel.
_SELF_PROMOTION = re.compile(
    r"\b(?:sub(?:scribe[rsd]?|scribing|s)?\b(?:\s+(?:to|back|for|me|4))?"
    r"|(?:check|chek|look)(?:ing)?\s+(?:\w+\s+){0,3}?(?:out|my|this|us|it)\b"
    r"|(?:my|our|this|new|his|youtube|yt)\s+(?:\w+\s+){0,2}?"
    r"(?:channel|page|cover|remix|vids?|video\s+blog|playlist)s?\b"
    r"|(?:my|our)\s+(?:\w+\s+){0,2}?(?:videos?|songs?|music|website|site|blog|store|shop|band|profile|link|bio)\b"
    r"|(?:please|pls|plz)\s+(?:\w+\s+){0,2}?"
    r"(?:like|share|watch|visit|help|support|vote|join|listen|follow|give|take|comment|view)"
    r"|follow\s+(?:me|us|back|for)|(?:visit|join)\s+(?:my|our|us|this|the|me)"
    r"|thumbs?\s+(?:this\s+)?up|give\s+(?:me|us|this|it)\s+a\s+(?:chance|like|thumbs?|try|listen|view)"
    r"|(?:i\s*(?:am|'m)|we\s*(?:are|'re))\s+(?:a\s+)?(?:new\s+)?(?:youtuber|rapper|singer|producer|artist|band)s?"
    r"|share\s+(?:this|my|it)|vote\s+(?:for|on))",
)
# Promising money, gifts or a click's reward.
_OFFER = re.compile(
    r"\b(?:free\s+(?:\w+\s+)?"
    r"(?:money|gift|iphone|followers|trial|alerts?|signup|sign|leads?|download|bitcoins?|cash)"
    r"|(?:earn|make|win|get)\s+(?:\w+\s+){0,3}?(?:money|cash|dollars|followers|subscribers|paid|rich|bitcoins?)"
    r"|(?:make|earn)\s+\$\s?\d|\$\s?\d[\d,.]*\s*(?:a|per|/)\s*(?:day|week|hour|month)"
    r"|gift\s*cards?|give\s?aways?|click\s+(?:here|this|the|on|link)|limited\s+(?:time|offer)"
    r"|work\s+(?:from|at)\s+home"
    r"|sign\s?up|promo\s+codes?|coupons?|discounts?|viagra|casino|weight\s+loss|dm\s+me|link\s+in\s+bio|whats\s?app"
    r"|(?:100|guaranteed)\s*%?\s*(?:profit|gains?|returns?|free)"
    r"|double\s+your|crypto\s+signals?|onlyfans|adf\.ly|bit\.ly)\b",
)

# Every match holds one of these; looking for them first spares most texts the slower patterns.
_PROMOTION_HINTS = (
    *("sub", "check", "chek", "look", "channel", "page", "cover", "remix", "vid", "playlist", "song"),
    *("music", "site", "blog", "store", "shop", "band", "profile", "link", "bio", "please", "pls", "plz"),
    *("follow", "visit", "join", "thumb", "give", "youtuber", "rapper", "singer", "producer", "artist"),
    *("share", "vote"),
)
_OFFER_HINTS = (
    *("free", "earn", "make", "money", "cash", "dollars", "followers", "subscribers", "paid", "rich"),
    *("bitcoin", "day", "week", "hour", "month", "gift", "give", "click", "limited", "work", "sign"),
    *("promo", "coupon", "discount", "viagra", "casino", "weight", "dm", "link", "whats", "profit", "gain"),
    *("return", "double", "crypto", "onlyfans", "adf.ly", "bit.ly"),
)


def self_promotions(lowered: str) -> int:
    """How often the lower-case text asks for attention to its author."""
    return _count(_SELF_PROMOTION, _PROMOTION_HINTS, lowered)


def offers(lowered: str) -> int:
    """How often the lower-case text promises something for a click."""
    return _count(_OFFER, _OFFER_HINTS, lowered)


def _count(pattern: re.Pattern[str], hints: tuple[str, ...], lowered: str) -> int:
    for hint in hints:
        if hint in lowered:
            return len(pattern.findall(lowered))
    return 0
