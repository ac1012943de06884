"""Every answer has its entry, and no entry or log holds a person."""
import http.client, json, os, random, re, shutil, signal, subprocess, threading, time

from .common import ask, question, Demo


def order(folder):
    trace = os.path.join(folder, "trace")
    demo = Demo(folder, wrap=["strace", "-f", "-yy", "-tt", "-e", "trace=fdatasync,fsync,write,writev,sendto,sendmsg", "-s", "0", "-o", trace])
    demo.start()
    token, purpose = demo.token(), demo.purpose()
    connection = http.client.HTTPConnection("127.0.0.1", demo.port)
    for _ in range(20):
        assert ask(connection, token, question(purpose))[0] == 200
        time.sleep(0.05)
    connection.close()
    subprocess.run(["pkill", "-TERM", "-P", str(demo.process.pid)], check=False)
    demo.process.wait(60)
    synced, answers, good = False, 0, 0
    shown = []
    wal, client = re.compile(r"f(data)?sync\(\d+<.*dancu\.db-wal>?"), re.compile(rf"(sendto|write|writev|sendmsg)\(\d+<TCP:\[127\.0\.0\.1:{demo.port}->")
    for line in open(trace, errors="replace"):
        if wal.search(line) or ("sync resumed" in line):
            synced = True
            shown.append(line.strip())
        elif client.search(line):
            answers += 1
            good += synced
            synced = False
            shown.append(line.strip())
    print("\n".join(line[:150] for line in shown[-6:]))
    print(f"{good} of {answers} writes to a client's socket came after a sync of the write-ahead log")
    # The token's answer and each verification: every one has a sync of its own before it.
    return answers >= 21 and good == answers


def kill(folder):
    demo = Demo(folder)
    demo.start()
    answered, restarts, lock = {}, [], threading.Lock()
    for turn in range(20):
        token, purpose, stop = demo.token(), demo.purpose(), threading.Event()

        def work():
            connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=5)
            while not stop.is_set():
                try:
                    status, body = ask(connection, token, question(purpose))
                    if status == 200:
                        told = json.loads(body)["audit"]
                        with lock:
                            answered[(told["log"], told["log_index"])] = json.loads(body)["transaction_id"]
                except (OSError, http.client.HTTPException):
                    return

        workers = [threading.Thread(target=work) for _ in range(16)]
        [worker.start() for worker in workers]
        time.sleep(random.uniform(0.2, 0.8))
        demo.stop(signal.SIGKILL)
        stop.set()
        [worker.join() for worker in workers]
        restarts.append(demo.start())
    token = demo.token()
    connection = http.client.HTTPConnection("127.0.0.1", demo.port)
    missing = 0
    for (log, index), transaction in answered.items():
        status, body = ask(connection, token, {"log": log, "log_index": index}, "/v1/audit/proof")
        missing += status != 200 or transaction not in body.decode()
    demo.stop()
    sound, report = demo.verify_audit()
    print(report)
    print(f"20 × kill -9; {len(answered)} answered requests, {missing} without their entry; "
          f"restart to ready: median {sorted(restarts)[10]:.2f} s, longest {max(restarts):.2f} s")
    return sound and missing == 0 and len(answered) > 100


def canary(folder):
    demo = Demo(folder)
    demo.start()
    token, purpose = demo.token(), demo.purpose()
    random.seed(7)
    letters = "ABCDEGHIKLMNOPQRSTUVXY"
    words, numbers = set(), set()
    connection = http.client.HTTPConnection("127.0.0.1", demo.port)
    statuses = {}
    for turn in range(10_000):
        word = "Zq" + "".join(random.choice(letters) for _ in range(12))
        number = "0994" + "".join(random.choice("0123456789") for _ in range(8))
        legacy = "97" + "".join(random.choice("0123456789") for _ in range(7))
        birth = f"{random.randint(1950, 2010)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        words.add(word)
        numbers.update((number, legacy))
        body = question(purpose, number, f"{word} {word}", birth)
        if turn % 4 == 1:
            body = {"id_number": number, "full_name": word, "date_of_birth": birth, "purpose": purpose, "attributes": [word]}
        if turn % 4 == 2:
            body = {"legacy_id_number": legacy, word: word, "claims": {"phone": number, word: word}, "purpose": {**purpose, "procedure": word}}
        headers = {"Request-Id": number, "User-Agent": word, "X-Note": number, "Referer": f"http://x/{number}", "Cookie": f"a={word}"}
        path = "/v1/citizens/lookup" if turn % 4 == 1 else "/v1/citizens/verify"
        if turn % 4 == 3:
            path = f"/v1/citizens/{number}"
        status, _ = ask(connection, token, body, path, headers)
        statuses[status] = statuses.get(status, 0) + 1
    metrics = demo.metrics()
    demo.stop()
    places = {"metrics": metrics}
    for root, _, names in os.walk(folder):
        for name in names:
            places[os.path.join(root, name)] = open(os.path.join(root, name), "rb").read()
    wanted = [value.encode() for value in words | numbers]
    # One pass over each file: every run of letters or digits that could be a planted value.
    found = []
    for place, content in places.items():
        runs = set(re.findall(rb"Zq[A-Z]{12}|[0-9]{9,}", content))
        found += [(place, value) for value in wanted if value in runs]
    sizes = sum(len(content) for content in places.values())
    print(f"10 000 requests ({', '.join(f'{count} × {status}' for status, count in sorted(statuses.items()))}); "
          f"{len(wanted)} canaries looked for in {len(places)} places, {sizes} bytes: {len(found)} found {found[:3]}")
    return not found


def restore(folder):
    demo = Demo(folder)
    demo.start()
    token, purpose = demo.token(), demo.purpose()
    connection = http.client.HTTPConnection("127.0.0.1", demo.port)
    first = json.loads(ask(connection, token, question(purpose))[1])["audit"]
    time.sleep(1.5)
    demo.stop()
    data = os.path.join(folder, "demo")
    kept = os.path.join(folder, "backup")
    os.makedirs(kept)
    for name in os.listdir(data):
        if name.startswith("dancu.db"):
            shutil.copy(os.path.join(data, name), kept)
    demo.start()
    token = demo.token()
    connection = http.client.HTTPConnection("127.0.0.1", demo.port)
    for _ in range(50):
        ask(connection, token, question(purpose))
    time.sleep(1.5)
    demo.stop()
    for name in os.listdir(data):
        if name.startswith("dancu.db"):
            os.remove(os.path.join(data, name))
    for name in os.listdir(kept):
        shutil.copy(os.path.join(kept, name), data)
    demo.start()
    token = demo.token()
    connection = http.client.HTTPConnection("127.0.0.1", demo.port)
    then = json.loads(ask(connection, token, question(purpose))[1])["audit"]
    demo.stop()
    said = [line for line in open(demo.log.name, errors="replace") if "is closed" in line]
    print("".join(said).strip())
    print(f"before the backup: {first}; after restoring it: {then}")
    return then["log"] != first["log"] and bool(said)
