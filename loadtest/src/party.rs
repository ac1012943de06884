//! A relying party with a key: it authenticates by `private_key_jwt` and proves its tokens by DPoP, at
//! whichever server its metadata describe.

use bytes::Bytes;
use dancu::access::ASSERTION_TYPE;
use dancu::cli::token::assertion;
use dancu::crypto::digest::sha256;
use dancu::crypto::jose::{PrivateJwk, Signer, jwt};
use dancu::crypto::{Algorithm, Secret, SystemEntropy};
use dancu::eid::request::base64url;
use dancu::kernel::clock::SystemClock;
use dancu::kernel::{ClientId, Clock, TransactionId};
use serde::Serialize;
use serde_json::Value;

use crate::Error;
use crate::connection::{Answer, Connection};
use crate::demo::{Demo, DemoClient};

pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub struct Party {
    pub client: ClientId,
    pub redirect_uri: String,
    key: PrivateJwk,
    /// Set where the client's tokens are bound to a key.
    dpop: Option<PrivateJwk>,
    issuer: String,
    /// By their names in the metadata; paths at the server.
    pub endpoints: Endpoints,
    entropy: SystemEntropy,
}

pub struct Endpoints {
    pub par: String,
    pub authorize: String,
    pub token: String,
    pub introspect: String,
    pub userinfo: String,
}

/// The claims of a proof (RFC 9449 section 4.2).
#[derive(Serialize)]
struct Proof<'a> {
    jti: String,
    htm: &'a str,
    htu: String,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl Party {
    /// Reads the server's metadata.
    pub async fn of(demo: &Demo, client: &DemoClient) -> Result<Self, Error> {
        let mut connection = Connection::new(demo.authority()?);
        let told = connection.get("/.well-known/openid-configuration", &[]).await?;
        let metadata: Value = serde_json::from_slice(&told.body)?;
        let path = |name: &str| {
            let url = metadata[name].as_str().and_then(|url| url.strip_prefix(demo.base_url.trim_end_matches('/')));
            url.map(str::to_owned).ok_or_else(|| Error::new(format!("the server's metadata have no {name}")))
        };
        let key = client.private_jwk.as_ref().ok_or_else(|| Error::new("demo.json has no key of the client"))?;
        Ok(Self {
            client: client.client_id.parse().map_err(|_| Error::new("the client's id is malformed"))?,
            redirect_uri: client.redirect_uris.first().cloned().unwrap_or_default(),
            key: PrivateJwk::parse(key.get().as_bytes())?,
            dpop: client.dpop_bound_access_tokens.then(|| PrivateJwk::generate(Algorithm::P256)).transpose()?,
            issuer: demo.issuer.clone(),
            endpoints: Endpoints {
                par: path("pushed_authorization_request_endpoint")?,
                authorize: path("authorization_endpoint")?,
                token: path("token_endpoint")?,
                introspect: path("introspection_endpoint")?,
                userinfo: path("userinfo_endpoint")?,
            },
            entropy: SystemEntropy::default(),
        })
    }

    /// 256 random bits in base64url.
    pub fn random(&self) -> String {
        Secret::random(&self.entropy).expose().to_owned()
    }

    /// The parameters and the client's assertion, which is used once.
    pub fn form(&self, parameters: &[(&str, &str)]) -> Result<Bytes, Error> {
        let signed = assertion(&self.key, &self.client, &self.issuer, &SystemClock, &self.entropy)?;
        let own = [
            ("client_id", self.client.as_str()),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &signed),
        ];
        Ok(Bytes::from(urlencoded(parameters.iter().copied().chain(own))))
    }

    /// A proof for a request; `None` where the client's tokens are plain.
    pub fn proof(
        &self,
        (method, path): (&str, &str),
        nonce: Option<&str>,
        token: Option<&str>,
    ) -> Result<Option<String>, Error> {
        let Some(key) = &self.dpop else { return Ok(None) };
        let claims = Proof {
            jti: TransactionId::random(&self.entropy).to_string(),
            htm: method,
            htu: format!("{}{path}", self.issuer),
            iat: SystemClock.now().as_seconds(),
            ath: token.map(|token| base64url(&sha256(&[token.as_bytes()]))),
            nonce,
        };
        Ok(Some(jwt::sign(&Signer::with_embedded_key(key.key.clone(), "dpop+jwt"), &claims)?))
    }

    /// Asks for a token; one more time with the nonce where the server wants one.
    pub async fn token(
        &self,
        connection: &mut Connection,
        parameters: &[(&str, &str)],
        nonce: Option<&str>,
    ) -> Result<String, String> {
        let path = self.endpoints.token.as_str();
        let mut nonce = nonce.map(str::to_owned);
        for last in [false, true] {
            let proof = self.proof(("POST", path), nonce.as_deref(), None).map_err(said)?;
            let mut fields = vec![FORM];
            fields.extend(proof.as_deref().map(|proof| ("dpop", proof)));
            let answer = connection.post(path, &fields, self.form(parameters).map_err(said)?).await.map_err(said)?;
            let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if let Some(token) = told["access_token"].as_str() {
                return Ok(token.to_owned());
            }
            if last || told["error"] != "use_dpop_nonce" {
                return Err(refusal(&answer));
            }
            nonce = Some(answer.header("dpop-nonce").to_owned());
        }
        Err("no token".to_owned())
    }

    /// Asks who the citizen of a token is.
    pub async fn userinfo(&self, connection: &mut Connection, token: &str) -> Result<(), String> {
        let path = self.endpoints.userinfo.as_str();
        let proof = self.proof(("GET", path), None, Some(token)).map_err(said)?;
        let authorization = format!("{} {token}", if proof.is_some() { "DPoP" } else { "Bearer" });
        let mut fields = vec![("authorization", authorization.as_str())];
        fields.extend(proof.as_deref().map(|proof| ("dpop", proof)));
        let answer = connection.get(path, &fields).await.map_err(said)?;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.is_success() && told["sub"].is_string() && told["name"].is_string() {
            Ok(())
        } else {
            Err(refusal(&answer))
        }
    }

    /// Asks whether a token of the client's own is good.
    pub async fn introspect(&self, connection: &mut Connection, token: &str) -> Result<(), String> {
        let form = self.form(&[("token", token)]).map_err(said)?;
        let answer = connection.post(&self.endpoints.introspect, &[FORM], form).await.map_err(said)?;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if told["active"] == true { Ok(()) } else { Err(refusal(&answer)) }
    }
}

/// Parameters as a form or a query has them.
pub fn urlencoded<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// An error as the report counts it.
pub fn said(error: Error) -> String {
    format!("connection: {error}")
}

/// What an answer that was not expected says.
pub fn refusal(answer: &Answer) -> String {
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let slug = told["type"].as_str().and_then(|uri| uri.rsplit('/').next());
    let why = told["error"].as_str().or(slug).unwrap_or("without the expected answer");
    format!("{} {why}", answer.status.as_u16())
}
