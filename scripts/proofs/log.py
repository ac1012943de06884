"""SQLite's write-ahead log: during an import, under load, beside a reader that stays, on a disk that fills."""
import json, os, re, resource, sqlite3, subprocess, sys, tempfile, threading, time

from .common import DANCU, Demo, ask, question
import http.client

MIB = 1 << 20


def installation(folder, database):
    """Keys and an empty database; the path of the configuration."""
    config = os.path.join(folder, "dancu.toml")
    with open(config, "w") as file:
        file.write(f'''
[server]
issuer = "http://127.0.0.1:8080"
[database]
url = "sqlite:{database}"
[keys]
dir = "{folder}/keys"
[audit]
origin = "dancu.test/audit"
state_dir = "{folder}/audit"
[contact]
office = "x"
name = "x"
position = "x"
phone = "+84 24 0000 0000"
email = "x@dancu.test"
''')
        # A program from before the section exists refuses it.
        if "stays_days" in subprocess.run([DANCU, "config", "check", "--config", config], capture_output=True, text=True).stderr:
            file.write("[retention]\nstays_days = 365\n")
    for words in (["keys", "init"], ["migrate"]):
        done = subprocess.run([DANCU, *words, "--config", config], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"dancu {words[0]} failed: {done.stderr.strip()}")
    return config


def people_file(folder, people):
    given = os.environ.get("DANCU_PROVE_FILE")
    if given:
        return given
    path = os.path.join(folder, "people.ndjson")
    subprocess.run([DANCU, "seed", "--count", str(people), "--output", path], check=True, stderr=subprocess.DEVNULL)
    return path


def log_bytes(database):
    try:
        return os.path.getsize(database + "-wal")
    except OSError:
        return 0


def rows_done(database):
    """As the import itself has noted."""
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=1) as db:
            row = db.execute("SELECT max(rows_done) FROM import_runs").fetchone()
        return row[0] or 0
    except sqlite3.Error:
        return 0
    finally:
        if "db" in locals():
            db.close()


def memory(pid):
    """Anonymous memory in MiB: pages of the file that are mapped are the system's to take back."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return int(re.search(r"RssAnon:\s+(\d+)", file.read())[1]) // 1024
    except (OSError, TypeError):
        return 0


def import_log(folder):
    people = int(os.environ.get("DANCU_PROVE_PEOPLE", "1000000"))
    place = tempfile.mkdtemp(prefix="dancu-log-", dir=os.environ.get("DANCU_PROVE_FOLDER", folder))
    database = os.path.join(place, "dancu.db")
    config, file = installation(place, database), people_file(place, people)
    why = ["--why", "a proof"] if "--why" in subprocess.run([DANCU, "import", "--help"], capture_output=True, text=True).stdout else []
    command = [DANCU, "import", file, "--synthetic", "--config", config, *why]
    began = last = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    print(f"{'rows':>9} {'rows/s':>7} {'log MiB, longest':>17} {'database MiB':>13} {'memory MiB':>11} {'seconds':>8}")
    done, longest, ever, rates, step = 0, 0, 0, {}, 100_000
    while process.poll() is None:
        time.sleep(0.1)
        longest = max(longest, log_bytes(database))
        ever = max(ever, longest)
        now, rows = time.monotonic(), rows_done(database)
        if rows - done >= step or (process.poll() is not None and rows > done):
            rates[rows] = (rows - done) / (now - last)
            print(f"{rows:>9} {rates[rows]:>7.0f} {longest / MIB:>17.1f} {os.path.getsize(database) / MIB:>13.0f} "
                  f"{memory(process.pid):>11} {now - began:>8.0f}", flush=True)
            done, last, longest = rows, now, 0
    took = time.monotonic() - began
    after = log_bytes(database)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{people} people in {took:.0f} s, {people / took:.0f} rows/s; processor {used.ru_utime:.0f} s + {used.ru_stime:.0f} s in the system;"
          f" the log at most {ever / MIB:.0f} MiB, after the import {after / MIB:.1f} MiB")
    at_half = [rate for rows, rate in rates.items() if 400_000 < rows <= 600_000]
    if at_half and people > 600_000:
        final = list(rates.values())[-1]
        print(f"the last {step} rows at {final / (sum(at_half) / len(at_half)):.0%} of the rate around 500 000")
    subprocess.run(["rm", "-rf", place], check=True)
    return process.returncode == 0 and ever < 512 * MIB and after < 128 * MIB


def load_log(folder):
    seconds = int(os.environ.get("DANCU_PROVE_SECONDS", "60"))
    demo = Demo(folder)
    demo.start()
    database = next(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names if name.endswith("-wal"))[:-4]
    token, purpose, ended, counts = demo.token(), demo.purpose(), threading.Event(), [0] * 10

    def write(number):
        connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=30)
        while not ended.is_set():
            if ask(connection, token, question(purpose))[0] == 200:
                counts[number] += 1

    def watch(until):
        longest = 0
        while time.monotonic() < until:
            longest = max(longest, log_bytes(database))
            time.sleep(0.2)
        return longest

    threads = [threading.Thread(target=write, args=(number,)) for number in range(len(counts))]
    [thread.start() for thread in threads]
    alone = watch(time.monotonic() + seconds)
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM citizens").fetchone()
    beside = watch(time.monotonic() + 15)
    reader.execute("COMMIT")
    released = time.monotonic()
    ended.set()
    [thread.join() for thread in threads]
    while log_bytes(database) > 4 * MIB and time.monotonic() - released < 60:
        time.sleep(0.2)
    rest = log_bytes(database)
    print(f"{sum(counts)} questions answered; the log at most {alone / MIB:.1f} MiB in {seconds} s of load, {beside / MIB:.1f} MiB beside a "
          f"reader of 15 s, {rest / MIB:.1f} MiB {time.monotonic() - released:.0f} s after both")
    demo.stop()
    return alone < 128 * MIB and rest <= 4 * MIB


def full_disk(folder):
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "dancu-proof", disk], check=True)
    try:
        database, people = os.path.join(disk, "dancu.db"), 40_000
        config, file = installation(folder, database), people_file(folder, people)
        why = ["--why", "a proof"] if "--why" in subprocess.run([DANCU, "import", "--help"], capture_output=True, text=True).stdout else []
        command = [DANCU, "import", file, "--synthetic", "--config", config, *why]
        full = subprocess.run(command, capture_output=True, text=True)
        told = full.stderr.strip().splitlines()[-1] if full.stderr.strip() else ""
        kept = rows_done(database)
        with sqlite3.connect(database) as db:
            stored = db.execute("SELECT count(*) FROM citizens").fetchone()[0]
            sound = db.execute("PRAGMA integrity_check").fetchone()[0]
        db.close()
        print(f"exit {full.returncode}: {told}\n{kept} rows noted as done, {stored} people stored, integrity: {sound}")
        subprocess.run(["mount", "-o", "remount,size=1g", disk], check=True)
        again = subprocess.run(command, capture_output=True, text=True)
        with sqlite3.connect(database) as db:
            whole = db.execute("SELECT count(*) FROM citizens").fetchone()[0]
        db.close()
        print(f"with room: exit {again.returncode}: {again.stdout.splitlines()[0] if again.stdout else again.stderr.strip()}; {whole} people")
        return full.returncode == 1 and "disk is full" in told and 0 < kept < people and sound == "ok" and again.returncode == 0 and whole == people
    finally:
        subprocess.run(["umount", disk], check=True)
