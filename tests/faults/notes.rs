//! A small schema, a trailer that tells what it was told, and a way to keep the writer busy.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use dancu::storage::{Db, Reach, Record, Slot, StorageError, Store, Trailer};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName, RunQueryDsl};
use tokio::task::JoinHandle;

use crate::support::Backend;

diesel::table! {
    notes (id) {
        id -> BigInt,
        body -> Text,
    }
}

#[derive(diesel::Insertable)]
#[diesel(table_name = notes, treat_none_as_default_value = false)]
pub struct NewNote {
    pub id: i64,
    pub body: String,
}

pub const SCHEMA: &str = "
    CREATE TABLE notes (id BIGINT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE pages (note BIGINT NOT NULL REFERENCES notes (id));
    CREATE TABLE late_pages (note BIGINT NOT NULL REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE log (position BIGINT PRIMARY KEY, body TEXT NOT NULL);";

pub async fn open(backend: &Backend) -> (Store, Book) {
    backend.execute(SCHEMA);
    let store = backend.store();
    let book = Book::default();
    store.install_trailer(Box::new(book.clone())).await.unwrap();
    (store, book)
}

pub fn insert(db: &mut Db, id: i64) -> Result<(), StorageError> {
    diesel::insert_into(notes::table).values((notes::id.eq(id), notes::body.eq("x"))).execute(db)?;
    Ok(())
}

pub async fn add(store: &Store, id: i64) -> Result<(), StorageError> {
    store.write(move |tx| insert(tx.db()?, id)).await
}

pub async fn ids(store: &Store) -> Vec<i64> {
    let found =
        store.read(Reach::Key, |db| Ok::<_, StorageError>(notes::table.select(notes::id).order(notes::id).load(db)?));
    found.await.unwrap()
}

pub fn record(body: &str) -> Record {
    Record { body: body.as_bytes().to_vec(), subjects: Vec::new(), slot: Slot::default() }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = Text)]
    body: String,
}

/// What the trailer has stored, in order; without gaps.
pub fn log(backend: &Backend) -> Vec<String> {
    let lines: Vec<Line> =
        diesel::sql_query("SELECT position, body FROM log ORDER BY position").load(&mut backend.connect()).unwrap();
    assert!(lines.iter().map(|line| line.position).eq(0..lines.len() as i64), "the log has gaps");
    lines.into_iter().map(|line| line.body).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fail {
    No,
    Error,
    Panic,
    /// A statement fails, and `write` says that all is well.
    Swallow,
    /// The connection is cut after the records are written, before COMMIT (PostgreSQL).
    CutLater,
}

/// A trailer; its clones share what it was told.
#[derive(Clone, Default)]
pub struct Book {
    told: Arc<Mutex<Vec<String>>>,
    fail: Arc<AtomicU8>,
    next: Option<i64>,
}

impl Book {
    /// What it was told since last asked.
    pub fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    pub fn fail_next(&self, how: Fail) {
        self.fail.store(how as u8, Ordering::SeqCst);
    }

    fn tell(&self, line: impl Into<String>) {
        self.told.lock().unwrap().push(line.into());
    }

    /// Keeps the writer busy, so that what is sent meanwhile becomes one group.
    pub async fn hold(&self, store: &Store) -> Hold {
        self.hold_with(store, |_| Ok(())).await
    }

    /// Keeps the writer busy in a transaction that has inserted a note.
    pub async fn hold_after_insert(&self, store: &Store, id: i64) -> Hold {
        self.hold_with(store, move |tx| insert(tx.db()?, id)).await
    }

    async fn hold_with(
        &self,
        store: &Store,
        first: impl Fn(&mut dancu::storage::Tx<'_>) -> Result<(), StorageError> + Send + 'static,
    ) -> Hold {
        let (release, released) = channel::<()>();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (released, begun) = (Mutex::new(released), Mutex::new(Some(begun)));
        let store = store.clone();
        let held = tokio::spawn(async move {
            store
                .write(move |tx| {
                    first(tx)?;
                    if let Some(begun) = begun.lock().unwrap().take() {
                        begun.send(()).unwrap();
                        let _ = released.lock().unwrap().recv();
                    }
                    Ok::<_, StorageError>(())
                })
                .await
                .unwrap();
        });
        has_begun.await.unwrap();
        Hold { release, held }
    }
}

pub struct Hold {
    release: Sender<()>,
    held: JoinHandle<()>,
}

impl Hold {
    /// Lets the writer go on, after what was polled before has been sent.
    pub async fn release(self) {
        tokio::task::yield_now().await;
        self.release.send(()).unwrap();
        self.held.await.unwrap();
    }
}

impl Trailer for Book {
    fn write(&mut self, db: &mut Db, records: &[Record]) -> Result<(), StorageError> {
        self.tell(format!("write {}", records.len()));
        let fail = self.fail.swap(Fail::No as u8, Ordering::SeqCst);
        match fail {
            f if f == Fail::Error as u8 => return Err(StorageError::BrokenInvariant("planted by the test")),
            f if f == Fail::Panic as u8 => panic!("planted by the test"),
            f if f == Fail::Swallow as u8 => drop(db.batch_execute("INSERT INTO nowhere VALUES (1)")),
            _ => {}
        }
        let mut next = match self.next {
            Some(next) => next,
            None => diesel::sql_query("SELECT position, body FROM log ORDER BY position DESC LIMIT 1")
                .get_result::<Line>(db)
                .optional()?
                .map_or(0, |line| line.position + 1),
        };
        for record in records {
            let body = String::from_utf8_lossy(&record.body);
            db.batch_execute(&format!("INSERT INTO log (position, body) VALUES ({next}, '{body}')"))?;
            record.slot.fill(next as u64);
            next += 1;
        }
        self.next = Some(next);
        if fail == Fail::CutLater as u8 {
            cut_from_outside(db);
        }
        Ok(())
    }

    fn committed(&mut self) {
        self.tell("committed");
    }

    fn rolled_back(&mut self) {
        self.next = None;
        self.tell("rolled back");
    }

    fn in_doubt(&mut self) {
        self.next = None;
        self.tell("in doubt");
    }
}

/// Ends this backend's process without its client having sent anything that fails.
fn cut_from_outside(db: &mut Db) {
    #[derive(QueryableByName)]
    struct Pid {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        pid: i32,
    }
    let pid = diesel::sql_query("SELECT pg_backend_pid() AS pid").get_result::<Pid>(db).unwrap().pid;
    let sql = format!("SELECT pg_terminate_backend({pid}, 1000)");
    crate::support::postgres_admin().batch_execute(&sql).unwrap();
}
