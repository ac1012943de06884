//! The sample clients of `dancu demo`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Agreement, ClientProfile, Detail, EidTerms, NewClient, Operation, OperationSet, PublicKey, Registration, SecretTag,
};
use crate::crypto::jose::{JwkFault, PrivateJwk};
use crate::crypto::{Algorithm, Secret, SystemEntropy};
use crate::kernel::purpose::{CodeFault, OfficerCode};
use crate::kernel::{Attribute, AttributeSet, ClientId, Instant, LegalBasis, Level, Officer, ProcedureCode, UnitCode};

/// A sample client and its private key.
#[derive(Debug)]
pub struct SampleClient {
    pub new: NewClient,
    pub private_key: PrivateJwk,
    /// Of a client of profile `baseline`; only its tag is in `new`.
    pub secret: Option<Secret>,
}

/// A sample client as `demo.json` lists it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoClient {
    pub client_id: ClientId,
    pub profile: ClientProfile,
    pub private_jwk: Box<RawValue>,
    pub scopes: OperationSet,
    pub procedures: Vec<ProcedureCode>,
    pub legal_bases: Vec<LegalBasis>,
    pub officer: Option<Officer>,
    pub detail: Detail,
    /// How it may authenticate at the token endpoint.
    #[serde(default)]
    pub token_endpoint_auth_methods: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Sent back to after a sign-in; the port of a loopback address is free.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Whether authorization requests must be pushed (RFC 9126) and tokens be bound (RFC 9449).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// What it may do with e-ID.
    #[serde(default)]
    pub eid: EidTerms,
}

/// A sample client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SampleFault {
    #[error("no key can be made")]
    Key(#[from] JwkFault),
    #[error("a sample's code is malformed")]
    Code(#[from] CodeFault),
    #[error("a sample's id is malformed")]
    Id(#[from] crate::kernel::id::ClientIdFault),
    #[error("a sample's key cannot be written")]
    Json(#[from] serde_json::Error),
}

/// What tells one sample from another.
struct Plan {
    id: &'static str,
    name: &'static str,
    state_body: bool,
    operations: OperationSet,
    procedures: &'static [&'static str],
    legal_bases: &'static [&'static str],
    attributes: AttributeSet,
    household_members: &'static [&'static str],
    /// Whose reported stays it may read.
    units: &'static [&'static str],
    detail: Detail,
    per_minute: u32,
    per_day: u64,
    officer: (&'static str, &'static str),
    profile: ClientProfile,
    eid: Eid,
}

/// What a sample may do with e-ID.
#[derive(Default)]
struct Eid {
    sign_in: bool,
    ciba: bool,
}

/// Where the sample relying parties are sent back to.
const REDIRECT_PATHS: [&str; 3] = ["/cb", "/callback", "/"];

/// The sample clients, with new ES256 keys, under agreements in force for two years from `now`.
///
/// # Errors
/// Only if the machine gives no keys.
pub fn samples(now: Instant) -> Result<Vec<SampleClient>, SampleFault> {
    let plans =
        [portal(), bank(), hotel(), commune(), shop(), loadtest(), relying_party_fapi(), relying_party_baseline()];
    plans.into_iter().map(|plan| plan.make(now)).collect()
}

/// A one-stop portal of a province: a state body with full answers.
fn portal() -> Plan {
    Plan {
        id: "portal",
        name: "Cổng dịch vụ công (mẫu)",
        state_body: true,
        operations: OperationSet::all().iter().filter(|operation| *operation != Operation::PopulationWrite).collect(),
        procedures: &["1.003677", "1.004194", "1.004222", "1.010038", "1.010041"],
        legal_bases: &[LegalBasis::STATE_DUTY, LegalBasis::CONSENT],
        attributes: AttributeSet::all(),
        household_members: &["1.004194", "1.004222", "1.010038", "1.010041"],
        units: &[],
        detail: Detail::Full,
        per_minute: 60_000,
        per_day: 10_000_000,
        officer: ("canbo-01", "mot-cua"),
        profile: ClientProfile::Service,
        eid: Eid { sign_in: true, ciba: true },
    }
}

/// A bank that identifies its customers: yes or no, nothing more.
fn bank() -> Plan {
    Plan {
        id: "bank",
        name: "Ngân hàng (mẫu)",
        state_body: false,
        operations: [Operation::CitizensVerify, Operation::QrVerify].into_iter().collect(),
        procedures: &["KYC"],
        legal_bases: &[LegalBasis::CUSTOMER_IDENTIFICATION],
        attributes: [Attribute::FullName, Attribute::DateOfBirth, Attribute::Sex, Attribute::IdNumber]
            .into_iter()
            .chain([Attribute::LegacyIdNumber, Attribute::PermanentResidence])
            .collect(),
        household_members: &[],
        units: &[],
        detail: Detail::Boolean,
        per_minute: 6_000,
        per_day: 1_000_000,
        officer: ("gdv-01", "chi-nhanh-1"),
        profile: ClientProfile::Service,
        eid: Eid::default(),
    }
}

