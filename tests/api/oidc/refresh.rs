//! Refresh tokens.

use super::rig::{Rig, asking, but, form};
use crate::support::for_each_backend;

fn refreshing(token: &str) -> super::rig::Form {
    form(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

#[tokio::test(flavor = "multi_thread")]
async fn ordinary_clients_get_another_each_time_and_a_second_use_ends_the_family() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let first = rig.signed_in().await;
        let second = rig.token_by_secret("rp-baseline", &refreshing(&first.text_of("refresh_token"))).await;
        assert_eq!(second.status, 200, "{second:?}");
        assert_ne!(second.text_of("refresh_token"), first.text_of("refresh_token"));
        assert_eq!(rig.userinfo(&second.text_of("access_token")).await.status, 200);
        let again = rig.token_by_secret("rp-baseline", &refreshing(&first.text_of("refresh_token"))).await;
        assert_eq!(again.told(), (400, "invalid_grant".to_owned()));
        let newest = rig.token_by_secret("rp-baseline", &refreshing(&second.text_of("refresh_token"))).await;
        assert_eq!(newest.told(), (400, "invalid_grant".to_owned()), "the family is revoked");
        assert_eq!(rig.userinfo(&second.text_of("access_token")).await.status, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn financial_grade_clients_keep_theirs_and_show_a_key_each_time() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let code = rig.code("rp-fapi", &asking()).await;
        let first = rig.token_bound("rp-fapi", &Rig::redeeming(&code)).await;
        let token = first.text_of("refresh_token");
        for _ in 0..2 {
            let next = rig.token_bound("rp-fapi", &refreshing(&token)).await;
            assert_eq!(next.status, 200, "{next:?}");
            assert!(next.json()["refresh_token"].is_null(), "no rotation");
        }
        let plain = rig.token_by_key("rp-fapi", &refreshing(&token)).await;
        assert_eq!(plain.told(), (400, "invalid_dpop_proof".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_keeps_the_scope_and_ends_with_its_grant() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let first = rig.signed_in().await;
        let token = first.text_of("refresh_token");
        let wider = but(&refreshing(&token), "scope", Some("openid citizen:id_number"));
        assert_eq!(rig.token_by_secret("rp-baseline", &wider).await.told(), (400, "invalid_scope".to_owned()));
        let same = but(&refreshing(&token), "scope", Some("citizen:date_of_birth openid citizen:full_name"));
        let next = rig.token_by_secret("rp-baseline", &same).await;
        assert_eq!(next.status, 200, "a refusal spends nothing: {next:?}");
        let other = rig.token_by_key("portal", &refreshing(&next.text_of("refresh_token"))).await;
        assert_eq!(other.told(), (400, "invalid_grant".to_owned()), "another client's");
        rig.clock.advance(std::time::Duration::from_secs(12 * 3600 + 1));
        let late = rig.token_by_secret("rp-baseline", &refreshing(&next.text_of("refresh_token"))).await;
        assert_eq!(late.told(), (400, "invalid_grant".to_owned()), "the grant is over");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_may_give_less_for_once_and_never_more() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        let first = rig.signed_in().await;
        let token = first.text_of("refresh_token");
        let less = but(&refreshing(&token), "scope", Some("citizen:full_name openid openid"));
        let narrow = rig.token_by_secret("rp-baseline", &less).await;
        assert_eq!(narrow.status, 200, "{narrow:?}");
        assert_eq!(narrow.json()["scope"], "citizen:full_name openid");
        let told = rig.userinfo(&narrow.text_of("access_token")).await.json();
        assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), ["name", "sub"], "no birth date");
        // The refresh token stays good for the whole, and for no more than that.
        let token = narrow.text_of("refresh_token");
        for beyond in ["openid citizen:full_name citizen:sex", "citizen:full_name", "openid "] {
            let asked = but(&refreshing(&token), "scope", Some(beyond));
            let refused = rig.token_by_secret("rp-baseline", &asked).await;
            assert_eq!(refused.told(), (400, "invalid_scope".to_owned()), "{beyond:?}");
        }
        let whole = rig.token_by_secret("rp-baseline", &refreshing(&token)).await;
        assert_eq!(whole.json()["scope"], "openid citizen:full_name citizen:date_of_birth");
        let told = rig.userinfo(&whole.text_of("access_token")).await.json();
        assert!(told["birthdate"].is_string(), "{told}");
    })
    .await;
}
