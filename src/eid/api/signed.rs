//! Requests signed by a device, as handlers receive them.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use crate::crypto::VerifyingKey;
use crate::eid::Eid;
use crate::eid::request::SCHEME;
use crate::eid::service::{Device, EidError, SignedRequest};
use crate::http::extract::read_json_bytes;
use crate::http::{Json, Problem, ProblemKind};

/// A request of a device in use; its signature is spent.
pub struct ByDevice {
    pub device: Device,
    body: Bytes,
}

/// A request signed by a key that came with it.
pub struct ByNewKey {
    pub key: VerifyingKey,
    body: Bytes,
}

impl ByDevice {
    pub fn json<T: DeserializeOwned>(&self) -> Result<Json<T>, Problem> {
        Json::parse(&self.body)
    }
}

impl ByNewKey {
    pub fn json<T: DeserializeOwned>(&self) -> Result<Json<T>, Problem> {
        Json::parse(&self.body)
    }
}

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl FromRequest for ByDevice {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (eid, token, body) = parts(&request, payload).await?;
            let device = eid.device(signed(&request, &token, &body)).await?;
            Ok(Self { device, body })
        })
    }
}

impl FromRequest for ByNewKey {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (eid, token, body) = parts(&request, payload).await?;
            let key = eid.new_key(signed(&request, &token, &body)).await?;
            Ok(Self { key, body })
        })
    }
}

fn signed<'a>(request: &'a HttpRequest, token: &'a str, body: &'a [u8]) -> SignedRequest<'a> {
    SignedRequest { token, method: request.method().as_str(), path: request.path(), body }
}

/// The slice, the one signature of the `Authorization` field, and the whole body.
async fn parts(request: &HttpRequest, payload: Payload) -> Result<(Data<Eid>, String, Bytes), Problem> {
    let eid = request.app_data::<Data<Eid>>().cloned().ok_or(ProblemKind::Internal)?;
    let mut fields = request.headers().get_all(AUTHORIZATION);
    let field = fields.next().filter(|_| fields.next().is_none()).and_then(|field| field.to_str().ok());
    let token = field.and_then(|field| field.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME));
    let token = token.map(|(_, token)| token.trim_start_matches(' ').to_owned()).ok_or(EidError::DeviceSignature)?;
    let body = if request.method() == actix_web::http::Method::GET {
        Bytes::new()
    } else {
        read_json_bytes(request, payload).await?
    };
    Ok((eid, token, body))
}
