"""`trend up`: small servers in the place of the real ones, as real processes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from trend_assets.commands.up.command import _of_demo_if_alone
from trend_assets.commands.up.ports import address, free_port
from trend_assets.commands.up.services import Service, answers
from trend_assets.commands.up.supervisor import Limits, ServiceFailed, Supervisor
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings
from trend_assets_tests.commands.conftest import one_sentence, runner

QUICK = Limits(start_seconds=20, restarts=2, back_off_seconds=0.05, calm_seconds=60)
#: Has a child of its own, as Dagster's servers do, and says who they are.
SERVER = """
import http.server, os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
class Pids(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(f"{os.getpid()} {child.pid}".encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Pids).serve_forever()
"""


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server(name: str = "Server") -> Service:
    port = unused_port()
    url = address("127.0.0.1", port)
    return Service(name, (sys.executable, "-c", SERVER, str(port)), url, answers(url))


def pids(service: Service) -> list[int]:
    with urllib.request.urlopen(service.url, timeout=5) as answer:
        return [int(part) for part in answer.read().split()]


def eventually(happened: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def gone(*numbers: int) -> bool:
    """A process that ended and that nobody has waited for is gone too."""
    return all(not psutil.pid_exists(n) or psutil.Process(n).status() == psutil.STATUS_ZOMBIE for n in numbers)


class Running:
    """A supervisor that watches in a thread."""

    def __init__(self, services: list[Service], logs: Path, limits: Limits = QUICK) -> None:
        self.said: list[str] = []
        self.stopping = threading.Event()
        self.supervisor = Supervisor(services, logs, dict(os.environ), self.said.append, limits)
        self.supervisor.start(self.stopping.is_set)
        self.thread = threading.Thread(target=self.supervisor.watch, args=(self.stopping.is_set,))
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join(20)
        self.supervisor.stop()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*services: Service, limits: Limits = QUICK) -> Running:
        started.append(Running(list(services), tmp_path, limits))
        return started[-1]

    yield start
    for running in started:
        running.stop()


def test_all_are_healthy_at_the_start_and_gone_with_their_children_at_the_end(tmp_path: Path) -> None:
    one, other = server("One"), server("Other")
    running = Running([one, other], tmp_path)
    everybody = pids(one) + pids(other)
    assert not gone(*everybody[:1])
    running.stop()
    assert gone(*everybody)
    assert running.said == []


@pytest.mark.parametrize("held", ["ignored", "blocked"])
def test_services_end_when_they_are_asked_whatever_they_were_started_from(
    run: Callable[..., Running], held: str
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        if held == "ignored":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        else:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        running = run(service := server())
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    leader = pids(service)[0]
    os.kill(leader, signal.SIGTERM)
    eventually(lambda: any("was killed by signal 15" in line for line in running.said))


def test_a_crashed_service_comes_back_and_leaves_no_child_behind(run: Callable[..., Running]) -> None:
    one, other = server("One"), server("Other")
    running = run(one, other)
    before, untouched = pids(one), pids(other)
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: any("One is back" in line for line in running.said))
    assert "One was killed by signal 9" in running.said[0] and "restart 1 of 2 in 0.05 s" in running.said[0]
    assert gone(*before) and pids(one) != before
    assert pids(other) == untouched


def test_one_that_crashes_again_and_again_is_given_up_and_the_others_go_on(run: Callable[..., Running]) -> None:
    one, other = server("One"), server("Other")
    running = run(one, other)
    for number in range(3):
        eventually(lambda number=number: sum("is back" in line for line in running.said) == number)
        os.kill(pids(one)[0], signal.SIGKILL)
    eventually(lambda: any("not started again after 2 restarts" in line for line in running.said))
    waits = [line.rsplit(" in ", 1)[1] for line in running.said if "restart " in line and " in " in line][:2]
    assert waits == ["0.05 s", "0.1 s"]
    assert pids(other)


def test_a_service_that_does_not_start_is_named_with_its_log(tmp_path: Path) -> None:
    broken = Service("Broken", (sys.executable, "-c", "raise SystemExit('no lake here')"), "", lambda _: False)
    supervisor = Supervisor([broken], tmp_path, dict(os.environ), print, QUICK)
    with pytest.raises(ServiceFailed, match=r"Broken ended with exit status 1: see .*broken\.log"):
        supervisor.start(lambda: False)
    supervisor.stop()
    assert "no lake here" in (tmp_path / "broken.log").read_text()


def test_one_that_never_answers_is_named(tmp_path: Path) -> None:
    deaf = Service("Deaf", (sys.executable, "-c", "import time; time.sleep(600)"), "", lambda _: False)
    supervisor = Supervisor([deaf], tmp_path, dict(os.environ), print, Limits(start_seconds=0.3))
    with pytest.raises(ServiceFailed, match="Deaf not healthy within"):
        supervisor.start(lambda: False)
    supervisor.stop()


def test_who_is_awaited_is_told_and_awaited(tmp_path: Path) -> None:
    began = time.monotonic()
    late = Service(
        "Late", (sys.executable, "-c", "import time; time.sleep(600)"), "", lambda _: time.monotonic() > began + 1
    )
    said: list[str] = []
    supervisor = Supervisor([late], tmp_path, dict(os.environ), said.append, Limits(news_seconds=0.3))
    supervisor.start(lambda: False)
    supervisor.stop()
    assert said and all(re.fullmatch(r"waiting for Late \(\d s\); Ctrl-C stops all", line) for line in said)


def test_a_service_in_the_background_gives_way_once_it_is_healthy(tmp_path: Path) -> None:
    told = tmp_path / "niceness"
    program = f"""
import os, time
from pathlib import Path
Path({str(told)!r}).write_text(str(os.getpriority(os.PRIO_PROCESS, 0)))
os.rename({str(told)!r}, {str(told)!r} + ".begun")
while os.getpriority(os.PRIO_PROCESS, 0) < 10:
    time.sleep(0.01)
Path({str(told)!r}).write_text("nice")
time.sleep(600)
"""
    begun = tmp_path / "niceness.begun"
    service = Service("Slow", (sys.executable, "-c", program), "", lambda _: begun.exists(), background=True)
    supervisor = Supervisor([service], tmp_path, dict(os.environ), print, QUICK)
    supervisor.start(lambda: False)
    eventually(told.exists)
    supervisor.stop()
    assert int(begun.read_text()) == os.getpriority(os.PRIO_PROCESS, 0)


@pytest.mark.parametrize("keeper_too", [False, True])
def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path, keeper_too: bool) -> None:
    port = unused_port()
    script = f"""
import os, sys
from pathlib import Path
from trend_assets.commands.up.services import Service, answers
from trend_assets.commands.up.supervisor import Supervisor
url = "http://127.0.0.1:{port}"
command = (sys.executable, "-c", {SERVER!r}, "{port}")
supervisor = Supervisor([Service("Server", command, url, answers(url))], Path({str(tmp_path)!r}), os.environ, print)
supervisor.start(lambda: False)
print("ready", flush=True)
supervisor.watch(lambda: False)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "ready\n"
    served = pids(Service("Server", (), f"http://127.0.0.1:{port}", lambda _: True))
    if keeper_too:
        # Somebody who kills the keeper gets another one.
        (keeper,) = [child for child in psutil.Process(process.pid).children() if "keeper.py" in child.cmdline()[-1]]
        keeper.kill()
        eventually(
            lambda: [
                child
                for child in psutil.Process(process.pid).children()
                if child.pid != keeper.pid and "keeper.py" in child.cmdline()[-1]
            ]
        )
    process.kill()
    process.wait()
    eventually(lambda: gone(*served))


def test_the_demo_is_opened_while_no_other_lake_holds_an_event(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trend, demo = runner(home, folder), home / "demo"
    (folder / "odd.csv").write_text("who,what\nann,tea\n", encoding="utf-8")
    (folder / "good.csv").write_text("id,ts\n1,2026-01-01T00:00:00Z\n", encoding="utf-8")
    monkeypatch.delenv("TREND_HOME")

    def opened() -> Path:
        found = _of_demo_if_alone(Settings(home=home)).home
        os.environ.pop("TREND_HOME", None)
        return found

    assert opened() == home
    Lake(LakeLocation(demo)).close()
    assert f"`TREND_HOME={demo} trend …`" in one_sentence(trend("status"))
    assert one_sentence(trend("import", "odd.csv")) and not (home / "lake").exists()
    Lake(LakeLocation(home)).close()
    assert opened() == demo and f"no event is in {home} yet" in capsys.readouterr().out
    assert trend("import", "--columns", "id=id,timestamp=ts", "good.csv").returncode == 0
    assert opened() == home and f"the demo: TREND_HOME={demo} trend up" in capsys.readouterr().out


def test_a_taken_port_gives_way_to_a_free_one_and_that_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = free_port("127.0.0.1", port, "API")
    assert found != port
    assert capfd.readouterr().err == f"API: port {port} is taken, using {found}\n"
    assert free_port("127.0.0.1", port, "API") == port
    assert capfd.readouterr().err == ""


def test_a_server_that_listens_everywhere_is_opened_on_this_machine() -> None:
    assert address("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert address("::", 80) == "http://[::1]:80"
    assert address("example.org", 80) == "http://example.org:80"
