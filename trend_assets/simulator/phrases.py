"""Sentence templates by language, and names of people, things and places."""

from __future__ import annotations

from collections.abc import Mapping

#: Said in any community, by language.
SENTENCES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "can't stop thinking about the {entity} {kind}",
        "everyone is talking about the {entity} {kind} and the {noun}",
        "unpopular opinion: the {entity} {kind} is all about the {noun}",
        "did you see what happened with {entity}? the {noun} is {mood}",
        "{entity} {kind} thread: {noun}, {noun2} and why it is {mood}",
        "not sure the {noun} was worth it, but this {entity} {kind} is {mood}",
    ),
    "es": (
        "todo el mundo habla de {entity}: {kind} y {noun}",
        "no puedo creer lo de {entity}, qué {noun} tan {mood}",
        "hilo sobre {entity} ({kind}): {noun}, {noun2} y lo que viene",
        "lo de {entity} hoy ha sido {mood}",
    ),
    "de": (
        "alle reden über {entity}: {kind} und {noun}",
        "unglaublich, was gerade bei {entity} passiert, {noun} ist {mood}",
        "kurzer Faden zu {entity} ({kind}): {noun}, {noun2}",
    ),
    "pt": (
        "todo mundo falando de {entity}: {kind} e {noun}",
        "não acredito no que fez o {entity}, {noun} {mood}",
    ),
    "ja": (
        "{entity}の{kind}、{noun}がすごい",
        "{entity}の{kind}もう見た? {noun}が{mood}",
        "{entity}の{kind}について、{noun}と{noun2}のまとめ",
    ),
    "ar": (
        "الجميع يتحدث عن {entity} و {noun}",
        "ما حدث في {entity} اليوم {mood}",
        "{kind} {entity}: {noun} و {noun2}",
    ),
}

MOODS: Mapping[str, tuple[str, ...]] = {
    "en": ("wild", "huge", "a mess", "beautiful", "long overdue", "hard to believe", "so good"),
    "es": ("increíble", "enorme", "triste", "histórico", "brutal"),
    "de": ("irre", "riesig", "überfällig", "traurig", "großartig"),
    "pt": ("incrível", "histórico", "absurdo", "lindo"),
    "ja": ("最高", "心配", "話題", "残念"),
    "ar": ("رائع", "محزن", "تاريخي"),
}

#: Said about a perennial topic.
PERENNIAL_SENTENCES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "today's thought on {noun} and {noun2}",
        "my {noun} this week, simply {mood}",
        "what is everyone's favourite {noun} right now?",
        "still learning about {noun}, one day at a time",
    ),
    "es": ("hoy {noun}, {mood}", "pensando en {noun} y {noun2}"),
    "de": ("heute wieder: {noun} und {noun2}", "{noun} diese Woche: {mood}"),
    "pt": ("hoje {noun}, {mood}", "pensando em {noun} e {noun2}"),
    "ja": ("今日の{noun}、{mood}", "{noun}と{noun2}の話"),
    "ar": ("أفكر في {noun} و {noun2}", "{noun} اليوم {mood}"),
}

CHATTER: Mapping[str, tuple[str, ...]] = {
    "en": (
        "good morning everyone",
        "need coffee before this {noun}",
        "is it friday yet",
        "long day, going to bed early",
        "lost my {noun} again",
        "the weather today is {mood}",
    ),
    "es": ("buenos días a todos", "necesito un café", "qué día tan {mood}"),
    "de": ("guten Morgen zusammen", "erst mal Kaffee", "was für ein Tag, {mood}"),
    "pt": ("bom dia pessoal", "preciso de um café", "que dia {mood}"),
    "ja": ("おはよう", "今日も一日がんばる", "眠い"),
    "ar": ("صباح الخير", "يوم {mood}"),
}

REPLIES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "so true, the {noun} especially",
        "i disagree, {noun} matters more",
        "source on the {noun}?",
        "this is {mood}",
        "wait, since when?",
    ),
    "es": ("totalmente de acuerdo", "no lo veo así, {noun} importa más", "esto es {mood}"),
    "de": ("sehe ich auch so", "und was ist mit {noun}?", "das ist {mood}"),
    "pt": ("concordo demais", "e o {noun}?", "isso é {mood}"),
    "ja": ("わかる", "{noun}はどうなの", "それは{mood}"),
    "ar": ("أتفق تماما", "وماذا عن {noun}"),
}

SLANG: tuple[str, ...] = (
    "no cap",
    "fr fr",
    "lowkey obsessed",
    "it's giving main character",
    "slay",
    "she ate and left no crumbs",
    "im so delulu rn",
    "bussin",
    "big W",
    "rizz is unmatched",
    "iykyk",
    "dead 💀",
    "crying 😭😭",
    "sheesh 🔥",
    "ngl",
    "bestie i can't",
)

SPAM_TEXTS: tuple[str, ...] = (
    "🔥 EARN ${amount} A DAY from home, no skills needed! Limited spots, click now",
    "FREE followers, 10k in 24 hours guaranteed, DM or click the link",
    "Congratulations! You have been selected for a ${amount} gift card, claim here",
    "Crypto giveaway! Send 0.1 get 1.0 back, verified, ending today",
    "Hot singles near you are waiting, sign up free",
    "Best replica watches -{amount}% only today, worldwide shipping",
)

SPAM_TAGS: tuple[str, ...] = (
    "#EasyMoney",
    "#FollowBack",
    "#FreeCrypto",
    "#GiftCard",
    "#WorkFromHome",
    "#DealOfTheDay",
)

LATIN_SYLLABLES: tuple[str, ...] = (
    "zor", "vex", "lu", "mar", "ka", "ni", "qua", "dro", "sel", "tor", "vi", "ren",
    "pal", "ax", "ori", "ber", "nem", "do", "fi", "gal", "ty", "sha", "lin", "ru",
    "mo", "cas", "el", "tam",
)  # fmt: skip
KANA: tuple[str, ...] = (
    "ア", "キ", "ソ", "ラ", "ミ", "ル", "ト", "カ", "ゼ", "ユ", "メ", "ホ", "シ", "タ", "ナ", "リ", "コ",
)  # fmt: skip
ARABIC_NAMES: tuple[str, ...] = ("نورة", "الواحة", "سمير", "زيتونة", "الميناء", "قمرين", "ريحان", "البحيرة")

FIRST_NAMES: tuple[str, ...] = (
    "Ava", "Noah", "Mia", "Liam", "Zoe", "Omar", "Lena", "Hugo", "Sofia", "Yuki",
    "Kenji", "Amara", "Diego", "Lucia", "Jonas", "Priya", "Tariq", "Emma", "Rosa", "Felix",
)  # fmt: skip
LAST_NAMES: tuple[str, ...] = (
    "Stone", "Rivera", "Sato", "Weber", "Haddad", "Silva", "Moreau", "Clark",
    "Novak", "Okafor", "Lindqvist", "Tanaka", "Costa", "Meyer", "Khan", "Brooks",
)  # fmt: skip

#: Where the speakers of a language live: hours ahead of UTC, and Google's code for the country.
HOMES: Mapping[str, tuple[tuple[int, str], ...]] = {
    "en": ((-8, "US"), (-6, "US"), (-5, "US"), (-5, "US"), (0, "GB"), (0, "GB"), (10, "AU"), (5, "IN")),
    "es": ((1, "ES"), (1, "ES"), (-6, "MX"), (-3, "AR")),
    "de": ((1, "DE"),),
    "pt": ((-3, "BR"),),
    "ja": ((9, "JP"),),
    "ar": ((3, "SA"), (2, "EG")),
}
