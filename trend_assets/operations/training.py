"""Trains, evaluates, calibrates and stores the model of one week."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trend_assets.errors import TrendError
from trend_assets.forecasting.backtest import backtest
from trend_assets.forecasting.baselines import baseline_rankings, counting_rankings
from trend_assets.forecasting.calibration import Calibration, fit_calibrated
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.first_weeks import Lead, lead_over, leads, leads_before
from trend_assets.forecasting.held_out import HeldOut
from trend_assets.forecasting.history import History, to_datetime, to_epoch
from trend_assets.forecasting.labels import LABELS, WEEK, LabelSettings
from trend_assets.forecasting.metrics import FEWEST_WEEKS
from trend_assets.forecasting.promotion import Decision, PromotionRule, decide
from trend_assets.lake.checkpoints import CheckpointStore
from trend_assets.lake.store import Lake
from trend_assets.names import CHECKPOINT_TENSORS
from trend_assets.operations.history import NothingKnown, label_settings, load_history
from trend_assets.operations.models import model_name, model_store, models_at, promote, refuse
from trend_assets.periods import hour_start
from trend_assets.settings import Settings

if TYPE_CHECKING:
    from trend_assets.tgn.forecaster import TgnForecaster

#: The last weeks before the week, held out from the first fit: for metrics and calibration.
_HELD_OUT_WEEKS = 8
#: Of a short history, at most this share is held out.
_HELD_OUT_SHARE = 4
#: Of so many weeks of history enough are held out for whole weeks to decide.
WHOLE_WEEKS = FEWEST_WEEKS * _HELD_OUT_SHARE


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What a training made.

    Args:
        folder: of the checkpoint, on this machine.
        address: of the checkpoint in the lake's storage.
        decision: whether it is used, by the labels of the main horizon.
        further: for the label of each further horizon, whether its scores are used where the model is.
    """

    model_version: str
    folder: Path
    address: str
    lake_snapshot: int
    mentions: int
    seconds: float
    losses: dict[str, Any]
    metrics: dict[str, Any]
    decision: Decision
    further: dict[str, Decision]


def new_forecaster(settings: Settings, memory: CutMemory, threads: int = 2) -> TgnForecaster:
    """An untrained model as the settings have it.

    Args:
        memory: past cuts, shared with other rankings.
        threads: that fit its trees: one where other processes want the cores.
    """
    # torch takes seconds and 200 MB to load: only what trains or scores pays for it.
    from trend_assets.tgn.forecaster import TgnForecaster
    from trend_assets.tgn.settings import ForecasterSettings

    training = settings.training
    return TgnForecaster(
        ForecasterSettings(
            labels=label_settings(settings.forecast),
            messages=tuple(training.messages),
            days=training.history_days,
            link_epochs=training.epochs,
            pretrained=training.pretrained,
            seed=training.seed,
            processes=training.processes,
            threads=threads,
        ),
        memory,
    )


