//! What the slices offer, gathered for the server.

use std::sync::Arc;

use actix_web::web::ServiceConfig;
use utoipa::openapi::OpenApi;

use super::openapi;

type Part = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// The routes of all slices and their descriptions. Cheap to clone.
#[derive(Clone)]
pub struct Routes {
    parts: Vec<Part>,
    api: OpenApi,
}

impl Default for Routes {
    fn default() -> Self {
        Self { parts: Vec::new(), api: openapi::base() }
    }
}

impl Routes {
    /// Adds a slice: `part` registers its data and resources (on every worker), `api` describes
    /// them. Give each path one `web::resource`, so that other methods are answered with 405.
    pub fn with(mut self, part: impl Fn(&mut ServiceConfig) + Send + Sync + 'static, api: OpenApi) -> Self {
        self.parts.push(Arc::new(part));
        self.api.merge(api);
        self
    }

    /// Registers everything on one worker's app.
    pub fn configure(&self, config: &mut ServiceConfig) {
        self.parts.iter().for_each(|part| part(config));
    }

    /// The document for `/openapi.json`.
    ///
    /// # Errors
    /// If a description cannot be written as JSON.
    pub fn description(&self) -> Result<String, serde_json::Error> {
        openapi::document(&self.api)
    }
}
