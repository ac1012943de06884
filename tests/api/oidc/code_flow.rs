//! Signing in by the browser.

use serde_json::{Value, json};

use super::phone::Phone;
use super::rig::{CALLBACK, Rig, asking, but, claims_of, form, read};
use crate::support::for_each_backend;
use crate::support::house::ISSUER;

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_client_signs_a_citizen_in() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        // Not pushed: the request is kept, and goes on as if it had been.
        let mut asked = asking();
        asked.push(("client_id".to_owned(), "rp-baseline".to_owned()));
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&asked).finish();
        let kept = read(rig.get(&format!("/oauth2/authorize?{query}"))).await;
        assert_eq!(kept.status, 303, "{kept:?}");
        let path = kept.header("location").strip_prefix(ISSUER).unwrap().to_owned();
        let (page, cookie) = rig.open_page(&path).await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert!(page.text.contains("<svg") && page.text.contains("Full name at birth"), "{}", page.text);
        assert!(cookie.starts_with("__Host-dancu-signin="));
        assert_eq!(rig.reload(&path, &cookie).await.text, page.text, "the same digits");
        rig.approve("097099000001").await;
        let back = rig.reload(&path, &cookie).await;
        assert_eq!(back.status, 303);
        assert!(back.header("location").starts_with(&format!("{CALLBACK}?code=")));
        let query = back.query();
        assert_eq!((query["state"].as_str(), query["iss"].as_str()), ("the-state", ISSUER));

        let answer = rig.token_by_secret("rp-baseline", &Rig::redeeming(&query["code"])).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = answer.json();
        assert_eq!((&told["token_type"], &told["expires_in"]), (&json!("Bearer"), &json!(600)));
        let id_token = claims_of(told["id_token"].as_str().unwrap());
        assert_eq!((&id_token["iss"], &id_token["aud"]), (&json!(ISSUER), &json!("rp-baseline")));
        assert_eq!((&id_token["nonce"], &id_token["acr"]), (&json!("the-nonce"), &json!("urn:dancu:acr:l1")));
        assert_eq!((&id_token["amr"], &id_token["auth_time"]), (&json!(["pop"]), &json!(rig.now().as_seconds())));
        let names: Vec<_> = id_token.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sub"]);

        let token = told["access_token"].as_str().unwrap();
        let (_, grant) = rig.app.access.inspect(token).await.unwrap().expect("a good token");
        assert!(!grant.expect("a grant").backchannel, "nobody was asked at a desk");
        let claims = rig.userinfo(token).await;
        assert_eq!(claims.status, 200, "{claims:?}");
        let expected = json!({ "sub": id_token["sub"], "name": "Nguyễn Văn An", "birthdate": "1999-03-15" });
        assert_eq!(claims.json(), expected);
        let gone = rig.reload(&path, &cookie).await;
        assert_eq!(gone.told(), (400, "page".to_owned()), "the request is spent");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_financial_grade_client_signs_a_citizen_in_with_bound_tokens() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let jkt = rig.dpop.public().thumbprint();
        let asked = but(&but(&asking(), "dpop_jkt", Some(&jkt)), "acr_values", Some("urn:dancu:acr:l2"));
        let pushed = rig.push("rp-fapi", &asked).await;
        assert_eq!(pushed.status, 201, "{pushed:?}");
        assert!(!pushed.header("dpop-nonce").is_empty(), "a nonce is handed out early");
        let code = rig.code("rp-fapi", &asked).await;
        let answer = rig.token_bound("rp-fapi", &Rig::redeeming(&code)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = answer.json();
        assert_eq!(told["token_type"], "DPoP");
        let token = told["access_token"].as_str().unwrap();
        assert_eq!(claims_of(token)["cnf"]["jkt"], json!(jkt));
        let id_token = claims_of(told["id_token"].as_str().unwrap());
        assert_eq!((&id_token["acr"], &id_token["amr"]), (&json!("urn:dancu:acr:l2"), &json!(["pop", "pin", "mfa"])));
        let claims = rig.call_bound("/oauth2/userinfo", token).await;
        assert_eq!(claims.status, 200, "{claims:?}");
        assert_eq!(claims.json()["name"], "Nguyễn Văn An");
        assert_eq!(rig.userinfo(token).await.status, 401, "a bound token is no Bearer token");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_showed_the_digits_gets_the_code() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let path = rig.pushed("rp-baseline", &asking()).await;
        // A scanner of links came first; the citizen's browser still gets its own digits.
        let (scanned, _) = rig.open_page(&path).await;
        let (_, cookie) = rig.open_page(&path).await;
        assert_eq!(scanned.status, 200);
        let state = path.replace("/authorize?", "/authorize/state?");
        rig.approve("097099000001").await;
        let told = rig.reload(&state, &cookie).await;
        assert_eq!(told.json(), json!({ "state": "approved" }));
        assert_eq!(read(rig.get(&state)).await.status, 404, "another browser has no view");
        assert_eq!(rig.reload(&path, &cookie).await.status, 303);
        for _ in 0..6 {
            assert_eq!(rig.open_page(&path).await.0.told(), (400, "page".to_owned()));
        }
        let path = rig.pushed("rp-baseline", &asking()).await;
        for _ in 0..5 {
            assert_eq!(rig.open_page(&path).await.0.status, 200);
        }
        assert_eq!(rig.open_page(&path).await.0.status, 429);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_typed_in_and_nobody_is_told_whether_it_leads_to_somebody() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let mut pages = Vec::new();
        for number in ["097099000001", "097099999999"] {
            let path = rig.pushed("rp-baseline", &asking()).await;
            let (page, cookie) = rig.open_page(&path).await;
            assert!(page.text.contains("name=\"id_number\""));
            let address = path.replace("/authorize?", "/authorize/address?");
            let typed = form(&[("id_number", number)]);
            let foreign = read(rig.post(&address, &typed).header("cookie", &cookie)).await;
            assert_eq!(foreign.status, 403, "a form of another site");
            let own =
                |typed: &super::rig::Form| rig.post(&address, typed).header("cookie", &cookie).header("origin", ISSUER);
            let wrong = read(own(&form(&[("id_number", "12")]))).await;
            assert!(wrong.status == 200 && wrong.text.contains("exactly 12 digits"), "{wrong:?}");
            let sent = read(own(&typed)).await;
            assert_eq!(sent.status, 303, "{sent:?}");
            assert!(!sent.header("location").contains(number));
            pages.push(rig.reload(&path, &cookie).await.text.len());
        }
        assert!(pages[0].abs_diff(pages[1]) < 2_000, "but for the QR code the same: {pages:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_refuses_turns_back_or_waits_too_long_is_sent_back_with_an_error() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let path = rig.pushed("rp-baseline", &asking()).await;
        let (_, cookie) = rig.open_page(&path).await;
        rig.reject("097099000001").await;
        let back = rig.reload(&path, &cookie).await;
        assert_eq!(back.told(), (303, "access_denied".to_owned()));
        assert_eq!((back.query()["state"].as_str(), back.query()["iss"].as_str()), ("the-state", ISSUER));

        let path = rig.pushed("rp-baseline", &asking()).await;
        let (_, cookie) = rig.open_page(&path).await;
        let cancel = path.replace("/authorize?", "/authorize/cancel?");
        let turned = read(rig.post(&cancel, &form(&[])).header("cookie", &cookie).header("origin", ISSUER)).await;
        assert!(turned.status == 200 && turned.text.contains("error=access_denied"), "{turned:?}");
        assert_eq!(rig.reload(&path, &cookie).await.told(), (400, "page".to_owned()));

        let path = rig.pushed("rp-baseline", &asking()).await;
        rig.clock.advance(std::time::Duration::from_secs(301));
        assert_eq!(rig.open_page(&path).await.0.told(), (400, "page".to_owned()), "over");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subjects_are_pairwise_and_stay() {
    for_each_backend(async |backend| {
        let mut rig = Rig::new(&backend).await;
        rig.add("rp-other", "rp-baseline").await;
        let mut subjects = Vec::new();
        for client in ["rp-baseline", "rp-baseline", "rp-other"] {
            let code = rig.code(client, &asking()).await;
            let answer = rig.token_by_secret(client, &Rig::redeeming(&code)).await;
            subjects.push(claims_of(&answer.text_of("id_token"))["sub"].clone());
        }
        assert_eq!(subjects[0], subjects[1]);
        assert_ne!(subjects[0], subjects[2]);
        let text = subjects[0].as_str().unwrap();
        assert!(text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_lowercase()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_tells_what_was_approved_and_is_still_agreed_and_is_recorded() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let asked = but(&asking(), "scope", Some("openid profile email phone address citizen:id_number"));
        let code = rig.code("rp-baseline", &asked).await;
        let token = rig.token_by_secret("rp-baseline", &Rig::redeeming(&code)).await.text_of("access_token");
        let claims = rig.userinfo(&token).await.json();
        let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        for name in ["address", "birthdate", "gender", "id_number", "name", "sub"] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        assert!(claims["address"]["formatted"].is_string());
        rig.amend("rp-baseline", |agreement| {
            agreement.attributes = [dancu::kernel::Attribute::Sex].into_iter().collect();
        })
        .await;
        let claims = rig.userinfo(&token).await.json();
        let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["gender", "sub"]);
        rig.amend("rp-baseline", |agreement| agreement.valid_until = agreement.valid_from).await;
        assert_eq!(rig.userinfo(&token).await.told(), (403, "agreement-not-in-force".to_owned()));
        let told = rig.recorded("oidc.userinfo").await;
        assert_eq!(told.len(), 3, "each answer, and the refusal");
        assert_eq!(told[1].entry.attributes, [dancu::kernel::Attribute::Sex].into_iter().collect());
        assert!(told[0].entry.attributes.len() >= 5);
        assert_eq!(rig.recorded("oidc.sign_in").await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn details_ask_for_a_consent_and_come_back_with_the_tokens() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let details = json!([{
            "type": "population_data", "procedure": "1.004222", "legal_basis": "CONSENT",
            "attributes": ["full_name", "permanent_residence"], "period_days": 30,
        }]);
        let asked = but(&asking(), "authorization_details", Some(&details.to_string()));
        let an = rig.people.iter().find(|citizen| citizen.id_number.expose() == "097099000001").unwrap().citizen_id;
        let phone = Phone::enrolled(&rig, "097099000001").await;
        let path = rig.pushed("rp-baseline", &asked).await;
        let (page, cookie) = rig.open_page(&path).await;
        assert_eq!(phone.approve(&rig, &page.text).await.status, 200);
        let code = rig.reload(&path, &cookie).await.query().remove("code").expect("a code");
        let answer = rig.token_by_secret("rp-baseline", &Rig::redeeming(&code)).await;
        let told: Value = answer.json();
        let mut given = details.clone();
        given[0]["consent"] = told["authorization_details"][0]["consent"].clone();
        assert_eq!(told["authorization_details"], given, "{answer:?}");
        let token = answer.text_of("access_token");
        assert_eq!(rig.userinfo(&token).await.json()["name"], "Nguyễn Văn An");
        // Withdrawn, the approval lets out nothing more.
        let given = rig.app.consents.of_citizen(an).await.unwrap();
        assert_eq!(given.len(), 1);
        assert_eq!(told["authorization_details"][0]["consent"], given[0].id.to_string());
        rig.app.consents.withdraw(an, given[0].id, &given[0].client).await.unwrap().unwrap();
        let claims = rig.userinfo(&token).await.json();
        assert_eq!(claims.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
    })
    .await;
}
