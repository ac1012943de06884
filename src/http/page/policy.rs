//! What a browser may do with a page: nothing that the page did not bring along from here.

use actix_web::HttpResponseBuilder;

/// No inline script or style runs, nothing comes from elsewhere, nobody frames the page. Pictures
/// may be made by the page's own script (`blob:`, `data:`).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `camera`: whether the page's own script may ask for the camera.
pub(super) fn apply(response: &mut HttpResponseBuilder, camera: bool) {
    let camera = if camera { "(self)" } else { "()" };
    response
        .insert_header(("Content-Security-Policy", CONTENT_SECURITY_POLICY))
        // Not `no-referrer`: browsers then send `Origin: null` with a form, and its origin is checked.
        .insert_header(("Referrer-Policy", "same-origin"))
        .insert_header(("Cross-Origin-Opener-Policy", "same-origin"))
        .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
        .insert_header((
            "Permissions-Policy",
            format!("camera={camera}, geolocation=(), microphone=(), payment=(), usb=()"),
        ));
}
