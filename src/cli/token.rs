//! `dancu token`: an access token for a sample client of `dancu demo`, or its proof of who it is.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;

use crate::access::ASSERTION_TYPE;
use crate::clients::DemoClient;
use crate::crypto::jose::{Audience, JwkFault, JwtFault, NumericDate, PrivateJwk, RegisteredClaims, Signer, jwt};
use crate::kernel::{ClientId, Clock, Entropy, TransactionId};

const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub struct TokenArgs {
    /// The folder of `dancu demo`
    #[arg(long, default_value = "./dancu-demo")]
    dir: PathBuf,
    /// The sample client to speak for
    #[arg(long, default_value = "portal")]
    client: ClientId,
    /// Operations separated by spaces; all that are agreed if absent
    #[arg(long)]
    scope: Option<String>,
    /// Print no token, but what proves who the client is (`client_assertion`): for one request of your own
    /// to an OAuth endpoint, within a minute
    #[arg(long, conflicts_with = "scope")]
    assertion: bool,
}

impl TokenArgs {
    /// All that is agreed, for a client of the demo in `dir`.
    pub fn new(dir: PathBuf, client: ClientId) -> Self {
        Self { dir, client, scope: None, assertion: false }
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenCommandError {
    #[error("{path}: {source} (has `dancu demo` been run with this folder?)")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    Demo { path: PathBuf, source: serde_json::Error },
    #[error("the demo has no client {0}")]
    Unknown(ClientId),
    #[error("the client's key: {0}")]
    Key(#[from] JwkFault),
    #[error("the assertion cannot be signed: {0}")]
    Assertion(#[from] JwtFault),
    #[error("{url}: {source} (is the server running?)")]
    Http { url: String, source: Box<ureq::Error> },
    #[error("the server refused: {0}")]
    Refused(String),
}

/// What the command reads of `demo.json`.
#[derive(Deserialize)]
struct Demo {
    base_url: String,
    issuer: String,
    clients: Vec<DemoClient>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Asks the running demo for a token, or makes an assertion, which asks nobody. Blocks.
pub fn run(args: &TokenArgs, clock: &dyn Clock, entropy: &dyn Entropy) -> Result<String, TokenCommandError> {
    let path = args.dir.join("demo.json");
    let json = std::fs::read(&path).map_err(|source| TokenCommandError::File { path: path.clone(), source })?;
    let demo: Demo = serde_json::from_slice(&json).map_err(|source| TokenCommandError::Demo { path, source })?;
    let client = demo.clients.into_iter().find(|client| client.client_id == args.client);
    let client = client.ok_or_else(|| TokenCommandError::Unknown(args.client.clone()))?;
    let key = PrivateJwk::parse(client.private_jwk.get().as_bytes())?;
    let assertion = assertion(&key, &client.client_id, &demo.issuer, clock, entropy)?;
    if args.assertion {
        return Ok(assertion);
    }
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", &assertion),
    ];
    form.extend(args.scope.as_deref().map(|scope| ("scope", scope)));
    ask(&format!("{}/oauth2/token", demo.base_url), form)
}

/// A signed statement of who the client is (RFC 7523), for one request.
pub fn assertion(
    key: &PrivateJwk,
    client: &ClientId,
    issuer: &str,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<String, JwtFault> {
    let now = clock.now();
    let claims = RegisteredClaims {
        iss: Some(client.to_string()),
        sub: Some(client.to_string()),
        aud: Some(Audience::One(issuer.to_owned())),
        exp: Some(NumericDate(now.plus(ASSERTION_LIFETIME))),
        iat: Some(NumericDate(now)),
        jti: Some(TransactionId::random(entropy).to_string()),
        ..RegisteredClaims::default()
    };
    let key_id = key.public().key_id();
    jwt::sign(&Signer::new(key.key.clone(), Some(&key_id), Some("JWT")), &claims)
}

fn ask(url: &str, form: Vec<(&str, &str)>) -> Result<String, TokenCommandError> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build();
    let failed = |source| TokenCommandError::Http { url: url.to_owned(), source: Box::new(source) };
    let mut response = config.new_agent().post(url).send_form(form).map_err(failed)?;
    let answer: Answer = response.body_mut().read_json().map_err(failed)?;
    answer.access_token.ok_or_else(|| {
        let code = answer.error.unwrap_or_else(|| response.status().to_string());
        TokenCommandError::Refused(answer.error_description.map_or(code.clone(), |why| format!("{code}: {why}")))
    })
}