/// A hotel that notifies its guests' stays.
fn hotel() -> Plan {
    Plan {
        id: "hotel",
        name: "Khách sạn (mẫu)",
        state_body: false,
        operations: [Operation::CitizensVerify, Operation::QrVerify, Operation::StaysReport, Operation::StaysRead]
            .into_iter()
            .collect(),
        procedures: &["2.001159"],
        legal_bases: &[LegalBasis::STAY_NOTIFICATION],
        attributes: [Attribute::FullName, Attribute::DateOfBirth, Attribute::Sex, Attribute::IdNumber]
            .into_iter()
            .chain([Attribute::Nationality, Attribute::PermanentResidence])
            .collect(),
        household_members: &[],
        units: &[],
        detail: Detail::Boolean,
        // A file of ten thousand guests counts like as many calls.
        per_minute: 60_000,
        per_day: 1_000_000,
        officer: ("le-tan-01", "quay-le-tan"),
        profile: ClientProfile::Service,
        eid: Eid { sign_in: false, ciba: true },
    }
}

/// The police of one commune, who receive the notices of its lodgings.
fn commune() -> Plan {
    Plan {
        id: "commune",
        name: "Công an phường Hoàn Kiếm (mẫu)",
        state_body: true,
        operations: [Operation::StaysRead].into_iter().collect(),
        procedures: &["2.001159"],
        legal_bases: &[LegalBasis::STATE_DUTY],
        attributes: [Attribute::FullName, Attribute::DateOfBirth, Attribute::Sex, Attribute::IdNumber]
            .into_iter()
            .chain([Attribute::Nationality])
            .collect(),
        household_members: &[],
        units: &["00070"],
        detail: Detail::Full,
        per_minute: 600,
        per_day: 50_000,
        officer: ("canh-sat-01", "cong-an-phuong"),
        profile: ClientProfile::Service,
        eid: Eid::default(),
    }
}

/// A shop: nothing without the citizen's consent.
fn shop() -> Plan {
    Plan {
        id: "shop",
        name: "Cửa hàng (mẫu)",
        state_body: false,
        operations: [Operation::CitizensLookup, Operation::CitizensVerify, Operation::QrVerify].into_iter().collect(),
        procedures: &["SHOP"],
        legal_bases: &[LegalBasis::CONSENT],
        attributes: [Attribute::FullName, Attribute::DateOfBirth].into_iter().collect(),
        household_members: &[],
        units: &[],
        detail: Detail::Full,
        per_minute: 60,
        per_day: 1_000,
        officer: ("nhan-vien-01", "quay-1"),
        profile: ClientProfile::Service,
        eid: Eid { sign_in: false, ciba: true },
    }
}

/// The load generator: everything, as often as it can.
fn loadtest() -> Plan {
    Plan {
        id: "loadtest",
        name: "Máy đo tải (mẫu)",
        state_body: true,
        operations: OperationSet::all(),
        procedures: &["1.003677", "1.004194", "1.004222", "1.010038", "1.010041", "2.001159"],
        legal_bases: &[
            LegalBasis::STATE_DUTY,
            LegalBasis::CONSENT,
            LegalBasis::CUSTOMER_IDENTIFICATION,
            LegalBasis::STAY_NOTIFICATION,
        ],
        attributes: AttributeSet::all(),
        household_members: &["1.004194", "1.004222", "1.010038", "1.010041"],
        units: &[],
        detail: Detail::Full,
        per_minute: 100_000_000,
        per_day: 100_000_000_000,
        officer: ("do-tai-01", "do-tai"),
        profile: ClientProfile::Service,
        eid: Eid { sign_in: true, ciba: true },
    }
}

/// A relying party by FAPI 2.0: pushed requests, bound tokens, a signing key.
fn relying_party_fapi() -> Plan {
    Plan { id: "rp-fapi", name: "Cổng đăng nhập FAPI (mẫu)", profile: ClientProfile::Fapi2, ..relying_party() }
}

/// A relying party with an ordinary OpenID Connect library: a secret.
fn relying_party_baseline() -> Plan {
    Plan {
        id: "rp-baseline", name: "Cổng đăng nhập OIDC (mẫu)", profile: ClientProfile::Baseline, ..relying_party()
    }
}