def train(
    lake: Lake,
    settings: Settings,
    week: datetime,
    snapshot: int | None = None,
    until: datetime | None = None,
    run_id: str | None = None,
) -> TrainedModel:
    """Trains the model that may forecast from `week`, a Monday 00:00 UTC, on, and promotes it if it is good enough.

    Args:
        snapshot: of the lake, to train again on exactly its rows: with the same settings the same weights.
            Such a model is never promoted by itself.
        until: train early on what was before this whole hour inside the week; it may forecast from then on.
        run_id: names the run, in `model_promotions`.

    Raises:
        NothingKnown: there are too few mentions before the week.
        TrendError: `week` is no Monday 00:00 UTC, `until` no hour of it, or the lake has no such snapshot.
    """
    begin = _begin(week, until)
    began = time.monotonic()
    read = lake.snapshot() if snapshot is None else snapshot
    history = load_history(lake, begin, snapshot, settings.training.messages, settings.embeddings.model)
    if len(history) < settings.training.min_events:
        raise NothingKnown(
            f"{len(history)} mentions before {begin:%Y-%m-%d}, training needs {settings.training.min_events} "
            "(training.min_events): import or collect more, or train a later week"
        )
    labels = label_settings(settings.forecast)
    memory = CutMemory(labels, days=settings.training.history_days)
    forecaster = new_forecaster(settings, memory)
    weeks = held_out_weeks(history)
    calibrations = fit_calibrated(forecaster, history, to_epoch(begin), labels, weeks)
    held_out = HeldOut({label: calibrations[label].by_cut for label in LABELS})
    baselines = _baselines(history, labels, memory, weeks)
    name = model_name(begin, read)
    rule = PromotionRule(**settings.promotion.model_dump())
    names = {ranking.name for ranking in counting_rankings()}
    counting = {one: figures for one, figures in baselines.items() if one in names}
    # What first months elsewhere showed is of the main labels alone.
    further = {
        one.label: decide(HeldOut({one.label: calibrations[one.label].by_cut}), counting, {}, None, rule)
        for one in labels.further
    }
    if snapshot is None:
        learned = {one: figures for one, figures in baselines.items() if one not in names}
        former = _in_use(lake, settings, begin, name)
        before = _WeeksBefore(settings, history, to_epoch(begin), weeks, held_out, counting)
        decision = decide(held_out, counting, learned, former, rule, before.lead)
    else:
        decision = Decision(False, f"trained again on snapshot {snapshot}: what is in use stays in use")
    metrics = {
        "held_out_weeks": weeks,
        "tgn": {label: _figures(found, further.get(label)) for label, found in calibrations.items()},
        **{baseline: _means(figures) for baseline, figures in baselines.items()},
    }
    store = model_store(settings)
    version = _store(
        store,
        settings.models_folder,
        forecaster,
        name,
        {
            "week": begin.isoformat(),
            "lake_snapshot": read,
            "labels": _main_labels(settings),
            "metrics": metrics,
            "held_out": held_out.to_json(),
            "decision": asdict(decision),
            "further": {label: asdict(told) for label, told in further.items()},
            "calibrators": {
                label: calibration.calibrator.to_dict()
                for label, calibration in calibrations.items()
                if calibration.calibrator
            },
        },
    )
    note = promote if decision.promoted else refuse
    note(lake, settings, version, decision.reason, run_id)
    return TrainedModel(
        model_version=version,
        folder=store.opened(version),
        address=store.address(version),
        lake_snapshot=read,
        mentions=len(history),
        seconds=time.monotonic() - began,
        losses={"link": forecaster.report["link_losses"], "forecast": forecaster.report["forecast_losses"]},
        metrics=metrics,
        decision=decision,
        further=further,
    )


@dataclass(frozen=True, slots=True)
class _WeeksBefore:
    """A model's lead with as many weeks before the held-out ones counted in, by a model of the same settings.

    Args:
        settings: of the training.
        history: whole.
        until: where the held-out weeks end (epoch seconds UTC).
        weeks: how many are held out.
        held_out: the model's figures of these.
        counting: those of the counting rankings.
    """

    settings: Settings
    history: History
    until: int
    weeks: int
    held_out: HeldOut
    counting: Mapping[str, HeldOut]

    def lead(self) -> Lead | None:
        """The lead over counting at all these weeks; none where the history is too short to be fitted on before."""
        settings, labels = self.settings, label_settings(self.settings.forecast)
        begin = self.until - self.weeks * WEEK
        first = begin - self.weeks * WEEK
        if first - self.history.start < WEEK or len(self.history.until(first)) < settings.training.min_events:
            return None
        model = new_forecaster(settings, CutMemory(labels, days=settings.training.history_days))
        stretches = [
            leads_before(model, self.history, begin, self.weeks, labels),
            leads(self.held_out, self.counting, self.history, begin, labels),
        ]
        return lead_over(LABELS, stretches, settings.promotion.min_cuts)


