//! The composition root: builds every slice from configuration, store, keys and clock. Tests build
//! the same.

use std::sync::Arc;

use utoipa::OpenApi;

use crate::access::{self, Access, AccessApi, AccessConfig, AccessParts, OpenAccessError};
use crate::audit::{Audit, AuditConfig, AuditError, Operator, OperatorAccount, OperatorParts, Why};
use crate::citizens::{self, CacheConfig, Citizens, CitizensApi, CitizensError, CitizensParts, GuardConfig};
use crate::clients::{self, Catalogue, Clients, ClientsApi};
use crate::consent::{Consents, ConsentsParts};
use crate::crypto::Keyring;
use crate::eid::{self, Eid, EidApi, EidConfig, EidParts, Sending};
use crate::forms::{self, FormFaults, Forms, FormsApi, FormsConfig, FormsParts};
use crate::http::{Contact, Routes};
use crate::kernel::units::Units;
use crate::kernel::{Causes, Clock, Entropy};
use crate::oidc::{self, Oidc, OidcApi, OidcConfig, OidcParts};
use crate::qr::{self, Qr, QrApi, QrParts};
use crate::residence::{self, Residence, ResidenceApi, ResidenceParts};
use crate::sealing::{Renewal, SealingKeyUses};
use crate::stays::{self, Stays, StaysApi, StaysParts};
use crate::storage::{OpenError, StorageError, Store, StoreConfig};
use crate::telemetry::{Health, Metrics};
use crate::transparency::me::{self, Me, MeApi, MeParts};
use crate::transparency::{self, Transparency, TransparencyApi};

mod keyed_tables;
mod pages;
mod probes;
mod readings;
mod retention;
mod settings;
mod upkeep;

pub use self::keyed_tables::keyed_tables;
pub use self::pages::PagesConfig;
pub use self::retention::{RetentionPeriods, Sweeper, retention_rules};
use self::upkeep::Upkeep;

/// What the slices are told.
#[derive(Debug, Clone)]
pub struct AppConfig {
    pub store: StoreConfig,
    pub audit: AuditConfig,
    pub access: AccessConfig,
    pub cache: CacheConfig,
    pub guards: GuardConfig,
    pub forms: FormsConfig,
    pub eid: EidConfig,
    pub oidc: OidcConfig,
    /// How activation codes reach citizens.
    pub codes: Sending,
    /// How long a confirmation of residence information is valid.
    pub confirmation_validity: std::time::Duration,
    pub contact: Contact,
    pub retention: RetentionPeriods,
    pub pages: PagesConfig,
}

/// What the slices stand on.
#[derive(Clone)]
pub struct Ground {
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub metrics: Metrics,
}

