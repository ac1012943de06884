//! The API's description (OpenAPI 3.1), put together from the slices' parts.

use serde_json::Value;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};

use super::problem::ProblemBody;

/// Name of the security scheme that operations refer to: `security(("access_token" = ["scope"]))`.
pub const ACCESS_TOKEN: &str = "access_token";
/// The same for requests of e-ID apps.
pub const DEVICE_SIGNATURE: &str = "device_signature";

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(ProblemBody)))]
struct Shared;

/// The document without any operation.
pub(super) fn base() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Dancu")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Identity look-up and verification. Errors and conventions: docs/api.md."))
        .contact(Some(ContactBuilder::new().url(Some("/v1/catalogue")).build()))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    let mut api = OpenApiBuilder::new().info(info).build();
    api.merge(<Shared as utoipa::OpenApi>::openapi());
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("Access token of /oauth2/token (RFC 9068)."))
        .build();
    let components = api.components.get_or_insert_default();
    components.add_security_scheme(ACCESS_TOKEN, SecurityScheme::Http(scheme));
    let described = "`Device JWS`: the request signed by a device of an e-ID account; see docs/eid.md.";
    let scheme = ApiKey::Header(ApiKeyValue::with_description("Authorization", described));
    components.add_security_scheme(DEVICE_SIGNATURE, SecurityScheme::ApiKey(scheme));
    api
}

/// Writes the document. `Input<T>` and `T` are one type to clients: utoipa names the first
/// `Input_T`, and this gives it the name of the second.
pub(super) fn document(api: &OpenApi) -> Result<String, serde_json::Error> {
    let mut document = serde_json::to_value(api)?;
    join_names(&mut document);
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        for (name, schema) in std::mem::take(schemas) {
            schemas.insert(plain(&name).to_owned(), schema);
        }
        schemas.sort_keys();
    }
    serde_json::to_string(&document)
}

fn plain(name: &str) -> &str {
    name.strip_prefix("Input_").unwrap_or(name)
}

fn join_names(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(target) if name == "$ref" => *target = target.replace("/Input_", "/"),
                    member => join_names(member),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(join_names),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use utoipa::ToSchema;

    use super::*;
    use crate::http::extract::{BoundedText, Input, List, Whole};
    use crate::kernel::{AttributeSet, IdNumber, Purpose};

    #[derive(Deserialize, ToSchema)]
    #[allow(dead_code, reason = "only described")]
    struct SampleRequest {
        id_number: Input<IdNumber>,
        purpose: Input<Purpose>,
        #[schema(required = false)]
        attributes: Input<AttributeSet>,
        #[schema(required = false)]
        notes: Input<List<BoundedText<20>, 3>>,
        #[schema(required = false)]
        limit: Input<Whole<1, 100>>,
    }

    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(SampleRequest)))]
    struct Sample;

    #[test]
    fn inputs_are_described_as_what_they_read() {
        let mut api = base();
        api.merge(<Sample as utoipa::OpenApi>::openapi());
        let document: Value = serde_json::from_str(&document(&api).unwrap()).unwrap();
        assert!(!document.to_string().contains("Input"), "{document:#}");
        assert_eq!(document["openapi"], "3.1.0");
        insta::assert_json_snapshot!("described_inputs", document["components"]["schemas"]);
    }
}
