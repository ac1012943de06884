//! Every table that stands under versions of the keys: what `keys retire` asks, and what is brought to the active ones.

use std::sync::Arc;

use crate::crypto::Keyring;
use crate::kernel::Entropy;
use crate::sealing::KeyedTable;
use crate::{audit, citizens, consent, eid, oidc, qr, residence, stays};

pub fn keyed_tables(keyring: &Keyring, entropy: &Arc<dyn Entropy>) -> Vec<Arc<dyn KeyedTable>> {
    [
        audit::keyed_tables(keyring, entropy),
        consent::keyed_tables(keyring, entropy),
        citizens::keyed_tables(keyring, entropy),
        qr::keyed_tables(),
        eid::keyed_tables(keyring, entropy),
        oidc::keyed_tables(),
        residence::keyed_tables(),
        stays::keyed_tables(keyring, entropy),
    ]
    .into_iter()
    .flatten()
    .collect()
}
