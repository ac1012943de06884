"""Services to prove something of, and how they are asked."""
import http.client, json, os, re, signal, subprocess, sys, time


DANCU = os.environ.get("DANCU_PROVE_PROGRAM") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "target", "release", "dancu")

PURPOSE = {"procedure": "1.004222", "legal_basis": "STATE_DUTY", "officer": {"id": "canbo-01", "unit": "mot-cua"}}

AN = {"id_number": "097099000001", "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15"}

AGREEMENT = """
operations = ["qr:verify", "qr:issue", "citizens:lookup", "citizens:verify"]
procedures = ["1.004222"]
legal_bases = ["STATE_DUTY"]
attributes = ["full_name", "id_number", "date_of_birth", "status"]
detail = "full"
bearer = true
[quotas]
per_minute = 100000000
per_day = 100000000000
[validity]
from = 2026-01-01
until = 2036-12-31
"""


def ask(connection, token, body, path="/v1/citizens/verify", headers=None):
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **(headers or {})}
    connection.request("POST", path, json.dumps(body), head)
    answer = connection.getresponse()
    return answer.status, answer.read()


def question(purpose, number="097099000001", name="Nguyễn Văn An", birth="1999-03-15"):
    return {"id_number": number, "claims": {"full_name": name, "date_of_birth": birth}, "purpose": purpose}


class Demo:
    def __init__(self, folder, citizens=500, wrap=()):
        self.folder, self.citizens, self.wrap = folder, citizens, list(wrap)
        self.log = open(os.path.join(folder, "stderr.log"), "ab")
        self.port = 18000 + os.getpid() % 2000

    def start(self):
        command = self.wrap + [DANCU, "demo", "--dir", os.path.join(self.folder, "demo"),
                               "--bind", f"127.0.0.1:{self.port}", "--citizens", str(self.citizens)]
        began = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            sys.exit(f"the demo did not start: see {self.log.name}")
        return time.monotonic() - began

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(60)

    def demo_file(self):
        with open(os.path.join(self.folder, "demo", "demo.json")) as file:
            return json.load(file)

    def metrics(self):
        """The metrics, as the private listener tells them."""
        connection = http.client.HTTPConnection(self.demo_file()["private_url"].removeprefix("http://"))
        connection.request("GET", "/metrics")
        return connection.getresponse().read()

    def token(self):
        out = subprocess.run([DANCU, "token", "--dir", os.path.join(self.folder, "demo"), "--client", "loadtest"],
                             capture_output=True, text=True, check=True)
        return out.stdout.strip()

    def purpose(self):
        client = next(c for c in self.demo_file()["clients"] if c["client_id"] == "loadtest")
        return {"procedure": client["procedures"][0], "legal_basis": next(b for b in client["legal_bases"] if b != "CONSENT"), "officer": client["officer"]}

    def verify_audit(self):
        command = [DANCU, "audit", "--dir", os.path.join(self.folder, "demo"), "verify",
                   "--known", os.path.join(self.folder, "known")]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode == 0, (done.stdout + done.stderr).strip()


class Replica:
    """One process of `dancu serve` on the common PostgreSQL."""

    def __init__(self, folder, url, name, port, issuer):
        self.port, self.log = port, open(os.path.join(folder, f"{name}.log"), "ab")
        self.config = os.path.join(folder, f"{name}.toml")
        with open(os.path.join(folder, f"{name}.toml"), "w") as file:
            file.write(f"""
[server]
bind = ["127.0.0.1:{port}"]
private_bind = ["127.0.0.1:{port + 4000}"]
issuer = "{issuer}"
[database]
url = "{url}"
readers = 4
[keys]
dir = "{folder}/keys"
[audit]
origin = "dancu.test/audit"
state_dir = "{folder}/audit-{name}"
[retention]
stays_days = 365
[limits]
queue_delay_ms = 5000
[contact]
office = "x"
name = "x"
position = "x"
phone = "+84 24 0000 0000"
email = "x@dancu.test"
""")

    def run(self, *words):
        done = subprocess.run([DANCU, *words, "--config", self.config], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"dancu {words[0]} failed: {done.stderr.strip()}")

    def start(self):
        self.process = subprocess.Popen([DANCU, "serve", "--config", self.config], stdout=self.log, stderr=self.log)
        for _ in range(300):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", "/health/ready")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        sys.exit(f"the process did not become ready: see {self.log.name}")

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(60)


def two_processes(folder, proof):
    """Runs a proof on two processes over a PostgreSQL database of their own."""
    server = os.environ.get("DANCU_PROVE_POSTGRES_URL") or sys.exit("set DANCU_PROVE_POSTGRES_URL")
    name = f"dancu_prove_{os.getpid()}"
    psql = lambda text: subprocess.run(["psql", "-q", server, "-c", text], check=True)
    psql(f"CREATE DATABASE {name}")
    ports = [18000 + os.getpid() % 2000, 20000 + os.getpid() % 2000]
    issuer, url = f"http://127.0.0.1:{ports[0]}", re.sub(r"/[^/]*$", f"/{name}", server)
    first, _ = replicas = [Replica(folder, url, f"process-{i}", port, issuer) for i, port in enumerate(ports)]
    try:
        with open(os.path.join(folder, "agreement.toml"), "w") as file:
            file.write(AGREEMENT)
        first.run("keys", "init")
        first.run("migrate")
        first.run("seed", "--count", "500", "--why", "proof")
        key, agreement = os.path.join(folder, "key.json"), os.path.join(folder, "agreement.toml")
        first.run("clients", "add", "desk", "--name", "Desk", "--state-body", "--agreement", agreement, "--new-key", key,
                  "--why", "proof")
        [replica.start() for replica in replicas]
        with open(os.path.join(folder, "demo.json"), "w") as file:
            client = {"client_id": "desk", "profile": "service", "private_jwk": json.load(open(key)), "scopes": ["qr:verify", "qr:issue", "citizens:lookup", "citizens:verify"],
                      "procedures": [], "legal_bases": [], "officer": None, "detail": "full"}
            json.dump({"base_url": issuer, "issuer": issuer, "clients": [client]}, file)
        return proof(folder, replicas)
    finally:
        [replica.process.kill() for replica in replicas if hasattr(replica, "process") and replica.process.poll() is None]
        psql(f"DROP DATABASE {name} WITH (FORCE)")


def desk_token(folder):
    command = [DANCU, "token", "--dir", folder, "--client", "desk"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
