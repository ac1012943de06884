//! Where a request comes from.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::web::Data;

use super::limits::Limits;

/// The network address a request comes from: the peer, or behind trusted proxies whom the first of them
/// names in `X-Forwarded-For`; what stands before that may be made up. `None` where a proxy names nobody.
/// For counting alone: it is neither kept nor logged.
pub fn address_of(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let Some(limits) = request.app_data::<Data<Limits>>() else { return Some(peer) };
    let trusted = |address: IpAddr| limits.trusted_proxies.iter().any(|network| network.contains(address));
    if !trusted(peer) {
        return Some(peer);
    }
    let fields: Vec<&str> =
        request.headers().get_all("x-forwarded-for").filter_map(|field| field.to_str().ok()).collect();
    let named = fields.iter().rev().flat_map(|field| field.rsplit(',')).map(|name| name.trim().parse().ok());
    named.take_while(Option::is_some).flatten().find(|address| !trusted(*address))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn address_from(peer: &str, forwarded: &[&str]) -> Option<String> {
        let trusted_proxies = vec!["192.0.2.7".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let mut request = TestRequest::default()
            .peer_addr(format!("{peer}:5000").parse().unwrap())
            .app_data(Data::new(Limits { trusted_proxies, ..Limits::default() }));
        for field in forwarded {
            request = request.append_header(("x-forwarded-for", *field));
        }
        address_of(&request.to_http_request()).map(|address| address.to_string())
    }

    #[test]
    fn only_trusted_proxies_name_others() {
        let from = |peer, forwarded: &[&str]| address_from(peer, forwarded).unwrap_or_default();
        assert_eq!(from("192.0.2.8", &["198.51.100.1"]), "192.0.2.8");
        assert_eq!(from("192.0.2.7", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(from("192.0.2.7", &["198.51.100.9, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(from("192.0.2.7", &["198.51.100.9", "198.51.100.1, 10.1.1.1"]), "198.51.100.1");
        assert_eq!(from("192.0.2.7", &[]), "");
        assert_eq!(from("192.0.2.7", &["198.51.100.1, unknown"]), "");
    }
}
