//! A place among the requests in work is taken with the body, not with the head: who sends heads and no
//! bodies, or opens a batch and stays silent, shuts nobody out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;

use crate::http::context::Arrival;

/// Puts the body of `request`, if it has one, behind the count of `most` requests in work.
pub(super) fn await_body(request: &mut ServiceRequest, arrival: &Arrival, most: usize) {
    let body = request.take_payload();
    if matches!(body, Payload::None) {
        return;
    }
    arrival.expect_body();
    let awaited = AwaitedBody { body, arrival: arrival.clone(), most, ended: false };
    request.set_payload(Payload::Stream { payload: Box::pin(awaited) });
}

/// While the body is waited for, its request has no place among those in work.
struct AwaitedBody {
    body: Payload,
    arrival: Arrival,
    most: usize,
    ended: bool,
}

impl Stream for AwaitedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_next(cx) {
            Poll::Pending => {
                this.arrival.wait_for_body();
                Poll::Pending
            }
            Poll::Ready(Some(Ok(bytes))) => {
                this.arrival.receive_body();
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Ready(end) => {
                this.ended = true;
                if this.arrival.end_body(this.most) {
                    return Poll::Ready(end);
                }
                let overloaded = io::Error::other("the place that was waited for is another's by now");
                Poll::Ready(Some(Err(PayloadError::Io(overloaded))))
            }
        }
    }
}

impl Drop for AwaitedBody {
    fn drop(&mut self) {
        if !self.ended {
            // Read as far as anybody wants: the work goes on with a place.
            self.arrival.end_body(usize::MAX);
        }
    }
}
