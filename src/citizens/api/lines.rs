//! A body of lines, read a piece at a time: what has come is answered, what has not is waited for.

use std::time::Duration;

use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::{FutureExt, StreamExt};

/// Lines answered together.
const MOST_LINES: usize = 256;
/// Bytes of lines answered together.
const MOST_BYTES: usize = 128 * 1024;
/// The longest line.
const LONGEST: usize = 16 * 1024;
/// The next line must have come within this time.
const PATIENCE: Duration = Duration::from_secs(30);

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
}

impl<P, E> Lines<P>
where
    P: futures_util::Stream<Item = Result<Bytes, E>> + Unpin,
{
    pub fn new(payload: P) -> Self {
        Self { payload, buffer: BytesMut::new(), searched: 0, skipping: false, ended: false }
    }

    /// The next lines: those that are there, at least one; `None` at the end.
    pub async fn next_piece(&mut self) -> Option<Piece> {
        let mut lines = Vec::new();
        let mut bytes = 0;
        loop {
            while lines.len() < MOST_LINES && bytes < MOST_BYTES {
                let Some(line) = self.take_line() else { break };
                bytes += if let Line::Text(text) = &line { text.len() } else { 0 };
                lines.push(line);
            }
            if self.ended || lines.len() >= MOST_LINES || bytes >= MOST_BYTES {
                return (!lines.is_empty()).then_some(Piece::Lines(lines));
            }
            let more = if lines.is_empty() {
                let Ok(more) = tokio::time::timeout(PATIENCE, self.payload.next()).await else {
                    self.ended = true;
                    return Some(Piece::Broken);
                };
                more
            } else {
                match self.payload.next().now_or_never() {
                    Some(more) => more,
                    None => return Some(Piece::Lines(lines)),
                }
            };
            match more {
                Some(Ok(more)) => self.add(&more),
                None => self.ended = true,
                Some(Err(_)) => {
                    self.ended = true;
                    self.buffer.clear();
                    lines.clear();
                    return Some(Piece::Broken);
                }
            }
        }
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
        let mut reader = Lines::new(body);
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
}
