"""Signed codes shown twice, and revoked."""
import http.client, json, multiprocessing, os, re, signal, socket, subprocess, sys, time

from .common import DANCU, PURPOSE, AN, ask, desk_token


TTL = 60


def show_again(port, token, payload, count):
    """Shows a code `count` times on one connection, 32 showings under way; what was answered."""
    body = json.dumps({"payload": payload, "purpose": PURPOSE}).encode()
    head = f"POST /v1/qr/verify HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n" \
           f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    request, told = head.encode() + body, {}
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    while count > 0:
        wave = min(32, count)
        connection.sendall(request * wave)
        answers = b""
        while answers.count(b'"log_index":') < wave or not answers.endswith(b"}"):
            more = connection.recv(1 << 16)
            if not more:
                raise OSError(f"the connection ended after {answers[-300:]}")
            answers += more
        for status in re.findall(rb'"status":"([a-z_]+)"', answers):
            told[status.decode()] = told.get(status.decode(), 0) + 1
        count -= wave
    return told


def shown_again_and_again(folder, replicas):
    wanted = int(os.environ.get("DANCU_PROVE_REPLAYS", "1000000"))
    asked = {**AN, "purpose": PURPOSE, "attributes": list(AN), "kind": "dynamic", "lifetime_seconds": 60}
    # Showings a second, at first a guess.
    told, codes, killed, rate, began = {}, 0, 0, 1_000, time.monotonic()
    with multiprocessing.Pool(8) as pool:
        while sum(told.values()) < wanted:
            token = desk_token(folder)
            connection = http.client.HTTPConnection("127.0.0.1", replicas[0].port)
            status, body = ask(connection, token, asked, "/v1/qr/credentials")
            payload, codes = json.loads(body)["payload"], codes + 1
            begun = time.monotonic()
            # As long as the code lives, but for some seconds: an expired one is refused for another reason.
            for turn in range(3):
                share = int(max(32, min(rate * 12, wanted - sum(told.values())) // 8))
                waves = [(replicas[i % 2].port, token, payload, share) for i in range(8)]
                since = time.monotonic()
                for found in pool.starmap(show_again, waves):
                    for status, count in found.items():
                        told[status] = told.get(status, 0) + count
                rate = share * 8 / (time.monotonic() - since)
                if turn == 1 and codes % 4 == 1:
                    replicas[1].stop(signal.SIGKILL)
                    replicas[1].start()
                    killed += 1
                if time.monotonic() - begun > 40 or sum(told.values()) >= wanted:
                    break
    took = time.monotonic() - began
    [replica.stop() for replica in replicas]
    print(f"{codes} single-use codes, {sum(told.values())} showings over two processes in {took:.0f} s, "
          f"{killed} × kill -9 and start between them: {told}")
    return told.get("valid") == codes and set(told) <= {"valid", "replayed", "expired"} and killed > 0


class Desk:
    """Asks one process, and reads without it what it publishes."""

    def __init__(self, folder, replica, token):
        self.folder, self.token, self.port = folder, token, replica.port
        self.keys = self.published("/.well-known/dancu-qr-keys", "keys.json")

    def connected(self):
        """Anew each time: the service closes what is idle for long."""
        return http.client.HTTPConnection("127.0.0.1", self.port)

    def ask(self, path, body):
        status, answer = ask(self.connected(), self.token, {**body, "purpose": PURPOSE}, path)
        if status != 200:
            sys.exit(f"{path}: {status} {answer.decode()}")
        return json.loads(answer)

    def published(self, path, name):
        connection = self.connected()
        connection.request("GET", path)
        answer, file = connection.getresponse().read(), os.path.join(self.folder, f"{self.port}-{name}")
        with open(file, "wb") as out:
            out.write(answer)
        return file

    def refuses(self, payload):
        status = self.ask("/v1/qr/verify", {"payload": payload})["status"]
        if status not in ("valid", "revoked"):
            sys.exit(f"a code is {status}")
        return status == "revoked"

    def newest_list(self):
        return self.published("/v1/status-lists/1", "list.jwt")

    def refuses_offline(self, payload, status):
        ended = subprocess.run([DANCU, "qr", "verify", "--keys", self.keys, "--status", status, payload], stdout=subprocess.DEVNULL)
        if ended.returncode not in (0, 1):
            sys.exit("a code could not be verified without a server")
        return ended.returncode == 1


def seconds_until(happened, since, patience=90):
    while not happened():
        if time.monotonic() - since > patience:
            sys.exit(f"not refused after {patience} s")
        time.sleep(0.002)
    return time.monotonic() - since


def revoked_at_last(folder, replicas):
    token = desk_token(folder)
    here, there = desks = [Desk(folder, replica, token) for replica in replicas]
    issue = lambda: here.ask("/v1/qr/credentials", {**AN, "attributes": list(AN), "kind": "static", "lifetime_seconds": 86400})
    told = lambda kind, times: print(f"{kind}: {len(times)} codes, the middle {sorted(times)[len(times) // 2] * 1000:.0f} ms, "
                                     f"the slowest {max(times) * 1000:.0f} ms")
    ends, codes = {}, [issue() for _ in range(68)]
    if any(desk.refuses(code["payload"]) for code in codes for desk in desks for _ in range(2)):
        sys.exit("a new code is refused")
    dead, lists, told_of, kept = codes[:4], codes[4:8], codes[8:48], codes[48:]
    for group, wait in (("the process that revoked it", here.refuses), ("another process", there.refuses)):
        for code in told_of[:20]:
            # The last revocation has made it forget the whole list.
            time.sleep(0.2)
            if wait(code["payload"]) or wait(code["payload"]):
                sys.exit("a good code is refused")
            here.ask(f"/v1/qr/credentials/{code['credential_id']}/revoke", {})
            ends.setdefault(group, []).append(seconds_until(lambda: wait(code["payload"]), time.monotonic()))
        told_of = told_of[20:]
    for group, desk in (("a new list of the process that revoked it", here), ("a new list of another process", there)):
        for code in kept[:10]:
            desk.newest_list()
            here.ask(f"/v1/qr/credentials/{code['credential_id']}/revoke", {})
            offline = lambda: desk.refuses_offline(code["payload"], desk.newest_list())
            ends.setdefault(group, []).append(seconds_until(offline, time.monotonic()))
        kept = kept[10:]
    # A reader that fetches a list and keeps it for as long as it may; the codes are revoked over that time.
    held, since = there.newest_list(), time.monotonic()
    revoked = []
    for place, code in enumerate(lists):
        time.sleep(max(0, since + place * TTL / len(lists) + 0.1 - time.monotonic()))
        here.ask(f"/v1/qr/credentials/{code['credential_id']}/revoke", {})
        revoked.append(time.monotonic())
    still = [there.refuses_offline(code["payload"], held) for code in lists]
    time.sleep(max(0, since + TTL - time.monotonic()))
    for code, at in zip(lists, revoked):
        fetched = lambda: there.refuses_offline(code["payload"], there.newest_list())
        ends.setdefault("a list kept for its ttl of 60 s", []).append(seconds_until(fetched, at))
    time.sleep(0.2)
    if any(desk.refuses(code["payload"]) for desk in desks for code in dead):
        sys.exit("a good code is refused")
    died = {"event_id": "kh-000001", "kind": "death", "effective": "2026-06-01", "id_number": AN["id_number"]}
    with open(os.path.join(folder, "death.ndjson"), "w") as file:
        file.write(json.dumps(died) + "\n")
    replicas[0].run("import", "--events", file.name, "--synthetic", "--why", "proof")
    recorded = time.monotonic()
    for desk in desks:
        for code in dead:
            ends.setdefault("a death recorded by a third process", []).append(seconds_until(lambda: desk.refuses(code["payload"]), recorded))
    [replica.stop() for replica in replicas]
    [told(kind, times) for kind, times in ends.items()]
    soon = {kind: max(times) for kind, times in ends.items()}
    bounds = {"the process that revoked it": 0.1, "another process": 3, "a new list of the process that revoked it": 0.5,
              "a new list of another process": 2, "a list kept for its ttl of 60 s": TTL + 3, "a death recorded by a third process": 5}
    return not any(still) and all(soon[kind] < bound for kind, bound in bounds.items())