def _begin(week: datetime, until: datetime | None) -> datetime:
    """From when on the model may forecast."""
    if week.weekday() or week != week.replace(hour=0, minute=0, second=0, microsecond=0):
        raise TrendError(f"a week begins on Monday 00:00 UTC, not at {week.isoformat()}")
    if until is None:
        return week
    whole = until == hour_start(until)
    if not whole or not week <= until < week + timedelta(weeks=1):
        raise TrendError(f"{until.isoformat()} is no whole hour of the week of {week:%Y-%m-%d}")
    return until


def _in_use(lake: Lake, settings: Settings, begin: datetime, version: str) -> tuple[str, HeldOut] | None:
    """The held-out figures of the model that is in use when another begins.

    None where there is none that can be read and was trained for the same labels.
    """
    from trend_assets.tgn.checkpoint import CheckpointError, load_checkpoint
    from trend_assets.tgn.forecaster import KIND

    store = model_store(settings)
    for model in models_at(lake, settings, begin):
        with contextlib.suppress(CheckpointError, KeyError):
            extra = load_checkpoint(store.opened(model.version), KIND).metadata["extra"]
            if model.version != version and extra["labels"] == _main_labels(settings):
                return model.version, HeldOut.from_json(extra["held_out"])
    return None


def _main_labels(settings: Settings) -> dict[str, Any]:
    """What the labels of the main horizon are defined by."""
    return settings.forecast.model_dump(exclude={"further_horizons"})


def _store(store: CheckpointStore, scratch: Path, forecaster: TgnForecaster, name: str, extra: dict[str, Any]) -> str:
    """Stores the model; gives its version. Where one of that name has the same weights it is left as it is.

    With other weights (the settings have changed since) the new one gets a number behind its name.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".training-", dir=scratch) as folder:
        made, known = Path(folder) / name, set(store.names())
        forecaster.save(made, extra)
        for version in itertools.chain([name], (f"{name}.{number}" for number in itertools.count(1))):
            if version not in known:
                store.add(made, version)
                return version
            if _same_weights(store.opened(version), made):
                return version
    raise AssertionError("numbers do not end")


def _same_weights(one: Path, other: Path) -> bool:
    path = one / CHECKPOINT_TENSORS
    return path.is_file() and path.read_bytes() == (other / CHECKPOINT_TENSORS).read_bytes()


def held_out_weeks(history: History) -> int:
    """Whole weeks that are held out: eight, or a quarter of a short history, but at least one."""
    known = (history.end - history.start) // WEEK
    return max(1, min(_HELD_OUT_WEEKS, known // _HELD_OUT_SHARE))


def _figures(calibration: Calibration, used: Decision | None) -> dict[str, Any]:
    """Of one label; of a further horizon's also why its scores are not used, if they are not."""
    gate = {} if used is None else {"not_used_because": None if used.promoted else used.reason}
    return {
        **gate,
        "ndcg_at_10": calibration.ndcg_at_10,
        "examples": calibration.examples,
        "positives": calibration.positives,
        "not_calibrated_because": calibration.reason,
    }


def _baselines(history: History, labels: LabelSettings, memory: CutMemory, weeks: int) -> dict[str, HeldOut]:
    """NDCG@10 of every baseline on the same held-out cuts, fitted once before them."""
    end = to_datetime(history.end)
    result = backtest(
        history,
        baseline_rankings(labels, memory),
        end - timedelta(weeks=weeks),
        end - timedelta(hours=labels.horizon_hours) + timedelta(seconds=1),
        settings=labels,
        retraining="once",
    )
    names = list(next(iter(result.labels.values())).values)
    return {name: HeldOut.of_backtest(result, name) for name in names}


def _means(figures: HeldOut) -> dict[str, dict[str, float | None]]:
    """As the tables want them: the mean over the cuts that count, none where none does."""
    return {label: {"ndcg_at_10": sum(at.values()) / len(at) if at else None} for label, at in figures.labels.items()}
