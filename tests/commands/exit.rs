//! No thread of a command is at work when it ends, whatever its connections are doing then. What is at work is
//! looked at from within, at the end of `exit`: `tests/support/at_exit.c`.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Backend, TlsWire, for_each_backend};

/// Longer than any ending takes that is not stuck.
const SLACK: Duration = Duration::from_secs(60);
const AGREEMENT: &str = "operations = [\"qr:verify\"]\nprocedures = [\"1.004222\"]\nlegal_bases = [\"STATE_DUTY\"]\nattributes = [\"full_name\"]\ndetail = \"full\"\nbearer = true\n\
     [quotas]\nper_minute = 100\nper_day = 1000\n[validity]\nfrom = 2026-01-01\nuntil = 2036-12-31\n";

/// An installation whose commands are watched at their end.
struct Watched {
    dir: tempfile::TempDir,
    shim: PathBuf,
}

/// A command at work; not beyond a test that failed.
struct Running(Option<Child>);

impl Running {
    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it was started")
    }

    #[track_caller]
    fn signal(&mut self, signal: Signal) {
        let pid = Pid::from_raw(self.child().id().cast_signed()).expect("a process");
        kill_process(pid, signal).expect("it is there");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(process) = &mut self.0 {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// How a command ended, and what was at work then.
struct Ended {
    output: Output,
    at_work: Vec<String>,
}

impl Ended {
    #[track_caller]
    fn must_be(&self, code: i32, line: &str) {
        assert_eq!(self.output.status.code(), Some(code), "{line}: {:?}", self.output);
        assert_eq!(self.at_work, [""; 0], "{line}");
    }
}

impl Watched {
    fn new(url: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let shim = dir.path().join("at_exit.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/at_exit.c");
        let compiled = Process::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&shim).arg(source).status();
        assert!(compiled.expect("a C compiler").success());
        let path = |name: &str| dir.path().join(name).display().to_string();
        let config = format!(
            "[server]\nissuer = \"http://127.0.0.1:9\"\nbind = [\"127.0.0.1:0\"]\nprivate_bind = [\"127.0.0.1:0\"]\n\
             stop_timeout_s = 1\nbody_timeout_ms = 30000\nworkers = 2\n\
             [database]\nurl = \"{url}\"\n[keys]\ndir = \"{}\"\n\
             [audit]\norigin = \"dancu.test/audit\"\nstate_dir = \"{}\"\n[retention]\nstays_days = 365\n\
             [contact]\noffice = \"x\"\nname = \"x\"\nposition = \"x\"\nphone = \"+84 24 0000 0000\"\nemail = \"x@dancu.test\"\n",
            path("keys"),
            path("audit")
        );
        std::fs::write(dir.path().join("dancu.toml"), config).expect("a file");
        // The database's URL may hold a password, and `serve` looks.
        let own = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(dir.path().join("dancu.toml"), own).expect("a mode");
        std::fs::write(dir.path().join("agreement.toml"), AGREEMENT).expect("a file");
        Self { dir, shim }
    }

    /// Has `dancu …` started, `@` standing for the folder.
    fn start(&self, line: &str, hold: Option<Duration>) -> Running {
        let folder = format!("{}/", self.dir.path().display());
        let mut process = Process::new(env!("CARGO_BIN_EXE_dancu"));
        process.args(line.split(' ').map(|word| word.replace('@', &folder)));
        process.arg("--config").arg(self.dir.path().join("dancu.toml")).current_dir(self.dir.path());
        process.env("LD_PRELOAD", &self.shim).env("DANCU_AT_EXIT", self.report());
        process.envs(hold.map(|hold| ("DANCU_HOLD_MS", hold.as_millis().to_string())));
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running(Some(process.spawn().expect("the command starts")))
    }

    fn report(&self) -> PathBuf {
        self.dir.path().join("at-exit")
    }

    fn end(&self, mut running: Running) -> Ended {
        let process = running.0.take().expect("it was started");
        let output = process.wait_with_output().expect("the command ends");
        let report = std::fs::read_to_string(self.report()).unwrap_or_else(|_| panic!("no orderly end: {output:?}"));
        std::fs::remove_file(self.report()).expect("the report was there");
        Ended { output, at_work: report.lines().map(str::to_owned).collect() }
    }

    /// Runs it to its end. On a thread of its own: the wire goes on meanwhile.
    fn run(&self, line: &str) -> Ended {
        tokio::task::block_in_place(|| self.end(self.start(line, None)))
    }

    fn must(&self, line: &str) {
        self.run(line).must_be(0, line);
    }
}

#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < SLACK, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The URL of the backend; on PostgreSQL by way of TLS, so that OpenSSL is at work.
async fn url_of(backend: &Backend) -> String {
    if backend.is_postgres() { TlsWire::to(backend.url()).await.1 } else { backend.url().to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_ends_alone() {
    for_each_backend(async |backend| {
        let site = Watched::new(&url_of(&backend).await);
        site.must("keys init");
        site.must("migrate");
        site.must(
            "clients add desk --name Desk --state-body --agreement @agreement.toml --new-key @key.json --why proof",
        );
        for (line, code) in [
            ("clients list", 0),
            ("clients show nobody", 1),
            ("clients amend desk --agreement @agreement.toml --why proof", 0),
            ("clients amend desk --agreement @agreement.toml", 1),
            ("facilities list", 0),
            ("link --client nobody --officer x --why proof", 1),
            ("keys list", 0),
            ("keys rotate token --why proof", 0),
            ("events parked", 0),
            ("events retry --why proof", 0),
            ("seed --count 5 --why proof", 0),
            ("import @missing.csv --synthetic --why proof", 1),
            ("audit verify", 0),
            ("audit verify --url http://127.0.0.1:9", 1),
            ("clients list --no-such-option", 2),
            ("serve --no-such-option", 2),
        ] {
            site.run(line).must_be(code, line);
        }
    })
    .await;
}

/// The command fails, since the pool's connections are held up; it ends once they have given up.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_held_up_outlives_no_command() {
    let Some(backend) = Backend::postgres() else { return };
    let (wire, url) = TlsWire::to(backend.url()).await;
    let site = Watched::new(&url);
    site.must("keys init");
    for round in 0..3 {
        // The writer's and the follower's pass.
        wire.hold(2);
        site.run("clients list").must_be(1, &format!("held up, round {round}"));
        assert!(wire.held() > 0, "nothing was held up");
    }
    // With one reader the command has all that it needs, and asks for no more.
    wire.hold(3);
    site.must("clients list");
    assert_eq!(wire.held(), 0);
    wire.pass();
    site.must("clients list");
}

/// Held up within OpenSSL, where a clean-up at `exit` is certain to be met.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_cleaned_up_under_who_connects() {
    let Some(backend) = Backend::postgres() else { return };
    let (_wire, url) = TlsWire::to(backend.url()).await;
    let site = Watched::new(&url);
    site.must("keys init");
    let held = |hold: u64| {
        tokio::task::block_in_place(|| site.end(site.start("clients list", Some(Duration::from_millis(hold)))))
    };
    // For longer than the command has patience with a reader, and less long than with its threads.
    held(4_000).must_be(1, "held up, and waited for");
    // For longer than anybody waits: it says so, and ends as well.
    let left = held(600_000);
    assert_eq!(left.output.status.code(), Some(1), "{:?}", left.output);
    assert!(left.at_work.iter().any(|name| name.starts_with("dancu-pool-")), "{:?}", left.at_work);
    let said = String::from_utf8_lossy(&left.output.stderr).into_owned();
    assert!(said.contains("ended while still at work: dancu-pool-"), "{said}");
}

/// Whether SIGINT would be heard.
fn hears_interrupts(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 0b10 != 0)
}