fn relying_party() -> Plan {
    Plan {
        id: "",
        name: "",
        state_body: true,
        operations: [
            Operation::QrIssue,
            Operation::ResidenceCheck,
            Operation::ResidenceConfirm,
            Operation::FormsPrefill,
        ]
        .into_iter()
        .collect(),
        procedures: &["1.004194", "1.004222"],
        legal_bases: &[LegalBasis::CONSENT],
        attributes: [Attribute::FullName, Attribute::DateOfBirth, Attribute::Sex, Attribute::IdNumber]
            .into_iter()
            .chain([Attribute::PermanentResidence, Attribute::Nationality, Attribute::Phone, Attribute::Email])
            .collect(),
        household_members: &[],
        units: &[],
        detail: Detail::Full,
        // The load generator signs in by them.
        per_minute: 10_000_000,
        per_day: 1_000_000_000,
        officer: ("canbo-02", "dang-nhap"),
        profile: ClientProfile::Baseline,
        eid: Eid { sign_in: true, ciba: true },
    }
}

impl Plan {
    fn make(self, now: Instant) -> Result<SampleClient, SampleFault> {
        const TWO_YEARS: Duration = Duration::from_secs(2 * 366 * 24 * 3600);
        let private_key = PrivateJwk::generate(Algorithm::P256)?;
        let public = private_key.public();
        let (officer, unit) = self.officer;
        let agreement = Agreement {
            operations: self.operations,
            procedures: codes(self.procedures)?,
            legal_bases: self.legal_bases.iter().map(|code| LegalBasis::parse(code)).collect::<Result<_, _>>()?,
            attributes: self.attributes,
            household_members: codes(self.household_members)?,
            detail: self.detail,
            per_minute: self.per_minute,
            per_day: self.per_day,
            valid_from: now,
            valid_until: now.plus(TWO_YEARS),
            bearer: self.profile == ClientProfile::Service,
            eid: EidTerms {
                sign_in: self.eid.sign_in,
                ciba: self.eid.ciba,
                levels: if self.eid.sign_in || self.eid.ciba { [Level::L1, Level::L2].into() } else { [].into() },
                sector: None,
            },
            units: self.units.iter().filter_map(|code| UnitCode::parse(code).ok()).collect(),
        };
        let entropy = SystemEntropy::default();
        let secret = (self.profile == ClientProfile::Baseline).then(|| Secret::random(&entropy));
        let registration = if self.eid.sign_in { on_loopback() } else { Registration::default() };
        let new = NewClient {
            id: self.id.parse::<ClientId>()?,
            name: self.name.to_owned(),
            profile: self.profile,
            state_body: self.state_body,
            key: Some(PublicKey { id: public.key_id(), key: public.key }),
            officers: vec![Officer { id: OfficerCode::parse(officer)?, unit: OfficerCode::parse(unit)? }],
            agreement,
            registration,
            secret: secret.as_ref().map(|secret| SecretTag::of(secret, &entropy)),
        };
        Ok(SampleClient { new, private_key, secret })
    }
}

/// Every loopback address and path a trial may want, at any port.
fn on_loopback() -> Registration {
    let hosts = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let uris = |paths: &[&str]| {
        hosts.iter().flat_map(|host| paths.iter().map(move |path| format!("{host}{path}"))).collect::<Vec<_>>()
    };
    Registration {
        redirect_uris: uris(&REDIRECT_PATHS),
        post_logout_redirect_uris: uris(&["/", "/logout"]),
        any_loopback_port: true,
    }
}

fn codes(codes: &[&str]) -> Result<BTreeSet<ProcedureCode>, CodeFault> {
    codes.iter().map(|code| ProcedureCode::parse(code)).collect()
}

impl SampleClient {
    /// As `demo.json` lists it, private key included.
    pub fn to_demo(&self) -> Result<DemoClient, SampleFault> {
        let (agreement, registration) = (&self.new.agreement, &self.new.registration);
        let methods = self.secret.iter().map(|_| "client_secret_basic").chain(["private_key_jwt"]);
        let fapi = self.new.profile == ClientProfile::Fapi2;
        Ok(DemoClient {
            token_endpoint_auth_methods: methods.map(str::to_owned).collect(),
            client_secret: self.secret.as_ref().map(|secret| secret.expose().to_owned()),
            redirect_uris: registration.redirect_uris.clone(),
            post_logout_redirect_uris: registration.post_logout_redirect_uris.clone(),
            require_pushed_authorization_requests: fapi,
            dpop_bound_access_tokens: fapi,
            eid: agreement.eid.clone(),
            client_id: self.new.id.clone(),
            profile: self.new.profile,
            private_jwk: RawValue::from_string(self.private_key.to_json().to_string())?,
            scopes: agreement.operations,
            procedures: agreement.procedures.iter().cloned().collect(),
            legal_bases: agreement.legal_bases.iter().cloned().collect(),
            officer: self.new.officers.first().cloned(),
            detail: agreement.detail,
        })
    }
}
