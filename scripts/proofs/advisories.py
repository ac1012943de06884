"""That the check of known faults holds today, and fails on what it is there for."""
import datetime, os, pathlib, shutil, subprocess, sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"


def pinned(lock, crate, version):
    """Cargo.lock with one more crate, of an old version."""
    return f'{lock}\n[[package]]\nname = "{crate}"\nversion = "{version}"\nsource = "{CRATES_IO}"\n'


def advisories(folder):
    folder = pathlib.Path(folder)
    database = pathlib.Path(os.environ.get("DANCU_ADVISORY_DB") or sys.exit("set DANCU_ADVISORY_DB")).resolve()
    os.environ["DANCU_ADVISORY_DB"] = str(database)
    lock, exceptions = (TOP / "Cargo.lock").read_text(), (TOP / "advisories.toml").read_text()
    today = datetime.date.today()
    yesterday, far = today - datetime.timedelta(days=1), today + datetime.timedelta(days=400)

    def exception(advisory, crate, last_day=today, rest=""):
        return f'\n[[exception]]\nadvisory = "{advisory}"\ncrate = "{crate}"\nlast_day = {last_day}\nwhy = "a proof"\n{rest}'

    old_h2 = pinned(lock, "h2", "0.4.5")
    flood = "RUSTSEC-2026-0258"
    expired, excepted = exceptions + exception(flood, "h2", yesterday), exceptions + exception(flood, "h2")
    cases = [
        ("today's crates", lock, exceptions, [], 0, "ok"),
        ("today's crates, with --all", lock, exceptions, ["--all"], 0, "ok"),
        ("no exceptions", lock, "", [], 1, "FAULT: rsa 0.9."),
        ("an old h2", old_h2, exceptions, [], 1, f"FAULT: h2 0.4.5: {flood}"),
        ("an old smallvec", pinned(lock, "smallvec", "1.6.0"), exceptions, [], 1, "FAULT: smallvec 1.6.0: RUSTSEC-2021-0003"),
        ("an old h2, excepted until today", old_h2, excepted, ["--all"], 0, f"excepted: h2 0.4.5: {flood}"),
        ("excepted until yesterday", old_h2, expired, [], 0, f"WARNING: the exception for h2 ({flood}) had its last day"),
        ("excepted until yesterday, with --all", old_h2, expired, ["--all"], 1, f"FAULT: the exception for h2 ({flood}) had its last day"),
        ("excepted for another fault", old_h2, exceptions + exception("RUSTSEC-2024-0003", "h2"), [], 1, f"FAULT: h2 0.4.5: {flood}"),
        ("an exception that matches nothing", lock, excepted, [], 1, f"FAULT: the exception for h2 ({flood}) matches nothing"),
        ("an exception for more than a year", old_h2, exceptions + exception(flood, "h2", far), [], 1, "runs for more than a year"),
        ("an exception without a reason", old_h2, excepted.replace('why = "a proof"\n', ""), [], 1, "an exception has crate, advisory, why"),
        ("in tests alone, but it is not", pinned(lock, "zip", "0.6.0"), exceptions + exception("RUSTSEC-0000-0000", "zip", rest="only_in_tests = true\n"),
         [], 1, "says that the crate is in tests alone, but it is in the programs"),
        ("a withdrawn version is shown", pinned(lock, "futures-util", "0.3.30"), exceptions, [], 0, "WARNING: yanked: futures-util 0.3.30"),
    ]
    held = True
    for name, some_lock, some_exceptions, options, status, text in cases:
        (folder / "Cargo.lock").write_text(some_lock)
        (folder / "advisories.toml").write_text(some_exceptions)
        held &= tried(name, ["--lock", folder / "Cargo.lock", "--exceptions", folder / "advisories.toml", *options], status, text)
    old = folder / "old-database"
    shutil.copytree(database / "crates" / "rsa", old / "crates" / "rsa")
    held &= tried("an old database is told", [], 0, "WARNING: the advisory database is old: its newest advisory is of 2023-11-22",
                  DANCU_ADVISORY_DB=str(old))
    held &= tried("a folder that is no database", [], 1, "names no advisory database", DANCU_ADVISORY_DB=str(folder))
    # Nothing is fetched from nowhere: the proxy is a port where nobody listens.
    nowhere = {"https_proxy": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1"}
    held &= tried("a named database, no network", [], 0, "ok", **nowhere)
    (folder / "home").mkdir()
    for part in ("registry", "bin"):
        source = pathlib.Path(os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo") / part
        (folder / "home" / part).symlink_to(source)
    held &= tried("no database, no network", [], 1, "cannot be fetched, and there is no earlier copy",
                  **nowhere, DANCU_ADVISORY_DB="", CARGO_HOME=str(folder / "home"))
    (folder / "home" / "advisory-db").symlink_to(database)
    for options, status, kind in ((["--all"], 1, "FAULT"), ([], 0, "WARNING")):
        held &= tried(f"an earlier copy, no network {options}", options, status, f"{kind}: the advisory database cannot be fetched; an earlier copy",
                      **nowhere, DANCU_ADVISORY_DB="", CARGO_HOME=str(folder / "home"))
    return held


def tried(name, options, status, text, **environment):
    done = subprocess.run([TOP / "scripts" / "dependencies", *options], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, **environment})
    held = done.returncode == status and text in done.stdout
    print(f"{'as it should' if held else 'NOT as it should'}: {name}: status {done.returncode}")
    if not held:
        print(f"  expected status {status} and {text!r} in\n{done.stdout}")
    return held
