"""Life events in any order, cut and repeated."""
import http.client, json, os, random, shutil, subprocess, sys, threading, time

from .common import DANCU, ask, Demo


def life_stories(wanted):
    """Consistent events of invented people, in the order of their days: born, moved, renumbered, corrected, died."""
    random.seed(11)
    events, people = [], []
    for n in range(max(1, wanted // 6)):
        number, other = f"097226{n:06}", f"097226{500_000 + n:06}"
        day = lambda month: f"2026-{month:02}-{1 + n % 28:02}"
        name = f"Nguyễn Thị {'ABCDEGHIKLMNOPQRSTUVXY'[n % 22]}{'abcdeghiklmnopqrstuvxy'[n // 22 % 22]}"
        event = lambda place, kind, month, **more: events.append(
            {"event_id": f"kh-{n:06}-{place}", "kind": kind, "effective": day(month), **more})
        event(0, "birth", 1, person={"id_number": number, "full_name": name, "date_of_birth": day(1), "sex": "male"})
        event(1, "move", 2, id_number=number, residence_kind="permanent", unit="26740", detail=f"Số {n}")
        event(2, "new_number", 3, id_number=number, new_id_number=other)
        event(3, "correction", 4, id_number=other, changes={"phone": f"+840009{n:05}"})
        event(4, "move", 5, id_number=number, residence_kind="permanent", unit="00070", detail=f"Số {n + 1}")
        if n % 3 == 0:
            event(5, "death", 6, id_number=other)
        people.append((other, name, day(1)))
    return events, people


def events(folder):
    made, people = life_stories(int(os.environ.get("DANCU_PROVE_EVENTS", "5000")))
    base = Demo(folder)
    base.start()
    base.stop()
    shuffled = made[:]
    random.shuffle(shuffled)
    kinds = {"in order": made, "shuffled": shuffled, "shuffled, cut": shuffled, "shuffled, as requests, cut": shuffled}
    ends, kills = {}, {}
    for place, (kind, told) in enumerate(kinds.items()):
        own = os.path.join(folder, f"run-{place}")
        shutil.copytree(os.path.join(folder, "demo"), os.path.join(own, "demo"))
        demo, kills[kind] = Demo(own), 0
        if "requests" in kind:
            kills[kind] = tell_and_kill(demo, told)
        else:
            file = os.path.join(own, "events.ndjson")
            with open(file, "w") as lines:
                lines.writelines(json.dumps(event, ensure_ascii=False) + "\n" for event in told)
            command = [DANCU, "import", "--events", file, "--synthetic", "--dir", os.path.join(own, "demo")]
            if "cut" in kind:
                kills[kind] = import_and_kill(command)
            # Whole, and then once more.
            for _ in range(2):
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(done.stdout + done.stderr)
        demo.start()
        ends[kind] = as_told(demo, people)
        demo.stop()
    first = ends["in order"]
    for kind, end in ends.items():
        differing = sum(one != other for one, other in zip(first, end))
        print(f"{kind}: {len(kinds[kind])} events, {kills[kind]} × kill -9, {len(end)} people looked up, {differing} differ")
    found = sum(body["outcome"] == "found" for body in first)
    cut = all(count > 0 for kind, count in kills.items() if "cut" in kind)
    return found == len(people) and cut and all(end == first for end in ends.values())


def import_and_kill(command):
    """Kills the import at random moments until it has been cut some times or comes to its end."""
    kills = 0
    while kills < 8:
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            running.wait(random.uniform(0.1, 1.0))
            return kills
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            kills += 1
    return kills


def tell_and_kill(demo, told):
    """Tells each event until it is answered, some of them twice, while the server is killed now and then."""
    demo.start()
    token, purpose, waiting, kills = demo.token(), demo.purpose(), list(told), 0
    connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=10)
    next_kill = len(waiting) // 6
    while waiting:
        event = waiting[-1]
        if len(told) - len(waiting) >= next_kill and kills < 5:
            killer = threading.Timer(random.uniform(0, 0.05), lambda: demo.process.kill())
            killer.start()
            next_kill, kills = next_kill + len(told) // 6, kills + 1
        try:
            status, body = ask(connection, token, {**event, "purpose": purpose, "park": True}, "/v1/events")
            if status == 200:
                waiting.pop()
                if random.random() < 0.1:
                    ask(connection, token, {**event, "purpose": purpose, "park": True}, "/v1/events")
            elif status == 401:
                token = demo.token()
            elif status != 503:
                sys.exit(f"{status}: {body.decode()}")
        except (OSError, http.client.HTTPException):
            demo.process.wait(60)
            demo.start()
            token = demo.token()
            connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=10)
    demo.stop()
    return kills


def as_told(demo, people):
    """What a look-up tells of each, without what differs from one asking to the next."""
    token, purpose = demo.token(), demo.purpose()
    attributes = ["full_name", "id_number", "date_of_birth", "permanent_residence", "current_residence", "phone", "status", "status_date"]
    connection, told = http.client.HTTPConnection("127.0.0.1", demo.port), []
    for number, name, born in people:
        body = {"id_number": number, "full_name": name, "date_of_birth": born, "purpose": purpose, "attributes": attributes}
        status, answer = ask(connection, token, body, "/v1/citizens/lookup")
        # A busy machine sheds now and then.
        while status == 503:
            time.sleep(0.1)
            status, answer = ask(connection, token, body, "/v1/citizens/lookup")
        answer = json.loads(answer)
        told.append({key: value for key, value in answer.items() if key not in ("transaction_id", "audit")})
    return told