/// Ctrl-C while an import waits for more, or for the first, of its input.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_waits_for_input_ends_alone() {
    for_each_backend(async |backend| {
        let site = Watched::new(&url_of(&backend).await);
        site.must("keys init");
        for given in ["", "id_number,full_name,date_of_birth\n097099000001,Nguyễn Văn An,1999-03-15\n"] {
            let ended = tokio::task::block_in_place(|| {
                let line = "import - --format csv --synthetic --why proof";
                let mut import = site.start(line, None);
                // Kept open to the end: it may wait for more.
                let mut input = import.child().stdin.take().expect("its input");
                input.write_all(given.as_bytes()).expect("it reads");
                eventually("it hears signals", || hears_interrupts(import.child().id()));
                import.signal(Signal::INT);
                let ended = site.end(import);
                drop(input);
                ended
            });
            ended.must_be(130, &format!("told to stop after {given:?}"));
        }
    })
    .await;
}

/// Serving ends as told, when nothing is in work and when something is that does not end in time.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_ends_alone() {
    for_each_backend(async |backend| {
        let site = Watched::new(&url_of(&backend).await);
        site.must("keys init");
        for busy in [false, true] {
            let ended = tokio::task::block_in_place(|| {
                let mut serve = site.start("serve", None);
                let mut log =
                    BufReader::new(serve.child().stderr.take().expect("its log")).lines().map_while(Result::ok);
                let mut seen = Vec::new();
                let ready = log.find_map(|line| {
                    let address = line.split_once("ready address=").map(|(_, address)| address.trim().to_owned());
                    seen.push(line);
                    address
                });
                let address = ready.unwrap_or_else(|| panic!("it does not serve: {seen:#?}"));
                let rest = std::thread::spawn(move || log.for_each(drop));
                let mut request = std::net::TcpStream::connect(address).expect("it listens");
                if busy {
                    let head = "POST /oauth/token HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\
                                Content-Type: application/x-www-form-urlencoded\r\n\r\ngrant";
                    request.write_all(head.as_bytes()).expect("it reads");
                }
                serve.signal(Signal::TERM);
                let ended = site.end(serve);
                rest.join().expect("the rest of its log");
                ended
            });
            ended.must_be(0, if busy { "with a request in work" } else { "with an idle connection" });
        }
    })
    .await;
}
