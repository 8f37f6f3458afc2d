"""Starting and ending the process, and what its listeners refuse."""

import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from onboarding.simulator import ca
from tests.simulator.office import ROOT, end, ready, running, start_process


def test_the_ready_line_names_every_endpoint_and_setting_a_bot_needs():
    with running("--people", "10") as line:
        assert line["ready"] is True
        assert line["env"]["GRAPH_URL"] == line["https"]
        assert line["env"]["BOT_SERVICE_URL"] == f"{line['https']}/teams/"
        assert line["env"]["SIMULATED"] == "1"
        assert Path(line["env"]["SSL_CERT_FILE"]).read_text().startswith("-----BEGIN CERT")
        assert {"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"} <= set(line["env"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_within_two_seconds_and_leaves_no_key_behind(number):
    process = start_process("--people", "10")
    line = ready(process)
    began = time.monotonic()
    process.send_signal(number)
    output, complaints = process.communicate(timeout=5)
    assert (process.returncode, output, complaints) == (0, "", "")
    assert time.monotonic() - began < 2
    assert not Path(line["ca_file"]).parent.exists()


def test_it_ends_although_somebody_watches_the_stream():
    process = start_process("--people", "10")
    window = urlsplit(ready(process)["window"])
    with socket.create_connection((window.hostname, window.port)) as watcher:
        watcher.sendall(b"GET /control/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200 OK" in watcher.recv(4096)
        began = time.monotonic()
        assert end(process) == (0, "")
        assert time.monotonic() - began < 2


def test_it_ends_when_its_parent_does():
    starter = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'onboarding.simulator',"
        " '--people', '10', '--exit-with-parent'], stdout=subprocess.PIPE)\n"
        "print(child.stdout.readline().decode(), flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", starter], capture_output=True, text=True, cwd=ROOT, timeout=20
    )
    pid = json.loads(done.stdout)["pid"]
    for _ in range(60):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGTERM)
    pytest.fail("the simulator outlived its parent")


def test_a_hundred_thousand_people_are_there_after_five_seconds_of_work():
    process = start_process("--people", "100000")
    line = ready(process)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert line["ready"]
    assert end(process) == (0, "")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5


@pytest.mark.parametrize(
    "arguments", [["--people", "9"], ["--people", "100001"], ["--bot", "https://example.com/"]]
)
def test_nonsense_is_refused_with_status_two(arguments):
    process = start_process(*arguments)
    _, complaints = process.communicate(timeout=10)
    assert process.returncode == 2
    assert arguments[0] in complaints


def test_a_port_that_is_taken_is_said_in_one_line(simulator):
    process = start_process("--people", "10", "--port", str(urlsplit(simulator["https"]).port))
    output, complaints = process.communicate(timeout=10)
    assert (process.returncode, output) == (1, "")
    assert "address already in use" in complaints
    assert complaints.count("\n") == 1


def test_a_chosen_directory_gets_the_certificate_and_is_cleaned_afterwards(tmp_path):
    (tmp_path / "mine.txt").write_text("stays")
    with running("--people", "10", "--ca-dir", str(tmp_path)) as line:
        assert Path(line["ca_file"]) == tmp_path / "ca.pem"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def _shake_hands(directory, name, host):
    """Does a client that trusts the authority accept its certificate for `name` at `host`?"""
    authority = ca.make_authority()
    chain = directory / "chain.pem"
    chain.write_bytes(ca.issue(authority, (x509.DNSName(name),)))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    client = ssl.create_default_context(cadata=authority.pem.decode())
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        for one in ends:
            try:
                one.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ends[0].version()


def test_the_authority_vouches_for_loopback(tmp_path):
    assert _shake_hands(tmp_path, "localhost", "localhost") == "TLSv1.3"


def test_the_authority_cannot_vouch_for_any_other_host(tmp_path):
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        _shake_hands(tmp_path, "graph.microsoft.com", "graph.microsoft.com")


def test_the_key_is_readable_by_its_owner_alone(simulator):
    directory = Path(simulator["ca_file"]).parent
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "server.pem").stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in Path(simulator["ca_file"]).read_bytes()


async def test_a_page_of_another_site_cannot_use_the_control_interface(office):
    url = f"{office.line['control']}/reset"
    reply = await office.request("POST", url, headers={"Origin": "https://evil.example"})
    assert (reply.status, reply.code) == (403, "ForeignOrigin")
    reply = await office.request("POST", url, headers={"Host": "evil.example"})
    assert reply.status == 403
    own = office.line["window"].rstrip("/")
    assert (await office.request("POST", url, headers={"Origin": own})).status == 200


async def test_the_control_interface_answers_on_both_listeners(office):
    reply = await office.request("GET", f"{office.line['https']}/control/state")
    assert reply.status == 200
    assert reply.body["people"] == 60


async def test_the_window_is_served_under_a_strict_policy_and_nothing_beside_it(office):
    page = await office.request("GET", office.line["window"])
    assert page.status == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    outside = await office.request("GET", f"{office.line['window']}..%2f__main__.py")
    assert outside.status == 404
