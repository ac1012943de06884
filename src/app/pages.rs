//! Which pages for people there are, and whom they ask as.

use std::time::Duration;

use super::App;
use crate::clients::{Operation, OperationSet};
use crate::eid::{self, SignIn, SignInTarget};
use crate::forms::{self, PORTAL_PROCEDURE, Portal};
use crate::http::Routes;
use crate::kernel::{AttributeSet, ClientId, LegalBasis, Level, ProcedureCode};
use crate::stays::{self, Desk};
use crate::transparency::me;

/// A citizen's session on a page of this service.
const SESSION: Duration = Duration::from_secs(15 * 60);

/// From a receptionist's approval to the desk.
const DESK_SIGN_IN: Duration = Duration::from_secs(60);

/// Which pages for people there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PagesConfig {
    /// Whether everybody is invented; every page then says so.
    pub demo: bool,
    /// `/`: what runs here, and whom to ask.
    pub landing: bool,
    /// `/me`: who looked at my data.
    pub me: bool,
    /// `/desk`: the front desk of a lodging.
    pub desk: bool,
    /// `/wallet`: the e-ID app in a browser, for trials.
    pub wallet: bool,
    /// `/portal`: a sample portal, for trials.
    pub portal: bool,
    /// The client that `/me`, `/portal` and a receptionist's sign-in by e-ID ask as: its name is
    /// shown, its agreement bounds them.
    pub client: Option<ClientId>,
}

impl App {
    /// Adds the pages that are switched on.
    pub(super) fn with_pages(&self, routes: Routes) -> Routes {
        let mut routes = routes;
        if self.pages.wallet {
            routes = routes.with_pages(self.eid.clone(), eid::wallet_routes);
        }
        if self.pages.me {
            routes = routes.with_pages(self.me.clone(), me::page_routes);
        }
        let portal = Portal { forms: self.forms.clone(), entropy: self.ground.entropy.clone() };
        if self.pages.portal {
            routes = routes.with_pages(portal.clone(), forms::portal_routes);
        }
        if self.pages.desk {
            let desk = Desk {
                stays: self.stays.clone(),
                access: self.access.clone(),
                qr: self.qr.clone(),
                clock: self.ground.clock.clone(),
                entropy: self.ground.entropy.clone(),
                eid: self.pages.client.is_some(),
            };
            routes = routes.with_pages(desk, stays::desk_routes);
        }
        let targets = self.pages.sign_in_targets(portal.attributes());
        if !targets.is_empty() {
            let sign_in = SignIn {
                eid: self.eid.clone(),
                access: self.access.clone(),
                store: self.store.clone(),
                clock: self.ground.clock.clone(),
                targets: targets.into(),
            };
            routes = routes.with_pages(sign_in, eid::sign_in_routes);
        }
        routes
    }
}

impl PagesConfig {
    fn sign_in_targets(&self, asked_by_portal: AttributeSet) -> Vec<SignInTarget> {
        let Some(client) = &self.client else { return Vec::new() };
        let me = self.me.then(|| SignInTarget {
            path: "/me",
            client: client.clone(),
            scopes: [Operation::AuditRead].into_iter().collect(),
            attributes: AttributeSet::EMPTY,
            procedure: None,
            legal_basis: None,
            level: Level::L2,
            lifetime: SESSION,
        });
        let portal = self.portal.then(|| SignInTarget {
            path: "/portal",
            client: client.clone(),
            scopes: [Operation::FormsPrefill].into_iter().collect(),
            attributes: asked_by_portal,
            procedure: ProcedureCode::parse(PORTAL_PROCEDURE).ok(),
            legal_basis: LegalBasis::parse(LegalBasis::STATE_DUTY).ok(),
            level: Level::L2,
            lifetime: SESSION,
        });
        // It says who somebody is, and allows nothing: the desk makes an officer's session of it.
        let desk = self.desk.then(|| SignInTarget {
            path: "/desk",
            client: client.clone(),
            scopes: OperationSet::EMPTY,
            attributes: AttributeSet::EMPTY,
            procedure: None,
            legal_basis: None,
            level: Level::L2,
            lifetime: DESK_SIGN_IN,
        });
        me.into_iter().chain(portal).chain(desk).collect()
    }
}
