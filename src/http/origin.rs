//! Where a request comes from.

use std::net::IpAddr;

use actix_web::HttpRequest;

use super::Arrival;

/// The network address a request comes from: the peer, or behind a proxy whom the proxy names last in
/// `X-Forwarded-For`; what stands before may be made up. `None` where a proxy names nobody. For counting
/// alone: it is neither kept nor logged.
pub fn address_of(request: &HttpRequest) -> Option<IpAddr> {
    // TLS that this server does not speak ends at a proxy.
    let behind_proxy =
        Arrival::of(request).is_some_and(|arrival| arrival.is_secure()) && !request.app_config().secure();
    if !behind_proxy {
        return request.peer_addr().map(|peer| peer.ip());
    }
    let named = request.headers().get_all("x-forwarded-for").last()?.to_str().ok()?;
    named.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_peer_without_a_proxy_cannot_name_another() {
        let request = TestRequest::default().peer_addr("192.0.2.7:5000".parse().unwrap());
        let request = request.insert_header(("x-forwarded-for", "198.51.100.1")).to_http_request();
        assert_eq!(address_of(&request), Some("192.0.2.7".parse().unwrap()));
    }
}
