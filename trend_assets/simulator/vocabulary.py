"""The topics, active hours and languages of each simulated community."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Monday to Sunday.
Week = tuple[float, float, float, float, float, float, float]

EVERY_DAY: Week = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
WORKING_DAYS: Week = (1.0, 1.0, 1.0, 1.0, 1.0, 0.12, 0.12)
WEEKENDS: Week = (0.5, 0.45, 0.6, 0.6, 1.1, 1.8, 1.7)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one community talks in one language.

    ``kinds`` maps what can happen to how readily people pass such news on (1 is average).
    """

    kinds: Mapping[str, float]
    nouns: tuple[str, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Perennial:
    """A topic that is always there: its share within the community, by weekday."""

    label: str
    share: float
    week: Week = EVERY_DAY


@dataclass(frozen=True, eq=False, slots=True)
class Community:
    """People with a common interest.

    ``size`` is the share of all users, ``youth`` the share of Gen Z among them; ``languages`` maps
    BCP 47 codes to shares and ``dialects`` holds the same keys; ``category`` is YouTube's category id.
    """

    name: str
    size: float
    youth: float
    week: Week
    languages: Mapping[str, float]
    dialects: Mapping[str, Dialect]
    perennials: tuple[Perennial, ...]
    category: str
    cashtags: bool = False


def _only(day: int, rest: float = 0.02) -> Week:
    share = [rest] * 7
    share[day] = 3.0
    return (share[0], share[1], share[2], share[3], share[4], share[5], share[6])


COMMUNITIES: tuple[Community, ...] = (
    Community(
        name="technology",
        size=0.16,
        youth=0.25,
        week=(1.1, 1.1, 1.1, 1.1, 1.0, 0.7, 0.7),
        languages={"en": 0.72, "de": 0.14, "ja": 0.14},
        dialects={
            "en": Dialect(
                {"Launch": 1.1, "Leak": 1.8, "Outage": 2.0, "Update": 0.7, "Benchmark": 0.5},
                ("battery", "chip", "camera", "cloud", "login", "keyboard", "server", "firmware", "pricing"),
                (
                    "the {noun} on the new {entity} is the real story of this {kind}",
                    "is {entity} down for everyone or is it just my {noun}?",
                    "first look at the {entity} {kind}: better {noun}, worse {noun2}",
                ),
            ),
            "de": Dialect(
                {"Vorstellung": 1.1, "Panne": 1.8, "Datenleck": 1.9, "Test": 0.6},
                ("Akku", "Kamera", "Server", "Preis", "Tastatur", "Anmeldung"),
            ),
            "ja": Dialect(
                {"発表": 1.2, "障害": 1.9, "発売": 1.3, "更新": 0.6},
                ("電池", "画面", "価格", "性能", "カメラ"),
            ),
        },
        perennials=(
            Perennial("#AI", 1.4),
            Perennial("#OpenSource", 0.7),
            Perennial("#ThrowbackTech", 0.8, _only(3)),
        ),
        category="28",
    ),
    Community(
        name="gaming",
        size=0.15,
        youth=0.7,
        week=WEEKENDS,
        languages={"en": 0.7, "ja": 0.3},
        dialects={
            "en": Dialect(
                {"Reveal": 1.6, "Speedrun": 0.9, "Nerf": 1.5, "Beta": 0.8, "Mods": 0.5},
                (
                    "boss",
                    "loot",
                    "patch",
                    "lobby",
                    "ranked",
                    "controller",
                    "trailer",
                    "quest",
                    "server queue",
                ),
                (
                    "they did my main dirty with this {entity} {kind}",
                    "the {entity} {noun} just broke the whole {noun2}",
                    "who is streaming the {entity} {kind} tonight?",
                ),
            ),
            "ja": Dialect(
                {"新作": 1.6, "実況": 0.8, "配信": 1.0, "大会": 1.3},
                ("ボス", "装備", "対戦", "攻略", "予告"),
            ),
        },
        perennials=(Perennial("#Gaming", 1.2), Perennial("#ScreenshotSaturday", 1.0, _only(5))),
        category="20",
    ),
    Community(
        name="music",
        size=0.15,
        youth=0.65,
        week=(0.9, 0.9, 0.9, 1.0, 1.5, 1.2, 1.0),
        languages={"en": 0.62, "es": 0.38},
        dialects={
            "en": Dialect(
                {"Drop": 1.6, "Tour": 1.0, "Comeback": 1.8, "Remix": 0.6, "Cover": 0.5},
                ("chorus", "bridge", "album", "tickets", "vocals", "video", "setlist", "vinyl", "choreo"),
                (
                    "the {noun} on the new {entity} track, i am not okay",
                    "{entity} sold out the {noun2} in four minutes",
                    "that {entity} {kind} has been on repeat all day",
                ),
            ),
            "es": Dialect(
                {"Estreno": 1.5, "Gira": 1.1, "Regreso": 1.7, "Versión": 0.5},
                ("estribillo", "disco", "entradas", "concierto", "letra", "coreografía"),
            ),
        },
        perennials=(Perennial("#NowPlaying", 1.1), Perennial("#NewMusicFriday", 1.1, _only(4))),
        category="10",
    ),
    Community(
        name="football",
        size=0.15,
        youth=0.4,
        week=(0.7, 0.9, 1.1, 0.8, 0.9, 1.7, 1.9),
        languages={"en": 0.4, "es": 0.4, "pt": 0.2},
        dialects={
            "en": Dialect(
                {"Final": 1.6, "Transfer": 1.7, "Derby": 1.4, "Injury": 0.9, "Lineup": 0.5},
                (
                    "keeper",
                    "penalty",
                    "midfield",
                    "referee",
                    "stoppage time",
                    "captain",
                    "header",
                    "contract",
                ),
                (
                    "that {noun} decides the {entity} {kind}, mark my words",
                    "the referee owes {entity} an apology for that {noun}",
                    "here we go, {entity} {kind} is done, {noun} signed",
                ),
            ),
            "es": Dialect(
                {"Final": 1.6, "Fichaje": 1.7, "Clásico": 1.5, "Lesión": 0.9},
                ("portero", "penalti", "árbitro", "golazo", "afición", "contrato"),
            ),
            "pt": Dialect(
                {"Final": 1.6, "Contratação": 1.5, "Clássico": 1.4},
                ("goleiro", "pênalti", "torcida", "árbitro", "gol"),
            ),
        },
        perennials=(Perennial("#Matchday", 1.6, _only(6, 0.25)), Perennial("#LaLiga", 0.9)),
        category="17",
    ),
    Community(
        name="markets",
        size=0.11,
        youth=0.15,
        week=WORKING_DAYS,
        languages={"en": 1.0},
        dialects={
            "en": Dialect(
                {"Earnings": 1.2, "Merger": 1.8, "Squeeze": 2.0, "Buyback": 0.7, "Guidance": 0.6},
                ("revenue", "margin", "volume", "short interest", "dividend", "options", "forecast", "debt"),
                (
                    "{entity} {kind} beats on {noun}, misses on {noun2}",
                    "unusual {noun} in {entity} before the {kind}",
                    "taking profits on {entity}, the {noun} does not add up",
                ),
            )
        },
        perennials=(Perennial("$SPY", 1.2, WORKING_DAYS), Perennial("$AAPL", 0.9, WORKING_DAYS)),
        category="25",
        cashtags=True,
    ),
    Community(
        name="news",
        size=0.12,
        youth=0.2,
        week=(1.1, 1.1, 1.1, 1.1, 1.0, 0.8, 0.8),
        languages={"en": 0.55, "es": 0.2, "de": 0.13, "ar": 0.12},
        dialects={
            "en": Dialect(
                {"Strike": 1.6, "Vote": 1.2, "Scandal": 1.9, "Protest": 1.5, "Budget": 0.5},
                ("minister", "union", "parliament", "trains", "court", "ballot", "mayor", "documents"),
                (
                    "breaking: {noun} confirms the {entity} {kind}",
                    "what the {entity} {kind} means for the {noun2}",
                    "thousands on the street over the {entity} {kind}",
                ),
            ),
            "es": Dialect(
                {"Huelga": 1.6, "Votación": 1.2, "Escándalo": 1.9, "Protesta": 1.5},
                ("ministra", "sindicato", "tribunal", "trenes", "alcaldía"),
            ),
            "de": Dialect(
                {"Streik": 1.7, "Wahl": 1.3, "Skandal": 1.8},
                ("Bahn", "Ministerin", "Gewerkschaft", "Gericht", "Haushalt"),
            ),
            "ar": Dialect(
                {"انتخابات": 1.4, "احتجاج": 1.6, "فضيحة": 1.8},
                ("الوزير", "المحكمة", "البرلمان", "المدينة"),
            ),
        },
        perennials=(Perennial("#BreakingNews", 1.2), Perennial("#Politics", 0.8)),
        category="25",
    ),
    Community(
        name="science",
        size=0.08,
        youth=0.25,
        week=(1.0, 1.0, 1.1, 1.0, 1.0, 0.9, 0.9),
        languages={"en": 0.85, "de": 0.15},
        dialects={
            "en": Dialect(
                {"Quake": 2.0, "Storm": 1.8, "Eclipse": 1.6, "Mission": 1.1, "Study": 0.6},
                (
                    "telescope",
                    "orbit",
                    "rainfall",
                    "data",
                    "crew",
                    "vaccine",
                    "coast",
                    "magnitude",
                    "glacier",
                ),
                (
                    "live map of the {entity} {kind}, watch the {noun}",
                    "new preprint: {noun} explains the {entity} {kind}",
                    "stay safe everyone near the {entity} {kind}",
                ),
            ),
            "de": Dialect(
                {"Sturm": 1.8, "Finsternis": 1.4, "Studie": 0.6},
                ("Teleskop", "Regen", "Daten", "Küste", "Umlaufbahn"),
            ),
        },
        perennials=(Perennial("#Climate", 1.1), Perennial("#Astronomy", 0.7)),
        category="28",
    ),
    Community(
        name="lifestyle",
        size=0.08,
        youth=0.8,
        week=WEEKENDS,
        languages={"en": 0.75, "es": 0.25},
        dialects={
            "en": Dialect(
                {"Challenge": 1.8, "Breakup": 1.7, "Core": 1.3, "GlowUp": 0.9, "Recipe": 0.7},
                (
                    "outfit",
                    "dance",
                    "makeup",
                    "playlist",
                    "thrift haul",
                    "skincare",
                    "roommate",
                    "iced coffee",
                ),
                (
                    "pov: you tried the {entity} {kind} and the {noun} won",
                    "the {entity} {kind} but make it {noun}",
                    "everyone on my page is doing the {entity} {kind}",
                ),
            ),
            "es": Dialect(
                {"Reto": 1.8, "Ruptura": 1.6, "Receta": 0.7},
                ("baile", "maquillaje", "outfit", "café", "fiesta"),
            ),
        },
        perennials=(Perennial("#OOTD", 1.0), Perennial("#SundayReset", 1.0, _only(6))),
        category="24",
    ),
)
