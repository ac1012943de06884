"""Whether commands on PostgreSQL end well, whatever their connections are doing at that moment."""
import collections, os, re, select, signal, socket, ssl, subprocess, sys, threading, time

from .common import AGREEMENT, DANCU

RUNS = int(os.environ.get("DANCU_PROVE_RUNS", "1000"))
HELD_RUNS = 20
TLS_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "support")


class Wire:
    """Speaks TLS to who connects, and in clear to PostgreSQL; can hold connections up in the middle of a handshake."""

    def __init__(self, folder, server):
        self.server = server
        key, certificate = os.path.join(folder, "wire.key"), os.path.join(folder, "wire.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.pass_all()
        threading.Thread(target=self.accept, daemon=True).start()

    def pass_all(self):
        self.hold_from, self.accepted, self.held, self.released = None, 0, 0, threading.Event()

    def hold(self, after):
        """Lets `after` connections pass, and holds up all that follow until `released` is set."""
        self.pass_all()
        self.hold_from = after

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            number, self.accepted = self.accepted, self.accepted + 1
            threading.Thread(target=self.carry, args=(client, number, self.hold_from, self.released), daemon=True).start()

    def carry(self, client, number, hold_from, released):
        try:
            with client:
                if client.recv(8, socket.MSG_WAITALL) != TLS_REQUEST:
                    return
                client.sendall(b"S")
                if hold_from is not None and number >= hold_from:
                    client.recv(1, socket.MSG_PEEK)
                    self.held += 1
                    released.wait()
                with self.context.wrap_socket(client, server_side=True) as tls, socket.create_connection(self.server) as server:
                    self.pump(tls, server)
        except OSError:
            pass

    @staticmethod
    def pump(tls, server):
        while True:
            ready = [tls] if tls.pending() else select.select([tls, server], [], [])[0]
            for source, sink in ((tls, server), (server, tls)):
                if source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    sink.sendall(data)


class Installation:
    """An installation on a database of its own, behind a wire."""

    def __init__(self, folder, wire, url):
        self.folder, self.wire = folder, wire
        self.config = os.path.join(folder, "dancu.toml")
        with open(self.config, "w") as file:
            file.write(f'[server]\nissuer = "http://127.0.0.1:9"\n[database]\nurl = "{url}"\nreaders = 4\n[keys]\ndir = "{folder}/keys"\n'
                       f'[audit]\norigin = "dancu.test/audit"\nstate_dir = "{folder}/audit"\n')
        os.chmod(self.config, 0o600)
        self.agreement = os.path.join(folder, "agreement.toml")
        with open(self.agreement, "w") as file:
            file.write(AGREEMENT)
        self.shim = os.path.join(folder, "at_exit.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.shim, os.path.join(SUPPORT, "at_exit.c")], check=True)

    def run(self, line, watch=False, hold_ms=0):
        """The exit status, and which threads were at work at the end, where that is watched."""
        words = [word.replace("@", self.folder + "/") for word in line.split()]
        command = [DANCU, *words, "--config", self.config]
        report = os.path.join(self.folder, "at-exit")
        environment = {**os.environ, "LD_PRELOAD": self.shim, "DANCU_AT_EXIT": report, "DANCU_HOLD_MS": str(hold_ms)} if watch else None
        if os.path.exists(report):
            os.remove(report)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
                                   cwd=self.folder, preexec_fn=lambda: os.nice(10))
        said = []
        reader = threading.Thread(target=lambda: said.append(process.stdout.read()))
        reader.start()
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if watch and os.path.exists(report):
                # It stands at the end of `exit`: now what was held up goes on.
                self.wire.released.set()
            time.sleep(0.002)
        if process.poll() is None:
            process.kill()
            sys.exit(f"{line}: did not end in 120 s")
        reader.join()
        self.wire.released.set()
        threads = None
        if os.path.exists(report):
            with open(report) as file:
                threads = file.read().split("\n")[:-1]
        return process.returncode, threads, said[0].decode(errors="replace").strip()


def status(code):
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"


def told(counts):
    return ", ".join(f"{count} × {what}" for what, count in counts.most_common())


def held_up(site, after, hold_ms, line="clients list"):
    """Runs a command whose pool is held up: by the wire, all connections but the first ones; or within OpenSSL."""
    ends, at_work, held = collections.Counter(), 0, 0
    for _ in range(HELD_RUNS):
        if after:
            site.wire.hold(after)
        code, threads, _ = site.run(line, watch=True, hold_ms=hold_ms)
        ends[status(code)] += 1
        at_work += bool(threads)
        held += site.wire.held > 0
        site.wire.pass_all()
    how = f"connections after the first {after} held up by the wire (in {held} runs there was one)" if after else \
        f"connecting threads held up in OpenSSL for {hold_ms} ms"
    print(f"{line}, {how}: {told(ends)}; threads were at work at exit in {at_work} of {HELD_RUNS} runs", flush=True)
    return at_work == 0 and not any(end.startswith("signal") for end in ends)


def beyond_patience(site):
    """What is held up for longer than a command waits is left alone, and the command ends well."""
    began = time.monotonic()
    code, threads, said = site.run("clients list", watch=True, hold_ms=60_000)
    print(f"held up for longer than a command waits: {status(code)} after {time.monotonic() - began:.1f} s, at work at exit: {threads}; it "
          "said:\n  " + said.replace("\n", "\n  "), flush=True)
    return code == 1


# Kinds of command, how often each is run of a hundred runs, and how it ends.
KINDS = [
    ("clients list", 20, 0),
    ("clients show desk", 10, 0),
    ("clients show nobody", 10, 1),
    ("facilities list", 10, 0),
    ("events parked", 10, 0),
    ("keys list", 8, 0),
    ("keys retire index 1", 4, 1),
    ("audit verify", 8, 0),
    ("migrate", 6, 0),
    ("clients amend desk --agreement @agreement.toml --why proof", 6, 0),
    ("import @people.ndjson --synthetic --why proof", 4, 0),
    ("seed --count 5 --why proof", 2, 0),
    ("clients list --no-such-option", 2, 2),
]


def many_runs(site):
    ends, faults = collections.Counter(), 0
    lines = [(line, expected) for line, share, expected in KINDS for _ in range(share)]
    for number in range(RUNS):
        # Neighbours differ, so that each kind meets every state of the machine.
        line, expected = lines[number * 37 % len(lines)]
        code, _, said = site.run(line)
        ends[line, status(code)] += 1
        if code != expected:
            faults += 1
            print(f"  {line}: {status(code)}: {said[-200:]}", flush=True)
    for line, _, _ in KINDS:
        print(f"  {line}: " + told(collections.Counter({end: count for (of, end), count in ends.items() if of == line})))
    signals = sum(count for (_, end), count in ends.items() if end.startswith("signal"))
    print(f"{RUNS} runs: {signals} ended by a signal, {faults} otherwise than they should, those included", flush=True)
    return faults == 0


def commands(folder):
    server = os.environ.get("DANCU_PROVE_POSTGRES_URL") or sys.exit("set DANCU_PROVE_POSTGRES_URL")
    authority = re.match(r"[a-z]+://([^/?]*)", server).group(1)
    user, _, address = authority.rpartition("@")
    host, _, port = address.partition(":")
    wire = Wire(folder, (host or "127.0.0.1", int(port or 5432)))
    name = f"dancu_prove_{os.getpid()}"
    psql = lambda text: subprocess.run(["psql", "-q", server, "-c", text], check=True)
    psql(f"CREATE DATABASE {name}")
    try:
        url = f"postgres://{user}@127.0.0.1:{wire.port}/{name}?sslmode=require"
        site = Installation(folder, wire, url)
        with open(os.path.join(folder, "people.ndjson"), "w") as file:
            file.write('{"id_number": "097099000001", "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15", "sex": "male", '
                       '"provenance": {"source": "population", "as_of": "2026-11-01"}}\n')
        for line in ["keys init", "migrate", "clients add desk --name Desk --state-body --agreement @agreement.toml --new-key @key.json --why proof"]:
            code, _, said = site.run(line)
            if code != 0:
                sys.exit(f"{line}: {status(code)}: {said}")
        # The writer's and the follower's connection pass, then one reader's.
        held = [held_up(site, after, 0) for after in (2, 3)]
        return all([*held, held_up(site, 0, 4_000), beyond_patience(site), many_runs(site)])
    finally:
        psql(f"DROP DATABASE {name} WITH (FORCE)")