/// Why the service cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("the database cannot be opened: {0}")]
    Open(#[from] OpenError),
    #[error("the clients cannot be read")]
    Clients(#[source] StorageError),
    #[error("the use of the sealing keys cannot be counted")]
    KeyUses(#[source] StorageError),
    #[error("the audit log cannot be opened")]
    Audit(#[from] AuditError),
    #[error("the citizens cannot be opened")]
    Citizens(#[from] CitizensError),
    #[error(transparent)]
    Access(#[from] OpenAccessError),
    #[error("a form cannot be read:{}", list(.0))]
    Forms(Vec<FormFaults>),
}

fn list(faults: &[FormFaults]) -> String {
    faults.iter().map(|faults| format!("\n{faults}")).collect()
}

/// Every slice, built.
#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub clients: Clients,
    pub access: Arc<Access>,
    pub audit: Audit,
    pub consents: Consents,
    pub citizens: Citizens,
    pub transparency: Transparency,
    pub me: Me,
    pub qr: Qr,
    pub forms: Forms,
    pub eid: Eid,
    pub oidc: Oidc,
    pub residence: Residence,
    pub stays: Stays,
    pub contact: Contact,
    pub pages: PagesConfig,
    pub ground: Ground,
    key_uses: SealingKeyUses,
    pub sweeper: Arc<Sweeper>,
    _upkeep: Arc<[Upkeep]>,
}

impl App {
    /// Opens the store and builds the slices, lowest first.
    ///
    /// # Errors
    /// If something the service needs is not there; see [`AppError`].
    pub async fn open(config: AppConfig, ground: Ground) -> Result<Self, AppError> {
        let Ground { keyring, clock, entropy, metrics } = ground.clone();
        let store = Store::open(&config.store)?;
        // Before anything is sealed.
        let key_uses = SealingKeyUses::open(store.clone(), keyring.clone(), &metrics).await;
        let key_uses = key_uses.map_err(AppError::KeyUses)?;
        readings::of_store(&metrics, &store);
        let retention = config.audit.retention;
        let audit = Audit::open(store.clone(), keyring.clone(), config.audit, clock.clone(), entropy.clone()).await?;
        let clients = Clients::open(store.clone(), clock.clone()).await.map_err(AppError::Clients)?;
        let access = Access::open(AccessParts {
            config: config.access,
            clients: clients.clone(),
            keyring: keyring.clone(),
            store: store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        })
        .await?;
        let consents = Consents::new(ConsentsParts {
            store: store.clone(),
            audit: audit.clone(),
            keyring: keyring.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        });
        let citizens = Citizens::open(CitizensParts {
            store: store.clone(),
            audit: audit.clone(),
            consents: consents.clone(),
            keyring: keyring.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            metrics: metrics.clone(),
            cache: config.cache,
            guards: config.guards,
            answers_kept: config.retention.answers,
        })
        .await?;
        let forms = FormsParts { config: config.forms, citizens: citizens.clone(), metrics: metrics.clone() };
        let forms = Forms::open(forms).map_err(AppError::Forms)?;
        Units::warm_up();
        let rules = retention_rules(&config.retention, retention);
        let sweeper = Arc::new(Sweeper::new(store.clone(), clock.clone(), rules, &metrics));
        let renewal = Renewal::new(store.clone(), keyring.clone(), keyed_tables(&keyring, &entropy), &metrics);
        let upkeep =
            [upkeep::reload_keys(ground.keyring.clone()), upkeep::sweep(sweeper.clone()), upkeep::renew(renewal)]
                .into();
        let transparency = Transparency::new(audit.clone(), keyring.clone(), clock.clone());
        let me = Me::new(MeParts {
            audit: audit.clone(),
            citizens: citizens.clone(),
            clients: clients.clone(),
            consents: consents.clone(),
            keyring: keyring.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        });
        let qr = Qr::open(QrParts {
            issuer: access.config().issuer.clone(),
            store: store.clone(),
            audit: audit.clone(),
            citizens: citizens.clone(),
            keyring: keyring.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        });
        citizens.register(qr.reactor());
        let residence = Residence::open(ResidenceParts {
            issuer: access.config().issuer.clone(),
            store: store.clone(),
            audit: audit.clone(),
            citizens: citizens.clone(),
            qr: qr.clone(),
            keyring: keyring.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            validity: config.confirmation_validity,
        });
        citizens.register(residence.reactor());
        let eid = Eid::open(EidParts {
            config: config.eid,
            sender: config.codes.sender(),
            metrics,
            store: store.clone(),
            audit: audit.clone(),
            citizens: citizens.clone(),
            clients: clients.clone(),
            access: access.clone(),
            qr: qr.clone(),
            consents: consents.clone(),
            keyring: keyring.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        });
        citizens.register(eid.reactor());
        let oidc = Oidc::open(OidcParts {
            config: config.oidc,
            store: store.clone(),
            audit: audit.clone(),
            clients: clients.clone(),
            access: access.clone(),
            citizens: citizens.clone(),
            eid: eid.clone(),
            keyring: keyring.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        });
        let stays = Stays::open(StaysParts {
            issuer: access.config().issuer.clone(),
            store: store.clone(),
            audit: audit.clone(),
            access: access.clone(),
            citizens: citizens.clone(),
            qr: qr.clone(),
            keyring,
            clock,
            entropy,
        });
        Ok(Self {
            store,
            clients,
            access,
            audit,
            consents,
            citizens,
            transparency,
            me,
            qr,
            forms,
            eid,
            oidc,
            residence,
            stays,
            contact: config.contact,
            pages: config.pages,
            ground,
            key_uses,
            sweeper,
            _upkeep: upkeep,
        })
    }

    /// Somebody who changes this installation from within its own process.
    pub fn operator(&self, account: OperatorAccount, why: Why) -> Operator {
        Operator::new(OperatorParts {
            store: self.store.clone(),
            audit: self.audit.clone(),
            account,
            why,
            clock: self.ground.clock.clone(),
            entropy: self.ground.entropy.clone(),
        })
    }

    /// An orderly end: the audit's head is signed over all that is durable, then the store closes.
    ///
    /// # Errors
    /// If the last checkpoint could not be published; the entries themselves are durable.
    pub async fn close(self) -> Result<(), AppError> {
        let signed = self.audit.close().await;
        if let Err(error) = self.key_uses.close().await {
            tracing::warn!(error = %Causes(&error), "what was not used of the sealing keys stays counted");
        }
        self.store.close().await;
        Ok(signed?)
    }

    /// The routes of all slices.
    pub fn routes(&self) -> Routes {
        let routes = Routes::default()
            .with_contact(self.contact.clone())
            .with_shared(self.access.clone(), access::routes, AccessApi::openapi())
            .with(Catalogue::new(self.contact.clone(), self.sweeper.rules()), clients::routes, ClientsApi::openapi())
            .with(self.citizens.clone(), citizens::routes, CitizensApi::openapi())
            .with(self.transparency.clone(), transparency::routes, TransparencyApi::openapi())
            .with(self.me.clone(), me::routes, MeApi::openapi())
            .with(self.qr.clone(), qr::routes, QrApi::openapi())
            .with(self.residence.clone(), residence::routes, ResidenceApi::openapi())
            .with(self.stays.clone(), stays::routes, StaysApi::openapi())
            .with(self.forms.clone(), forms::routes, FormsApi::openapi())
            .with(self.oidc.clone(), oidc::routes, OidcApi::openapi())
            .with(self.eid.clone(), eid::routes, EidApi::openapi());
        self.with_pages(routes)
    }

    /// What must be well before requests are welcome.
    pub fn health(&self) -> Health {
        Health::new(probes::all(self))
    }
}
