//! `dancu wallet qr`: the citizen's own QR, signed over by the wallet's key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::commands::{open, say};
use super::{FolderError, QrArgs, RemoteError, Tools, WalletError};
use crate::crypto::cose::{Countersigned, countersigned};
use crate::kernel::Instant;
use crate::qr::credential::pack;
use crate::qr::image::Symbol;

pub(super) fn run(args: &QrArgs, tools: Tools<'_>) -> Result<(), WalletError> {
    let (wallet, remote) = open(&args.folder.dir, &tools)?;
    let passcode = wallet.passcode.as_deref().ok_or(WalletError::Missing("the passcode, which enrolling keeps"))?;
    let body = json!({ "audience": args.audience, "attributes": args.attributes, "passcode": passcode });
    let issued = remote.call("POST", "/v1/eid/qr", Some(&body), None)?;
    let credential = issued["credential"].as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let claims = Countersigned {
        audience: args.audience.to_string(),
        at: Instant::from_seconds(tools.clock.now().as_seconds()),
        nonce: args.nonce.clone(),
    };
    let shown = countersigned(&credential.ok_or(RemoteError::Unreadable)?, &wallet.key()?.key, &claims)?;
    let text = pack(&shown);
    if let Some(path) = &args.svg {
        let picture = Symbol::of_text(&text)?.to_svg();
        std::fs::write(path, picture).map_err(|source| FolderError::Io { path: path.clone(), source })?;
    }
    if args.json {
        let told = json!({ "payload": text, "expires_at": issued["expires_at"], "omitted": issued["omitted"] });
        return say(tools.out, &told);
    }
    // Alone, as a reader (or `dancu qr verify`) takes it.
    writeln!(tools.out, "{text}").and_then(|()| tools.out.flush()).map_err(WalletError::Output)
}
