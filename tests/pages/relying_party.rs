//! A site of somebody else's that signs its visitors in by OpenID Connect, code and PKCE.

use std::sync::Arc;

use reqwest::Client;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const STATE: &str = "the-state-of-this-visit";
pub const CLIENT: &str = "rp-baseline";

pub struct RelyingParty {
    pub url: String,
    serving: JoinHandle<()>,
}

struct Site {
    url: String,
    issuer: String,
    secret: String,
}

impl Drop for RelyingParty {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl RelyingParty {
    pub async fn start(issuer: &str, secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let site = Arc::new(Site { url: url.clone(), issuer: issuer.to_owned(), secret: secret.to_owned() });
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(site.clone(), stream));
            }
        });
        Self { url, serving }
    }
}

async fn serve(site: Arc<Site>, mut stream: TcpStream) {
    let mut bytes = vec![0; 16 * 1024];
    let read = stream.read(&mut bytes).await.unwrap_or_default();
    let head = String::from_utf8_lossy(&bytes[..read]).into_owned();
    let target = head.split(' ').nth(1).unwrap_or("/");
    let body = match target.strip_prefix("/cb?") {
        Some(query) => site.callback(query).await,
        None => format!(r#"<h1>A shop</h1><a href="{}">Sign in with e-ID</a>"#, site.authorize()),
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

impl Site {
    fn redirect_uri(&self) -> String {
        format!("{}/cb", self.url)
    }

    fn authorize(&self) -> String {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", CLIENT)
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", &self.redirect_uri())
            .append_pair("scope", "openid citizen:full_name citizen:date_of_birth")
            .append_pair("state", STATE)
            .append_pair("nonce", "the-nonce-of-this-visit")
            .append_pair("code_challenge", CHALLENGE)
            .append_pair("code_challenge_method", "S256")
            .append_pair("acr_values", "urn:dancu:acr:l2")
            .finish();
        format!("{}/oauth2/authorize?{query}", self.issuer).replace('&', "&amp;")
    }

    async fn callback(&self, query: &str) -> String {
        let told: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let get = |name: &str| told.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        if get("state") != Some(STATE) || get("iss") != Some(self.issuer.as_str()) {
            return "<h1>Not our sign-in</h1>".to_owned();
        }
        let Some(code) = get("code") else {
            return format!("<h1>Not signed in: {}</h1>", get("error").unwrap_or_default());
        };
        let form: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri())
            .append_pair("code_verifier", VERIFIER)
            .finish();
        let web = Client::new();
        let token = web
            .post(format!("{}/oauth2/token", self.issuer))
            .basic_auth(CLIENT, Some(&self.secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let token: Value = token.send().await.expect("an answer").json().await.expect("JSON");
        let Some(access) = token["access_token"].as_str() else { return format!("<h1>No token: {token}</h1>") };
        let claims = web.get(format!("{}/oauth2/userinfo", self.issuer)).bearer_auth(access);
        let claims: Value = claims.send().await.expect("an answer").json().await.expect("JSON");
        format!("<h1>Signed in as {}</h1>", claims["name"].as_str().unwrap_or("nobody"))
    }
}
