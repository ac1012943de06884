"""Clients that do not read, do not send, or are many: what they cost, and whether others are answered."""
import http.client, multiprocessing, os, resource, socket, threading, time

from proofs.common import Demo


def raise_file_limit():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < 12_000:
        raise SystemExit(f"10 000 connections need a limit of open files of 12 000, not {most}")


def resident(pid):
    """Memory of the process in MiB."""
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


class Attack:
    def __init__(self, demo):
        self.port, self.pid, self.open = demo.port, demo.process.pid, []

    def connect(self, number, least_buffer=False):
        """A connection of one of some 65 000 addresses of this machine."""
        client = socket.socket()
        if least_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.bind((f"127.{100 + number // 65_000}.{number // 250 % 250}.{1 + number % 250}", 0))
        client.settimeout(5)
        client.connect(("127.0.0.1", self.port))
        self.open.append(client)
        return client

    def write(self, client, data):
        """As much as is taken within a second."""
        client.settimeout(1)
        try:
            client.sendall(data)
        except OSError:
            pass

    def others(self, count=20):
        """How many of some calls by somebody else are answered by 200, and the slowest. A call that is shed is
        tried again after the second that its refusal asks for, five times at most."""
        answered, slowest = 0, 0.0
        for _ in range(count):
            began = time.monotonic()
            for _ in range(5):
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                    connection.request("GET", "/v1/catalogue")
                    response = connection.getresponse()
                    response.read()
                    connection.close()
                except OSError:
                    break
                if response.status == 200:
                    answered += 1
                    break
                time.sleep(1)
            slowest = max(slowest, time.monotonic() - began)
        return answered, slowest

    def closed(self):
        """How many of the attacker's connections the server has closed."""
        closed = 0
        for client in self.open:
            client.settimeout(0)
            try:
                while True:
                    if not client.recv(65_536):
                        closed += 1
                        break
            except BlockingIOError:
                pass
            except OSError:
                closed += 1
        return closed

    def end(self):
        for client in self.open:
            client.close()
        self.open.clear()


def pipelined(attack, _):
    """200 connections, each 2 000 requests for a page, none reads."""
    requests = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n" * 2_000
    for number in range(200):
        attack.write(attack.connect(number, least_buffer=True), requests)
    return 150


def heads(attack, _):
    """2 100 heads whose bodies never come."""
    head = b"POST /v1/citizens/verify HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
    for number in range(2_100):
        attack.write(attack.connect(number), head + f"Authorization: Bearer {attack.token}\r\n\r\n".encode())
    return 150


def silent_batches(attack, _):
    """2 100 batches of one client that say nothing."""
    head = "POST /v1/citizens/verify/batch HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-ndjson\r\n" \
           f"Transfer-Encoding: chunked\r\nAuthorization: Bearer {attack.token}\r\n\r\n"
    for number in range(2_100):
        attack.write(attack.connect(number), head.encode())
    return 150


def idle(attack, _):
    """10 000 connections that do nothing."""
    for number in range(10_000):
        attack.connect(number)
    return 300


def trickled_heads(attack, _):
    """2 000 connections that asked once and then send a head that never ends."""
    for number in range(2_000):
        attack.write(attack.connect(number), b"GET /v1/catalogue HTTP/1.1\r\nHost: t\r\n\r\nGET / HTTP/1.1\r\nX-Slow: ")
    began = time.monotonic()
    while time.monotonic() - began < 10:
        for client in attack.open:
            try:
                client.send(b"x")
            except OSError:
                pass
        time.sleep(0.5)
    return 150


def come_and_go(port, first, until):
    """Ten addresses that begin heads, keep their last 450 connections and close the oldest."""
    def one(number):
        kept = []
        while time.monotonic() < until:
            client = socket.socket()
            client.settimeout(5)
            try:
                client.bind((f"127.6.0.{number}", 0))
                client.connect(("127.0.0.1", port))
                client.sendall(b"GET / HTTP/1.1\r\n")
            except OSError:
                pass
            kept.append(client)
            if len(kept) > 450:
                kept.pop(0).close()
    threads = [threading.Thread(target=one, args=(number,)) for number in range(first, first + 10)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]


def flood(folder):
    """Twenty addresses open connections for 15 s, as many as they can: files held beside those before, and others."""
    place = os.path.join(folder, "flood")
    os.mkdir(place)
    demo = Demo(place)
    demo.start()
    attack, pid = Attack(demo), demo.process.pid
    attack.others()
    files = lambda: len(os.listdir(f"/proc/{pid}/fd"))
    before, most, answered, slowest = files(), 0, 0, 0.0
    until = time.monotonic() + 15
    floods = [multiprocessing.Process(target=come_and_go, args=(demo.port, first, until)) for first in (1, 11)]
    [process.start() for process in floods]
    asked = 0
    while time.monotonic() < until:
        count, took = attack.others(1)
        asked, answered, slowest, most = asked + 1, answered + count, max(slowest, took), max(most, files() - before)
        time.sleep(0.02)
    [process.join() for process in floods]
    demo.stop()
    well = most <= 8_192 + 512 + 32 and answered >= 0.9 * asked
    print(f"flood: {flood.__doc__} {most} at the most; others had {answered} of {asked} answers, the slowest in "
          f"{slowest * 1000:.0f} ms{'' if well else '  <<<'}", flush=True)
    return well


def slow_clients(folder):
    raise_file_limit()
    held = flood(folder)
    for act in (pipelined, heads, silent_batches, trickled_heads, idle):
        place = os.path.join(folder, act.__name__)
        os.mkdir(place)
        # With the limit of open files that a shell gives.
        demo = Demo(place, wrap=["sh", "-c", 'ulimit -Sn 1024; exec "$@"', "sh"])
        demo.start()
        attack = Attack(demo)
        attack.token = demo.token()
        attack.others()
        before, began = resident(demo.process.pid), time.monotonic()
        most = act(attack, demo)
        while_attacked, took = attack.others(), time.monotonic() - began
        grown = resident(demo.process.pid) - before
        time.sleep(max(0, 45 - (time.monotonic() - began)))
        closed, count = attack.closed(), len(attack.open)
        attack.end()
        demo.stop()
        well = while_attacked[0] == 20 and grown < most
        held &= well
        print(f"{act.__name__}: {act.__doc__} After {took:.1f} s others had {while_attacked[0]} of 20 answers, the slowest "
              f"in {while_attacked[1] * 1000:.0f} ms; memory +{grown:.0f} MiB; {closed} of {count} closed after 45 s"
              f"{'' if well else '  <<<'}", flush=True)
    return held
