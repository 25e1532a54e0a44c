"""What is found in texts of many scripts and shapes, case by case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.enrichment.phrases.words import Extractor, plain_words, surface_of
from trend_assets.topic_names import canonical_topic

EXTRACTOR = Extractor()

#: Language, text, and the phrases in it as topics are spelled.
CASES: tuple[tuple[str, str, list[str]], ...] = (
    ("en", "Luty transfer to Arsenal", ["arsenal", "luty", "luty transfer", "transfer"]),
    ("en", "#LutyTransfer!!", ["lutytransfer"]),
    ("en", "Tolkien's maps", ["maps", "tolkien", "tolkien's maps"]),
    ("en", "Tolkien\u2019s maps", ["maps", "tolkien", "tolkien's maps"]),
    ("en", "the iPhone\u2019s battery", ["battery", "iphone", "iphone's battery"]),
    ("en", "read http://t.co/abc now", []),
    ("en", "see www.spiegel.de/artikel", []),
    ("en", "bbc.co.uk/news says", []),
    ("en", "mail bob@example.com", ["mail"]),
    ("en", "@potus said", []),
    ("en", "RT @nasa: Artemis lands", ["artemis", "artemis lands", "lands"]),
    ("en", "RT NewsNasa: RT NewsEsa: Artemis lands", ["artemis", "artemis lands", "lands"]),
    ("en", "Look! RT SpaceFan: Artemis lands", ["artemis", "artemis lands", "lands"]),
    ("en", "<b>Artemis</b> lands", ["artemis", "artemis lands", "lands"]),
    ("en", "AT&amp;T outage", ["at&t", "at&t outage", "outage"]),
    ("en", "AT&T outage", ["at&t", "at&t outage", "outage"]),
    ("en", "Q&A with Musk", ["musk", "q&a"]),
    ("en", '<a href="https://x.y">Artemis</a> rocket', ["artemis", "artemis rocket", "rocket"]),
    ("en", "COVID-19 cases", ["covid-19"]),
    ("en", "covid19", ["covid19"]),
    ("en", "Covid 19", ["covid", "covid 19"]),
    ("en", "😀 Artemis 🚀", ["artemis"]),
    ("en", "Artemis🚀launch", ["artemis", "launch"]),
    ("en", "ARTEMIS LANDS", ["artemis", "artemis lands", "lands"]),
    ("en", "artemis", ["artemis"]),
    ("en", "Lord of the Rings tonight", ["lord", "tonight"]),
    (
        "en",
        "we saw the Bank of America building",
        ["america", "america building", "bank", "bank of america", "building"],
    ),
    ("en", '"winds of winter" delayed', ["delayed", "winds", "winds of winter", "winter"]),
    ("en", "“Winds of Winter” delayed", ["delayed", "winds", "winds of winter", "winter"]),
    ("en", "C++ and C# and F#", ["c#", "c++", "c++ and c# and f#", "f#"]),
    ("en", "Windows 10 rocks", ["rocks", "windows"]),
    ("en", "calls 45 strike", ["strike"]),
    ("en", "up 5", []),
    ("en", "2015", []),
    ("en", "3.14", []),
    ("en", "10:30", []),
    ("en", "$AAPL sold off", ["sold"]),
    ("en", "#apple #watch", ["apple", "watch"]),
    ("en", "the #apple watch", ["apple", "apple watch", "watch"]),
    ("en", "Ke$ha tour", ["ke$ha", "ke$ha tour", "tour"]),
    ("en", "A$AP Rocky", ["a$ap", "a$ap rocky", "rocky"]),
    ("en", "S&P 500", ["s&p", "s&p 500"]),
    ("en", "amazon.com down", ["amazon.com"]),
    ("en", "U.S. senate", ["senate", "u.s"]),
    ("en", "EU summit", ["eu", "eu summit", "summit"]),
    ("en", "AI act", ["ai"]),
    ("en", "it is", []),
    ("en", "", []),
    ("en", "   ", []),
    ("en", "!!!", []),
    ("en", "the and of", []),
    ("en", "lol omg rt via", []),
    ("en", "Monday in January", []),
    ("en", "stocks stock", ["stocks"]),
    ("en", "elections election", ["elections"]),
    ("en", "don't can't won't", []),
    ("en", "rock\u2019n\u2019roll", ["rock'n'roll"]),
    ("en", "hip-hop", ["hip-hop"]),
    ("en", "state-of-the-art", ["state-of-the-art"]),
    ("en", "e-mail leak", ["e-mail", "e-mail leak", "leak"]),
    ("en", "foo_bar snake_case", ["foo_bar", "foo_bar snake_case", "snake_case"]),
    ("en", "naïve café", ["café", "naïve", "naïve café"]),
    ("en", "Beyoncé", ["beyoncé"]),
    ("en", "Beyoncé", ["beyoncé"]),
    ("en", "\uff21\uff32\uff34\uff25\uff2d\uff29\uff33", ["artemis"]),
    ("en", "ﬁnch", ["finch"]),
    ("en", "New York Times", ["new york times", "york", "york times"]),
    (
        "en",
        "Barack Obama Michelle Obama",
        [
            "barack",
            "barack obama",
            "barack obama michelle obama",
            "michelle",
            "michelle obama",
            "obama",
            "obama michelle",
        ],
    ),
    ("en", "The Who live", []),
    ("en", "Apple, Google", ["apple", "google"]),
    ("en", "Apple. Google", ["apple", "google"]),
    ("en", "Apple\nGoogle", ["apple", "google"]),
    ("en", "Apple/Google", ["apple", "google"]),
    ("en", "&lt;Artemis&gt;", ["artemis"]),
    ("en", "vector<int> leak", ["leak", "vector"]),
    ("en", "a < b", []),
    ("de", "Das Tempolimit auf der Autobahn", ["autobahn", "tempolimit"]),
    ("de", "Straßenbahn", ["strassenbahn"]),
    ("de", "Müller-Westernhagen", ["müller-westernhagen"]),
    ("de", "der die das", []),
    ("fr", "la réforme des retraites", ["retraites", "réforme"]),
    ("fr", "l'Élysée confirme", ["confirme", "l'élysée", "l'élysée confirme"]),
    ("es", "la moción de censura", ["censura", "moción"]),
    ("es", "¡Golazo de Messi!", ["golazo", "golazo de messi", "messi"]),
    ("pt", "reforma tributária", ["reforma", "reforma tributária", "tributária"]),
    ("it", "il superbonus", ["superbonus"]),
    ("nl", "stikstofcrisis", ["stikstofcrisis"]),
    ("pl", "wybory prezydenckie", ["prezydenckie", "wybory", "wybory prezydenckie"]),
    ("tr", "İstanbul depremi", ["depremi", "i̇stanbul", "i̇stanbul depremi"]),
    ("tr", "deprem", ["deprem"]),
    ("ru", "мобилизация в Москве", ["мобилизация", "москве"]),
    ("ru", "и в не на", []),
    ("uk", "Запоріжжя атака", ["атака", "запоріжжя", "запоріжжя атака"]),
    ("el", "εκλογές στην Αθήνα", ["εκλογέσ"]),
    ("ar", "الداو جونز اليوم", ["الداو", "الداو جونز", "جونز"]),
    ("ar", "#النفط يرتفع", ["النفط", "النفط يرتفع", "يرتفع"]),
    ("ar", "في من على", []),
    ("fa", "تظاهرات تهران", ["تظاهرات", "تظاهرات تهران"]),
    ("he", "בחירות בישראל", ["בחירות", "בחירות בישראל"]),
    ("hi", "चुनाव परिणाम", ["चुनाव परिणाम", "परिणाम"]),
    ("hi", "किसान आंदोलन", ["आंदोलन", "किसान", "किसान आंदोलन"]),
    ("bn", "বাংলাদেশ নির্বাচন", []),
    ("ta", "தேர்தல் முடிவுகள்", ["தேர்தல் முடிவுகள்", "முடிவுகள்"]),
    ("th", "เลือกตั้ง", ["เลือกตั้ง"]),
    ("zh", "地震", ["地震"]),
    (
        "zh",
        "北京三号C星星座发射成功",
        ["c星星", "三号", "三号c", "北京三号", "发射", "发射成功", "座发射", "星星", "星星座"],
    ),
    ("zh", "伊朗总统遇难", ["伊朗", "伊朗总统", "总统遇难", "遇难"]),
    ("ja", "東京オリンピック", ["オリンピック", "東京オリンピック"]),
    ("ja", "それは", []),
    ("ja", "トヨタの新型", ["トヨタ", "新型"]),
    ("ko", "대통령 선거", ["대통령", "대통령 선거", "선거"]),
    ("ko", "손흥민 골", ["골", "손흥민", "손흥민 골"]),
    ("vi", "bầu cử tổng thống", ["bầu", "bầu cử", "cử", "cử tổng"]),
    ("id", "pemilu presiden", ["pemilu", "pemilu presiden"]),
    ("xx", "blorptastic zzyzx", ["blorptastic", "blorptastic zzyzx", "zzyzx"]),
    ("en", "é", ["é"]),
    ("en", "x", []),
    ("en", "OK", []),
    ("en", "UK", ["uk"]),
    ("en", "m&m's", ["m&m"]),
    ("en", "O'Neill goal", ["goal", "o'neill", "o'neill goal"]),
    ("en", "McDonald's fries", ["fries", "mcdonald", "mcdonald's fries"]),
    ("en", "https://", []),
    ("en", "#", []),
    ("en", "$", []),
    ("en", "@", []),
    ("en", "\u2019s", []),
    ("en", "\u200bArtemis\u200b", ["artemis"]),
    ("en", "\ufeffArtemis", ["artemis"]),
    ("en", "a\x00b", []),
    ("en", "\ud83d Artemis", ["artemis"]),
    ("en", "Artemis…", ["artemis"]),
    ("en", "5G network", ["5g", "5g network", "network"]),
    ("en", "3D-printed rocket", ["3d-printed", "3d-printed rocket", "rocket"]),
    ("en", "the 49ers", ["49ers"]),
    ("en", "iOS 17.2 beta", ["beta", "ios"]),
    ("en", "profit of 10.4bn", ["profit"]),
    ("en", "the 21st century", ["century"]),
    ("en", "a long-term loan", ["loan", "long-term", "long-term loan"]),
    ("en", "rates up, " + 100 * "so " + "Artemis and Nep\u2026", ["artemis", "rates"]),
    ("en", "Nep\u2026", ["nep"]),
    ("en", "$Rio Tinto mines", ["tinto"]),
    ("en", "Apple Inc. beats", ["apple", "beats"]),
    ("en", "Sep 14 launch", ["launch"]),
    ("en", "\u202eArtemis\u202c", ["artemis"]),
    ("en", "موسيقى Artemis", ["artemis", "موسيقى", "موسيقى artemis"]),
    ("ja", "#東京タワー", ["タワー", "東京タワー"]),
    ("zh", "华为Mate60", ["mate60", "华为", "华为mate60"]),
    ("zh", "周杰伦新专辑", ["周杰伦", "周杰伦新专辑", "新专辑"]),
    ("ja", "岸田首相が辞任を表明", ["岸田", "岸田首相", "表明", "辞任", "首相"]),
    ("en", "台灣 election", ["election", "台灣", "台灣 election"]),
    ("th", "ข่าว เลือกตั้ง", ["ข่าว", "ข่าว เลือกตั้ง", "เลือกตั้ง"]),
)


def found(text: str, language: str | None) -> list[str]:
    return sorted({name for one in EXTRACTOR.phrases(text, language).values() if (name := surface_of(one.surface))})


@pytest.mark.parametrize(("language", "text", "expected"), CASES)
def test_a_text_has_these_phrases(language: str, text: str, expected: list[str]) -> None:
    assert found(text, language) == expected


@pytest.mark.parametrize(
    "same",
    [
        ("COVID-19", "covid19", "Covid 19"),
        ("Luty transfer", "Luty transfers", "luty-transfer", "#LutyTransfer", "luty_transfer"),
        ("Tolkien", "Tolkien's", "TOLKIEN\u2019S", "\uff34olkien"),
        ("earthquakes", "Earthquake"),
        ("hip hop", "hip-hop", "HipHop"),
    ],
)
def test_spellings_of_one_phrase_have_one_key(same: tuple[str, ...]) -> None:
    keys = [set(EXTRACTOR.phrases(text, "en")) for text in same]
    assert set.intersection(*keys)


def test_a_watched_phrase_is_found_however_common_or_long_it_is() -> None:
    extractor = Extractor(["the who", "state of the union address tonight"])
    for text in ("we heard The Who", "a State of the Union address tonight, they say"):
        assert set(extractor.watched) & set(extractor.phrases(text, "en"))
    assert not set(extractor.watched) & set(extractor.phrases("who is the one", "en"))


def test_a_phrase_of_ordinary_words_is_more_usual_than_a_name() -> None:
    phrases = {one.surface: one.frequency for one in EXTRACTOR.phrases("Neuralink launches a rocket", "en").values()}
    assert phrases["rocket"] > 10 * phrases["Neuralink"] > 0


def test_the_language_is_guessed_where_the_source_does_not_say_it() -> None:
    assert found("Der Bundestag stimmt dem Gesetz zur Autobahn zu", None) == found(
        "Der Bundestag stimmt dem Gesetz zur Autobahn zu", "de"
    )


@given(st.text(max_size=300), st.sampled_from(["en", "de", "ja", "und", None]))
def test_any_text_gives_canonical_names_and_never_fails(text: str, language: str | None) -> None:
    phrases = EXTRACTOR.phrases(text, language)
    assert phrases == EXTRACTOR.phrases(text, language)
    for one in phrases.values():
        assert one.frequency > 0 and one.words > 0 and one.surface
        name = surface_of(one.surface)
        assert name is None or name == canonical_topic(name)


@given(st.text(alphabet="<>&;/@#$:.htpw \u2019abcABC123\u4eac", max_size=120))
def test_what_is_read_of_markup_and_addresses_never_fails(text: str) -> None:
    EXTRACTOR.find([plain_words(text)], ["en"])
