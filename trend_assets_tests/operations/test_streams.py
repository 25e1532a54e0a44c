"""The benchmark over streams: declarations, import, figures and lead times."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import LabelSettings, make_cut
from trend_assets_tests.benchmarks.streams import __main__ as streams
from trend_assets_tests.benchmarks.streams import pictures
from trend_assets_tests.benchmarks.streams.declared import declared
from trend_assets_tests.benchmarks.streams.lead_time import Calls, crossings
from trend_assets_tests.benchmarks.streams.told import summary
from trend_assets_tests.forecasting.conftest import START, mentions, random_mentions

DAY = 24 * HOUR


def test_the_table_declares_streams_that_are_walked_after_what_is_fitted() -> None:
    streams = declared()
    assert len({stream.name for stream in streams}) == len(streams) >= 8
    assert all(stream.start < stream.end for stream in streams)


def test_a_declaration_with_more_than_a_stream_has_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    told = {"name": "a", "files": [{"path": "a.csv"}], "test": ["2024-01-01", "2024-02-01"]}
    file.write_text(json.dumps(told))
    assert declared(file)[0].end == START + timedelta(days=31)
    file.write_text(json.dumps(told | {"learning_rate": 3}))
    with pytest.raises(ValidationError, match="learning_rate"):
        declared(file)


def test_a_declared_stream_is_imported_and_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = random_mentions(seed=4, days=40, topics=150).with_row_index("id")
    rows = frame.with_columns(frame["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"), kind=np.repeat("post", len(frame)))
    (tmp_path / "data").mkdir()
    rows.with_columns(kind=np.where(np.arange(len(rows)) % 50 == 0, "other", "post")).write_csv(tmp_path / "data/a.csv")
    columns = "id=id,timestamp=timestamp,user_id=user_id,topics=topic"
    files = [{"path": "a.csv", "columns": columns, "only": {"kind": ["post"]}}]
    one = {"name": "one", "files": files, "test": ["2024-02-01", "2024-02-08"]}
    (tmp_path / "declared.json").write_text(json.dumps([one, one | {"name": "two", "files": [{"path": "b.csv"}]}]))
    out = tmp_path / "out.json"
    told = {"--folder": "data", "--declare": "declared.json", "--homes": "homes", "--json": "out.json"}
    paths = [part for name, path in told.items() for part in (name, str(tmp_path / path))]
    monkeypatch.setattr(sys, "argv", ["streams", *paths, "--no-tgn", "--lead-time", "1", "--foresight", "12"])
    streams.main()
    found = json.loads(out.read_text())
    assert found["left_out"] == {"two": f"nothing is called b.csv in {tmp_path / 'data'}"}
    label = found["streams"]["one"]["labels"]["bursts"]
    mean, low, high = label["rankings"]["mastodon"]["ndcg_at_10"]
    assert 0 < low <= mean <= high <= 1
    assert {"gradient_boosting", "ewma_3d", "seismic"} <= label["rankings"].keys()
    # Who sees half of the day that is asked about knows more.
    later, now = (
        label["rankings"][name]["ndcg_at_10"][0] for name in ("gradient_boosting_12h_later", "gradient_boosting")
    )
    assert later > now + 0.05
    rates = found["streams"]["one"]["lead_time"]["false_alarms_a_day"]
    assert rates["1"]["gradient_boosting"]["called"] <= rates["10"]["gradient_boosting"]["called"]
    assert "one, bursts" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["pictures", str(out), "--lead-time", str(tmp_path)])
    pictures.main()
    drawn = (tmp_path / "lead-time-one.svg").read_text()
    assert all(name in drawn for name in ("LightGBM", "Mastodon", "false alarms a day", "topics became big"))
    # The lake is made once, and of a file with other rows another.
    assert [path.name for path in (tmp_path / "homes").glob("one-*/finished")] == ["finished"]


def ranking(ndcg: float, *lead: float) -> dict[str, list[float]]:
    return {"ndcg_at_10": [ndcg, 0, 1]} | ({"lead_of_tgn": list(lead)} if lead else {})


def test_the_picture_of_leads_has_a_row_a_stream_and_label(tmp_path: Path) -> None:
    found = {"rankings": {"tgn": ranking(0.5), "gradient_boosting": ranking(0.4, 0.1, 0.05, 0.15)}}
    for number, name in enumerate(("chat", "mails")):
        told = {"streams": {name: {"labels": {"bursts": found}}}}
        (tmp_path / f"{number}.json").write_text(json.dumps(told))
    drawn = tmp_path / "leads.svg"
    paths = (str(path) for path in sorted(tmp_path.glob("*.json")))
    pictures_of = ["pictures", *paths, "--leads", str(drawn)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", pictures_of)
        pictures.main()
    text = drawn.read_text()
    assert "chat, bursts" in text and "mails, bursts" in text and "best learned baseline" in text
    # A quarter ahead, from an eighth to three: the axis goes as far.
    assert "+40%" in text or "+35%" in text


def test_the_summary_counts_by_the_interval_against_the_best_of_a_kind() -> None:
    ahead = {
        "tgn": ranking(0.5),
        "gradient_boosting": ranking(0.4, 0.1, 0.05, 0.15),
        "logistic_regression": ranking(0.2, 0.3, 0.2, 0.4),
        "mastodon": ranking(0.5, 0.0, -0.1, 0.1),
    }
    behind = ahead | {"gradient_boosting": ranking(0.6, -0.1, -0.15, -0.05)}
    unlearnt = {"mastodon": ranking(0.5)}
    labels = {"bursts": {"rankings": ahead}, "emerges": {"rankings": behind}, "breaks_out": {"rankings": unlearnt}}
    found = summary({"one": labels})
    learned = found["best learned baseline"]
    assert (learned["wins"], learned["ties"], learned["losses"]) == (1, 0, 1)
    assert learned["mean_relative_lead"] == pytest.approx((0.1 / 0.4 - 0.1 / 0.6) / 2)
    assert learned["interval"] == pytest.approx([-1.5 / 24, 3.5 / 24])
    formula = found["best product formula"]
    assert (formula["wins"], formula["ties"], formula["losses"], formula["mean_relative_lead"]) == (0, 2, 0, 0)
    assert "TGN without its network" not in found


def test_a_topic_crosses_when_it_reaches_the_threshold_and_grows_big_within_a_day() -> None:
    def at(topic: str, *hours: float) -> list[tuple[datetime, str, str | None]]:
        return [(START + timedelta(hours=hour), topic, "u") for hour in hours]

    rows = [*at("big", 1, 2, 3, 4, 5, 6), *at("slow", 1, 2, 3, 40, 41, 42), *at("big", 60, 61, 62, 63, 64, 65)]
    rows += at("thin", *range(0, 300, 30))
    found = crossings(History.from_mentions(mentions(rows)), 3)
    assert [((time - START.timestamp()) / HOUR) for time in found.time.tolist()] == [3, 62]


def test_hours_ahead_at_equal_false_alarms() -> None:
    rows = [(START + timedelta(hours=hour), "big", "u") for hour in (1, 30, *range(41, 48))]
    rows += [(START + timedelta(hours=4 * n), f"small {n % 3}", "u") for n in range(18)]
    history = History.from_mentions(mentions(rows))
    calls = Calls(threshold=4)
    for hour in range(24, 66):
        cut = make_cut(history, history.start + hour * HOUR, LabelSettings(threshold=4))
        names = [history.topic_name(int(topic)) for topic in cut.topics]
        # It tells the topic from noon on, a lesser ranking an hour before it is big, and never without the small ones.
        good = np.array([float(name == "big" and hour > 35) for name in names])
        poor = np.array([float(name != "big") + 0.5 * float(hour > 41) for name in names])
        calls.observe(cut, {}, {"tgn": {"emerges": good}, "poor": {"emerges": poor}})
    told = calls.told(history)
    assert told["big_topics"] == 1
    rates = told["false_alarms_a_day"]
    assert rates["1"]["tgn"] == {"called": 1.0, "mean_hours": 7.0, "median_hours": 7.0}
    assert rates["1"]["poor"] == {"called": 0.0, "tgn_earlier": 1.0, "tgn_later": 0.0}
    assert rates["10"]["poor"]["called"] == 1.0
