//! One kept-alive HTTP/1.1 connection.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Error;

pub struct Connection {
    authority: String,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// A whole answer.
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Connection {
    pub fn new(authority: &str) -> Self {
        Self { authority: authority.to_owned(), sender: None }
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

    pub async fn post(&mut self, path: &str, content_type: &str, token: &str, body: Bytes) -> Result<Answer, Error> {
        let request = Request::post(path)
            .header("host", self.authority.as_str())
            .header("content-type", content_type)
            .header("authorization", token)
            .body(Full::new(body))
            .map_err(|error| Error::new(error.to_string()))?;
        self.send(request).await
    }

    pub async fn get(&mut self, path: &str) -> Result<Answer, Error> {
        let request = Request::get(path)
            .header("host", self.authority.as_str())
            .body(Full::new(Bytes::new()))
            .map_err(|error| Error::new(error.to_string()))?;
        self.send(request).await
    }

    pub async fn get_with(&mut self, path: &str, token: &str) -> Result<Answer, Error> {
        let request = Request::get(path)
            .header("host", self.authority.as_str())
            .header("authorization", token)
            .body(Full::new(Bytes::new()))
            .map_err(|error| Error::new(error.to_string()))?;
        self.send(request).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Error> {
        let outcome = async {
            let response = self.ready().await?.send_request(request).await?;
            let status = response.status();
            let body = response.into_body().collect().await?.to_bytes();
            Ok(Answer { status, body })
        }
        .await;
        if outcome.is_err() {
            self.sender = None;
        }
        outcome
    }
}
