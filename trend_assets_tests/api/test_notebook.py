"""The example notebook runs from top to bottom over a lake."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from trend_assets_tests.api.conftest import TOPICS, fill
from trend_assets_tests.conftest import REPOSITORY

NOTEBOOK = REPOSITORY / "examples" / "explore.ipynb"


def test_every_question_is_answered(home: Path) -> None:
    fill(home).close()
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    answers = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    assert "These posts were collected." in answers[0][0].text
    texts = [outputs[-1]["data"]["text/plain"] for outputs in answers[1:-1]]
    assert len(texts) == 6 and "topic_activity" in texts[0]
    assert TOPICS[0] in texts[1] and TOPICS[0] in texts[3] and "emerges" in texts[4]
    plot = answers[-1][-1]["data"]["image/svg+xml"]
    assert TOPICS[0] in plot and "did not come true" in plot


def test_no_answer_is_kept_in_the_repository() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")
