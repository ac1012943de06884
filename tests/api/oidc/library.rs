//! A relying party made with the crate `openidconnect`, which knows nothing of this service but its
//! issuer.

use dancu::kernel::Clock;
use dancu::kernel::clock::SystemClock;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse,
};

use super::rig::{CALLBACK, Rig, read};
use crate::support::for_each_backend;
use crate::support::house::ISSUER;

/// Carries the library's requests to where the issuer stands in this test.
async fn carry(base: String, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let (head, body) = request.into_parts();
    let url = head.uri.to_string().replacen(ISSUER, &base, 1);
    let answer = reqwest::Client::new().request(head.method, url).headers(head.headers).body(body).send().await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = HttpResponse::new(answer.bytes().await?.to_vec());
    (*response.status_mut(), *response.headers_mut()) = (status, headers);
    Ok(response)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_discovers_signs_in_verifies_asks_and_refreshes() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        // The library reads the machine's clock.
        rig.clock.advance(SystemClock.now().since(rig.now()));
        let base = rig.url("");
        let http = |request: HttpRequest| carry(base.clone(), request);
        let issuer = IssuerUrl::new(ISSUER.to_owned()).unwrap();
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.expect("metadata and keys");
        let secret = ClientSecret::new(rig.secrets["rp-baseline"].clone());
        let client =
            CoreClient::from_provider_metadata(metadata, ClientId::new("rp-baseline".to_owned()), Some(secret))
                .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
        let (challenge, proof) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();

        let kept = read(rig.get(url.as_str().strip_prefix(ISSUER).unwrap())).await;
        let path = kept.header("location").strip_prefix(ISSUER).unwrap().to_owned();
        let (_, cookie) = rig.open_page(&path).await;
        rig.approve("097099000001").await;
        let back = rig.reload(&path, &cookie).await.query();
        assert_eq!(&back["state"], state.secret());

        let code = AuthorizationCode::new(back["code"].clone());
        let asked = client.exchange_code(code).unwrap().set_pkce_verifier(proof);
        let tokens = asked.request_async(&http).await.expect("tokens");
        let verifier = client.id_token_verifier();
        let id_token = tokens.id_token().expect("an ID token");
        let claims = id_token.claims(&verifier, &nonce).expect("signature, issuer, audience, nonce and time are good");
        let (algorithm, key) = (id_token.signing_alg().unwrap(), id_token.signing_key(&verifier).unwrap());
        let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).unwrap();
        assert_eq!(claims.access_token_hash(), Some(&hash));
        assert!(id_token.claims(&verifier, &Nonce::new_random()).is_err(), "another nonce");

        let subject = Some(claims.subject().clone());
        let asked = client.user_info(tokens.access_token().clone(), subject.clone()).unwrap();
        let told: CoreUserInfoClaims = asked.request_async(&http).await.expect("userinfo of the same subject");
        let name = told.name().and_then(|name| name.get(None)).expect("a name");
        assert_eq!(name.as_str(), "Nguyễn Văn An");

        let refresh = tokens.refresh_token().expect("a refresh token");
        let fresh = client.exchange_refresh_token(refresh).unwrap().request_async(&http).await.expect("new tokens");
        assert_ne!(fresh.access_token().secret(), tokens.access_token().secret());
        let asked = client.user_info(fresh.access_token().clone(), subject).unwrap();
        let told: CoreUserInfoClaims = asked.request_async(&http).await.expect("userinfo again");
        assert_eq!(told.birthdate().map(|date| date.as_str()), Some("1999-03-15"));
    })
    .await;
}
