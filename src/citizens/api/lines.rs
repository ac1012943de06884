//! A body of lines, read a piece at a time: what has come is answered, what has not is waited for.

use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Duration, Instant};

/// Lines answered together.
const MOST_LINES: usize = 256;
/// Bytes of lines answered together.
const MOST_BYTES: usize = 128 * 1024;
/// The longest line.
const LONGEST: usize = 16 * 1024;

pub enum Line {
    Text(Bytes),
    TooLong,
}

/// What the reader came upon.
pub enum Piece {
    Lines(Vec<Line>),
    /// The body stopped coming, or cannot be read on.
    Broken,
}

pub struct Lines<P = Payload> {
    payload: P,
    buffer: BytesMut,
    /// Bytes of the buffer that hold no line's end.
    searched: usize,
    /// Inside a line that is too long.
    skipping: bool,
    ended: bool,
    /// The next line must have come whole within this time.
    patience: Duration,
    /// When that is over, once it is waited for.
    due: Option<Instant>,
}

impl<P, E> Lines<P>
where
    P: futures_util::Stream<Item = Result<Bytes, E>> + Unpin,
{
    pub fn new(payload: P, patience: Duration) -> Self {
        Self { payload, buffer: BytesMut::new(), searched: 0, skipping: false, ended: false, patience, due: None }
    }

    /// The next lines: those that are there, at least one; `None` at the end. Nothing is lost where this is
    /// given up and asked for again.
    pub async fn next_piece(&mut self) -> Option<Piece> {
        let mut lines = Vec::new();
        let mut bytes = 0;
        loop {
            while lines.len() < MOST_LINES && bytes < MOST_BYTES {
                let Some(line) = self.take_line() else { break };
                self.due = None;
                bytes += if let Line::Text(text) = &line { text.len() } else { 0 };
                lines.push(line);
            }
            if self.ended || lines.len() >= MOST_LINES || bytes >= MOST_BYTES {
                return (!lines.is_empty()).then_some(Piece::Lines(lines));
            }
            let more = if lines.is_empty() {
                let due = *self.due.get_or_insert_with(|| Instant::now() + self.patience);
                match tokio::time::timeout_at(due, self.payload.next()).await {
                    Ok(more) => more,
                    Err(_) => return Some(self.give_up()),
                }
            } else {
                match self.payload.next().now_or_never() {
                    Some(more) => more,
                    None => return Some(Piece::Lines(lines)),
                }
            };
            match more {
                Some(Ok(more)) => self.add(&more),
                None => self.ended = true,
                Some(Err(_)) => return Some(self.give_up()),
            }
        }
    }

    /// Forgets what has come of a line: part of a line is none.
    fn give_up(&mut self) -> Piece {
        self.ended = true;
        self.buffer.clear();
        self.searched = 0;
        self.skipping = false;
        Piece::Broken
    }

    fn add(&mut self, more: &[u8]) {
        self.buffer.extend_from_slice(more);
    }

    /// A whole line, without its end; the last one needs none.
    fn take_line(&mut self) -> Option<Line> {
        let end = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(end) = end.map(|end| self.searched + end) else {
            if self.ended {
                return self.take_last();
            }
            if self.buffer.len() > LONGEST {
                self.skipping = true;
                self.buffer.clear();
            }
            self.searched = self.buffer.len();
            return None;
        };
        self.searched = 0;
        let line = self.buffer.split_to(end + 1).freeze();
        Some(self.finished(line.slice(..end)))
    }

    fn take_last(&mut self) -> Option<Line> {
        self.searched = 0;
        if self.buffer.is_empty() && !self.skipping {
            return None;
        }
        let line = self.buffer.split().freeze();
        Some(self.finished(line))
    }

    fn finished(&mut self, line: Bytes) -> Line {
        if std::mem::take(&mut self.skipping) || line.len() > LONGEST {
            return Line::TooLong;
        }
        let carriage_return = usize::from(line.last() == Some(&b'\r'));
        Line::Text(line.slice(..line.len() - carriage_return))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    async fn lines_of(pieces: Vec<Vec<u8>>) -> Vec<Option<String>> {
        let body = stream::iter(pieces.into_iter().map(|piece| Ok::<_, ()>(Bytes::from(piece))));
        let mut reader = Lines::new(body, Duration::from_secs(30));
        let mut read = Vec::new();
        while let Some(Piece::Lines(lines)) = reader.next_piece().await {
            assert!(lines.len() <= MOST_LINES);
            read.extend(lines.into_iter().map(|line| match line {
                Line::Text(text) => Some(String::from_utf8(text.to_vec()).unwrap()),
                Line::TooLong => None,
            }));
        }
        read
    }

    #[tokio::test]
    async fn lines_come_whole_however_the_body_is_cut() {
        let body = b"one\ntwo\r\n\nfour".to_vec();
        for size in 1..=body.len() {
            let pieces = body.chunks(size).map(<[u8]>::to_vec).collect();
            let read: Vec<_> = lines_of(pieces).await.into_iter().flatten().collect();
            assert_eq!(read, ["one", "two", "", "four"], "in pieces of {size}");
        }
        assert!(lines_of(vec![]).await.is_empty());
        assert_eq!(lines_of(vec![b"only\n".to_vec()]).await.len(), 1);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_one_line_and_is_not_kept() {
        for size in [100, 5_000, 100_000] {
            let mut body = vec![b'x'; 3 * LONGEST];
            body.extend_from_slice(b"\nshort\n");
            let read = lines_of(body.chunks(size).map(<[u8]>::to_vec).collect()).await;
            assert_eq!(read, [None, Some("short".to_owned())], "in pieces of {size}");
        }
    }

    /// Reads to the end, whatever comes.
    async fn pieces_of<S>(mut reader: Lines<S>) -> Vec<String>
    where
        S: futures_util::Stream<Item = Result<Bytes, ()>> + Unpin,
    {
        let mut read = Vec::new();
        while let Some(piece) = reader.next_piece().await {
            read.push(match piece {
                Piece::Lines(lines) => format!("{} lines", lines.len()),
                Piece::Broken => "broken".to_owned(),
            });
            assert!(read.len() < 10, "{read:?}");
        }
        read
    }

    #[tokio::test]
    async fn a_body_that_breaks_ends_without_the_part_of_a_line_that_came() {
        for begun in ["", "part of a line", "one\ntwo\npart of a line", "one\n"] {
            let pieces = [Ok(Bytes::from(begun)), Err(()), Ok(Bytes::from("never\n"))];
            let reader = Lines::new(stream::iter(pieces), Duration::from_secs(30));
            assert_eq!(pieces_of(reader).await, ["broken"], "{begun:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_trickles_is_given_up_however_often_bytes_come() {
        let trickle = stream::unfold(0, |sent| async move {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Some((Ok::<_, ()>(Bytes::from_static(b"x")), sent + 1))
        });
        let began = Instant::now();
        assert_eq!(pieces_of(Lines::new(Box::pin(trickle), Duration::from_secs(30))).await, ["broken"]);
        assert_eq!(began.elapsed().as_secs(), 30);
        let lines = stream::unfold(0, |sent| async move {
            tokio::time::sleep(Duration::from_secs(20)).await;
            (sent < 3).then_some((Ok::<_, ()>(Bytes::from_static(b"x\n")), sent + 1))
        });
        assert_eq!(pieces_of(Lines::new(Box::pin(lines), Duration::from_secs(30))).await, ["1 lines"; 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_can_be_given_up_and_taken_up_again() {
        let slow = stream::unfold(0, |sent| async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            (sent < 2).then_some((Ok::<_, ()>(Bytes::from_static(b"half")), sent + 1))
        });
        let mut reader = Lines::new(Box::pin(slow), Duration::from_secs(30));
        let mut waits = 0;
        let piece = loop {
            match tokio::time::timeout(Duration::from_millis(900), reader.next_piece()).await {
                Ok(piece) => break piece,
                Err(_) => waits += 1,
            }
        };
        assert!(waits > 5, "{waits}");
        let Some(Piece::Lines(lines)) = piece else { panic!("no line") };
        assert!(matches!(&lines[..], [Line::Text(text)] if text == "halfhalf"));
    }
}
