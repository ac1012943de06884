//! What the slices offer, gathered for the server.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use utoipa::openapi::OpenApi;

use super::{Contact, openapi};

type Part = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// The routes of all slices and their descriptions. Cheap to clone.
#[derive(Clone)]
pub struct Routes {
    parts: Vec<Part>,
    api: OpenApi,
    contact: Option<Arc<Contact>>,
}

impl Default for Routes {
    fn default() -> Self {
        Self { parts: Vec::new(), api: openapi::base(), contact: None }
    }
}

impl Routes {
    /// Adds a slice: its handlers find it as `web::Data<T>`, `routes` registers its resources on
    /// every worker, `api` describes them. Give each path one `web::resource`, so that other methods
    /// are answered with 405.
    pub fn with<T: Send + Sync + 'static>(self, slice: T, routes: fn(&mut ServiceConfig), api: OpenApi) -> Self {
        self.with_shared(Arc::new(slice), routes, api)
    }

    /// The same for a slice that others hold, too.
    pub fn with_shared<T: Send + Sync + 'static>(
        mut self,
        slice: Arc<T>,
        routes: fn(&mut ServiceConfig),
        api: OpenApi,
    ) -> Self {
        let slice = Data::from(slice);
        self.parts.push(Arc::new(move |app| {
            app.app_data(slice.clone());
            routes(app);
        }));
        self.api.merge(api);
        self
    }

    /// Adds pages for people, which are no part of the API.
    pub fn with_pages<T: Send + Sync + 'static>(mut self, state: T, routes: fn(&mut ServiceConfig)) -> Self {
        let state = Data::new(state);
        self.parts.push(Arc::new(move |app| {
            app.app_data(state.clone());
            routes(app);
        }));
        self
    }

    /// Names whom callers turn to.
    pub fn with_contact(self, contact: Contact) -> Self {
        Self { contact: Some(Arc::new(contact)), ..self }
    }

    pub fn contact(&self) -> Option<Arc<Contact>> {
        self.contact.clone()
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
