"""A client is stopped while two replicas answer it: how long answers still come."""
import http.client, json, socket, threading, time

from .common import AN, PURPOSE, ask, desk_token, question

ROUNDS, MOST_SECONDS = 10, 1.0


class Watch:
    """When the last answer of each kind came, and how each connection ended."""

    def __init__(self):
        self.lock, self.last, self.count, self.ends = threading.Lock(), {}, {}, {}

    def answered(self, kind):
        with self.lock:
            self.last[kind] = time.monotonic()
            self.count[kind] = self.count.get(kind, 0) + 1

    def ended(self, kind, how):
        with self.lock:
            self.ends[kind, how] = self.ends.get((kind, how), 0) + 1


def look_up(watch, kind, port, token):
    """Asks again and again until it is refused."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    body = {**AN, "purpose": PURPOSE, "attributes": ["full_name"]}
    while True:
        status, answer = ask(connection, token, body, "/v1/citizens/lookup")
        if status != 200:
            return watch.ended(kind, json.loads(answer)["type"].rsplit("/", 1)[-1])
        watch.answered(kind)


def stream(watch, kind, port, token, pause):
    """A batch that sends a line, reads the answer, waits, and so on until the batch is ended for it."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    head = "POST /v1/citizens/verify/batch HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-ndjson\r\n" \
           f"Transfer-Encoding: chunked\r\nAuthorization: Bearer {token}\r\n\r\n"
    line = json.dumps(question(PURPOSE)).encode() + b"\n"
    chunk = b"%x\r\n%s\r\n" % (len(line), line)
    connection.sendall(head.encode() + chunk)
    answers = connection.makefile("rb")
    while True:
        answer = answers.readline()
        if not answer.startswith(b"{"):
            if not answer:
                return watch.ended(kind, "cut without a word")
            continue
        answer = json.loads(answer)
        if "type" in answer:
            return watch.ended(kind, answer["type"].rsplit("/", 1)[-1])
        watch.answered(kind)
        time.sleep(pause)
        try:
            connection.sendall(chunk)
        except OSError:
            pass


def once(folder, replicas):
    token, watch, threads = desk_token(folder), Watch(), []
    for number, replica in enumerate(replicas, 1):
        work = [(look_up, f"look-ups at replica {number}", ())] * 4
        work += [(stream, f"lines at replica {number}", (0.005,))] * 3
        work += [(stream, f"rare lines at replica {number}", (0.7,))] * 2
        for run, kind, more in work:
            threads.append(threading.Thread(target=run, args=(watch, kind, replica.port, token, *more), daemon=True))
    [thread.start() for thread in threads]
    time.sleep(2)
    replicas[0].run("clients", "stop", "desk", "--why", "proof")
    stopped = time.monotonic()
    [thread.join(20) for thread in threads]
    alive = sum(thread.is_alive() for thread in threads)
    replicas[0].run("clients", "start", "desk", "--why", "proof")
    # The command changes the registry; the replicas follow it before the next token.
    time.sleep(1)
    return {kind: last - stopped for kind, last in watch.last.items()}, watch, alive


def stop(folder, replicas):
    longest, counts, held = {}, {}, True
    for _ in range(ROUNDS):
        after, watch, alive = once(folder, replicas)
        for kind, seconds in after.items():
            longest[kind] = max(longest.get(kind, 0.0), seconds)
            counts[kind] = counts.get(kind, 0) + watch.count[kind]
        wrong = {how: count for how, count in watch.ends.items() if how[1] != "client-stopped"}
        if wrong or alive:
            print(f"ended otherwise: {wrong}, never: {alive}")
            held = False
    for kind in sorted(longest):
        print(f"{kind}: {counts[kind]} answers; the last came {longest[kind] * 1000:.0f} ms after the command's end at the latest")
    slowest = max(longest.values())
    print(f"the longest of {ROUNDS} stops: {slowest * 1000:.0f} ms; {MOST_SECONDS * 1000:.0f} are allowed")
    return held and slowest <= MOST_SECONDS
