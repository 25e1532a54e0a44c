"""A state that was saved gives what the mentions give, at the cost of what is new, or is refused."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from filelock import FileLock

from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import make_cut
from trend_assets.tgn.live_state import LiveState, StateError, save_state
from trend_assets.tgn.online import RuntimeGlue
from trend_assets_tests.tgn.test_online import FRAME, HOUR, SETTINGS, WEEK, expected, models, same

__all__ = ["models"]


def between(start: datetime | None, end: datetime) -> pl.DataFrame:
    return FRAME.filter((pl.col("timestamp") >= start if start else True) & (pl.col("timestamp") < end))


def tick(model: Path, live: Path, moment: datetime) -> tuple[dict[str, np.ndarray], bool]:
    """As an hourly run does: goes on from the state, saves what is two hours old, and forecasts; whether it saved."""
    settled = moment - 2 * HOUR
    try:
        state = LiveState.open(live)
        known = datetime.fromtimestamp(state.history.end, settled.tzinfo)
        history = state.history.extended(between(known, settled), settled)
    except StateError:
        state, history = None, History.from_mentions(between(None, settled), end=settled)
    glue = RuntimeGlue(model, state if state and state.network else None)
    saved = glue.save(live, history, {"until": history.end}, model.name, state)
    history = history.extended(between(settled, moment), moment)
    cut = make_cut(history, int(moment.timestamp()), SETTINGS.labels)
    return dict(glue.forecast(history, cut).scores), saved


def test_hour_by_hour_it_gives_what_all_mentions_give(models: tuple[Path, Path], tmp_path: Path) -> None:
    changed = []
    for hour in (5, 6, 7, 13, 14, 20, 30, 55):
        scores, saved = tick(models[0], tmp_path / "live", WEEK + hour * HOUR)
        assert saved
        assert same(scores, expected(models[0], WEEK + hour * HOUR)), hour
        state = LiveState.open(tmp_path / "live")
        changed.append(state.network["size"] - state.network["base"])
    # Sometimes the nodes that changed were written, sometimes all.
    assert max(changed) > 0 and changed[-1] == 0
    whole = History.from_mentions(between(None, WEEK + 53 * HOUR), end=WEEK + 53 * HOUR)
    assert state.history.topics == whole.topics and state.history.users == whole.users
    for column in ("time", "topic", "user", "weight"):
        assert np.array_equal(getattr(state.history, column), getattr(whole, column))


def test_what_has_not_changed_is_not_written_again(models: tuple[Path, Path], tmp_path: Path) -> None:
    live = tmp_path / "live"
    tick(models[0], live, WEEK + 5 * HOUR)
    before = {path.name for path in live.glob("[0-9]*")}
    tick(models[0], live, WEEK + 6 * HOUR)
    after = {path.name for path in live.glob("[0-9]*")}
    # Arrays of mentions grow in their files, long runs and the network's base stay as they are.
    assert len(before & after) > len(before) / 2
    assert sum(path.stat().st_blocks * 512 for path in live.iterdir()) < 40_000_000


@pytest.mark.parametrize("harm", ["byte", "short", "gone", "description", "format"])
def test_a_damaged_state_is_refused(models: tuple[Path, Path], tmp_path: Path, harm: str) -> None:
    live = tmp_path / "live"
    tick(models[0], live, WEEK + 5 * HOUR)
    file = sorted(live.glob("*.time"))[0]
    match harm:
        case "byte":
            content = bytearray(file.read_bytes())
            content[100] ^= 1
            file.write_bytes(content)
        case "short":
            file.write_bytes(file.read_bytes()[:1000])
        case "gone":
            file.unlink()
        case "description":
            text = (live / "state.json").read_text()
            (live / "state.json").write_text(text.replace('"size":', '"size": 1', 1))
        case "format":
            (live / "state.json").write_text("[]")
    with pytest.raises(StateError):
        LiveState.open(live)
    moment = WEEK + 6 * HOUR
    scores, saved = tick(models[0], live, moment)
    assert same(scores, expected(models[0], moment)) and saved
    assert LiveState.open(live).history.end == int((moment - 2 * HOUR).timestamp())


def test_another_models_memory_is_not_taken(models: tuple[Path, Path], tmp_path: Path) -> None:
    live = tmp_path / "live"
    tick(models[1], live, WEEK + 5 * HOUR)
    state = LiveState.open(live)
    assert state.network["model"] == "old"
    settled, moment = WEEK + 3 * HOUR, WEEK + 6 * HOUR
    history = state.history.extended(between(settled, moment), moment)
    glue = RuntimeGlue(models[0])
    cut = make_cut(history, int(moment.timestamp()), SETTINGS.labels)
    assert same(dict(glue.forecast(history, cut).scores), expected(models[0], moment))


def test_of_two_processes_one_saves(models: tuple[Path, Path], tmp_path: Path) -> None:
    live = tmp_path / "live"
    tick(models[0], live, WEEK + 5 * HOUR)
    first, second = LiveState.open(live), LiveState.open(live)
    with FileLock(tmp_path / ".live.lock"):
        assert not save_state(live, first.history, {}, None, None, first)
    assert save_state(live, first.history, {}, None, None, first)
    assert not save_state(live, second.history, {}, None, None, second)
    assert LiveState.open(live).about == {}


KILLED = """
import sys
from pathlib import Path
from trend_assets_tests.tgn.test_live_state import tick
from trend_assets_tests.tgn.test_online import HOUR, WEEK
for hour in range(3, 33):
    tick(Path(sys.argv[1]), Path(sys.argv[2]), WEEK + hour * HOUR)
    print(hour, flush=True)
"""


def kill_while_it_saves(model: Path, live: Path, hours: int, seconds: float = 0.0) -> None:
    """Lets a process forecast and save hour by hour, and kills it `seconds` after so many hours."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(model), str(live)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    for _ in range(hours):
        assert process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    process.wait()


def test_killed_while_it_saves_the_state_equals_an_undisturbed_twins(models: tuple[Path, Path], tmp_path: Path) -> None:
    kill_while_it_saves(models[0], tmp_path / "live", 9)
    moment = WEEK + timedelta(hours=40)
    assert same(tick(models[0], tmp_path / "live", moment)[0], expected(models[0], moment))


@pytest.mark.soak
def test_killed_twenty_times_the_state_equals_an_undisturbed_twins(models: tuple[Path, Path], tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    moment = WEEK + timedelta(hours=40)
    for number in range(20):
        live = tmp_path / f"live{number}"
        kill_while_it_saves(models[0], live, int(chance.integers(1, 30)), chance.uniform(0, 0.1))
        assert same(tick(models[0], live, moment)[0], expected(models[0], moment))
