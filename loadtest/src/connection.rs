//! One kept-alive HTTP/1.1 connection.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Error;

/// Names and values of header fields.
pub type Fields<'a> = &'a [(&'a str, &'a str)];

pub struct Connection {
    authority: String,
    sender: Option<SendRequest<Full<Bytes>>>,
    /// Requests sent so far.
    pub sent: u64,
}

/// A whole answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// A header field's value; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Connection {
    pub fn new(authority: &str) -> Self {
        Self { authority: authority.to_owned(), sender: None, sent: 0 }
    }

    async fn ready(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Error> {
        let usable = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            let stream = TcpStream::connect(&self.authority).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            tokio::spawn(async move {
                // A broken connection shows at the next send.
                let _ = connection.await;
            });
            self.sender = Some(sender);
        }
        self.sender.as_mut().ok_or_else(|| Error::new("no connection"))
    }

    pub async fn post(&mut self, path: &str, fields: Fields<'_>, body: Bytes) -> Result<Answer, Error> {
        self.send(Request::post(path), fields, body).await
    }

    pub async fn get(&mut self, path: &str, fields: Fields<'_>) -> Result<Answer, Error> {
        self.send(Request::get(path), fields, Bytes::new()).await
    }

    async fn send(
        &mut self,
        request: hyper::http::request::Builder,
        fields: Fields<'_>,
        body: Bytes,
    ) -> Result<Answer, Error> {
        let request = request.header("host", self.authority.as_str());
        let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Full::new(body)).map_err(|error| Error::new(error.to_string()))?;
        self.sent += 1;
        let outcome = async {
            let response = self.ready().await?.send_request(request).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = response.into_body().collect().await?.to_bytes();
            Ok(Answer { status, headers, body })
        }
        .await;
        if outcome.is_err() {
            self.sender = None;
        }
        outcome
    }
}
