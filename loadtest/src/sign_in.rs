//! A whole sign-in: the request is pushed, a browser follows it, the citizen's device approves, the code
//! becomes tokens, userinfo is asked.

use dancu::crypto::digest::sha256;
use dancu::eid::request::base64url;
use serde_json::Value;

use crate::connection::{Answer, Connection};
use crate::party::{FORM, Party, refusal, said, urlencoded};
use crate::wallet::Device;

/// More redirects and reloads than any sign-in takes.
const MOST_STEPS: usize = 12;
const SCOPE: &str = "openid profile";

pub struct SignIn {
    pub party: Party,
    /// Those who approve; none where the server approves by itself.
    pub devices: Vec<Device>,
}

impl SignIn {
    /// Everything, userinfo included.
    pub async fn whole(&self, connection: &mut Connection, number: u64) -> Result<(), String> {
        let token = self.token(connection, number).await?;
        self.party.userinfo(connection, &token).await
    }

    /// An access token for a citizen.
    pub async fn token(&self, connection: &mut Connection, number: u64) -> Result<String, String> {
        let party = &self.party;
        let (verifier, state) = (party.random(), party.random());
        let form = party.form(&[
            ("response_type", "code"),
            ("redirect_uri", &party.redirect_uri),
            ("scope", SCOPE),
            ("state", &state),
            ("nonce", &party.random()),
            ("code_challenge", &base64url(&sha256(&[verifier.as_bytes()]))),
            ("code_challenge_method", "S256"),
        ]);
        let pushed = connection.post(&party.endpoints.par, &[FORM], form.map_err(said)?).await.map_err(said)?;
        let told: Value = serde_json::from_slice(&pushed.body).unwrap_or_default();
        let request_uri = told["request_uri"].as_str().ok_or_else(|| refusal(&pushed))?;
        let query = urlencoded([("client_id", party.client.as_str()), ("request_uri", request_uri)].into_iter());
        let back = self.browse(connection, &format!("{}?{query}", party.endpoints.authorize), number).await?;
        let parameter = |name: &str| {
            let query = back.split_once('?').map_or("", |(_, query)| query);
            form_urlencoded::parse(query.as_bytes())
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.into_owned())
        };
        if parameter("state").as_deref() != Some(state.as_str()) {
            return Err("the state is another".to_owned());
        }
        let code = parameter("code").ok_or_else(|| parameter("error").unwrap_or_else(|| "no code".to_owned()))?;
        let nonce = Some(pushed.header("dpop-nonce")).filter(|nonce| !nonce.is_empty());
        let redeeming = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", party.redirect_uri.as_str()),
            ("code_verifier", verifier.as_str()),
        ];
        party.token(connection, &redeeming, nonce).await
    }

    /// What a browser does until it is sent back to the client: the address it is sent to.
    async fn browse(&self, connection: &mut Connection, path: &str, number: u64) -> Result<String, String> {
        let (mut path, mut cookies) = (path.to_owned(), Cookies::default());
        let mut approved = false;
        for _ in 0..MOST_STEPS {
            let jar = cookies.field();
            let fields = [("accept-language", "en"), ("cookie", jar.as_str())];
            let shown = if jar.is_empty() { &fields[..1] } else { &fields[..] };
            let answer = connection.get(&path, shown).await.map_err(said)?;
            cookies.take(&answer);
            if answer.status.is_redirection() {
                let to = answer.header("location");
                if to.starts_with(&self.party.redirect_uri) {
                    return Ok(to.to_owned());
                }
                path = path_of(to).to_owned();
            } else if answer.status.is_success() && !approved && !self.devices.is_empty() {
                let device = &self.devices[usize::try_from(number).unwrap_or_default() % self.devices.len()];
                device.approve(connection, &answer.body).await?;
                approved = true;
            } else {
                return Err(refusal(&answer));
            }
        }
        Err("the browser is sent on and on".to_owned())
    }
}

/// The part of an address that a request names.
fn path_of(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else { return url };
    rest.find('/').map_or("/", |at| &rest[at..])
}

/// The cookies of one browser, whatever their paths.
#[derive(Default)]
struct Cookies(Vec<(String, String)>);

impl Cookies {
    fn take(&mut self, answer: &Answer) {
        for field in answer.headers.get_all("set-cookie") {
            let pair = field.to_str().unwrap_or_default().split(';').next().and_then(|pair| pair.split_once('='));
            let Some((name, value)) = pair else { continue };
            self.0.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    fn field(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}
