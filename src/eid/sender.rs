//! How a one-time code reaches the contact that the citizen store records.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};

const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// A code and where it goes. `Debug` is redacted.
#[derive(Clone, Serialize, Deserialize)]
pub struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub code: String,
    /// The words to send, in Vietnamese and English.
    pub text: String,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Message(redacted)")
    }
}

/// The code was not sent; it is tried again while it is valid.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("the file of codes cannot be written")]
    File(#[source] std::io::Error),
    /// Says nothing of the message.
    #[error("the webhook did not take a code")]
    Webhook(#[source] Box<ureq::Error>),
}

/// Sends codes. Called on a blocking thread, a message at a time; may be called again for a
/// message whose sending was not known to succeed.
pub trait CodeSender: Send + Sync {
    fn send(&self, message: &Message) -> Result<(), SendError>;

    /// Whether codes reach anybody; if not, none are made.
    fn reaches(&self) -> bool {
        true
    }
}

/// Which sender an installation uses.
#[derive(Clone, Default)]
pub enum Sending {
    /// Codes go nowhere: accounts are activated at a desk alone.
    #[default]
    Nowhere,
    File(PathBuf),
    Webhook {
        url: String,
        secret: Option<String>,
    },
}

impl Sending {
    pub fn sender(&self) -> Arc<dyn CodeSender> {
        match self {
            Self::Nowhere => Arc::new(NoSender),
            Self::File(path) => Arc::new(FileSender::new(path.clone())),
            Self::Webhook { url, secret } => Arc::new(WebhookSender::new(url.clone(), secret.clone())),
        }
    }
}

impl std::fmt::Debug for Sending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nowhere => "Nowhere",
            Self::File(_) => "File",
            Self::Webhook { .. } => "Webhook",
        })
    }
}

struct NoSender;

impl CodeSender for NoSender {
    fn send(&self, _: &Message) -> Result<(), SendError> {
        Ok(())
    }

    fn reaches(&self) -> bool {
        false
    }
}

/// Appends each code as a line of JSON to a file that only its owner can read: for trials, and for
/// a gateway on the same machine.
pub struct FileSender {
    path: PathBuf,
    writing: Mutex<()>,
}

impl FileSender {
    pub fn new(path: PathBuf) -> Self {
        Self { path, writing: Mutex::new(()) }
    }
}

impl CodeSender for FileSender {
    fn send(&self, message: &Message) -> Result<(), SendError> {
        let _one = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let append = || -> std::io::Result<()> {
            let mut file = std::fs::File::options().append(true).create(true).mode(0o600).open(&self.path)?;
            let mut line = serde_json::to_vec(message)?;
            line.push(b'\n');
            file.write_all(&line)?;
            file.sync_data()
        };
        append().map_err(SendError::File)
    }
}

/// Posts each code as JSON to a gateway for text messages and mail, which answers with 2xx once it
/// has taken it.
pub struct WebhookSender {
    agent: ureq::Agent,
    url: String,
    /// Sent as `Authorization: Bearer …`.
    secret: Option<String>,
}

impl WebhookSender {
    pub fn new(url: String, secret: Option<String>) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(WEBHOOK_TIMEOUT)).max_redirects(0).build();
        Self { agent: config.new_agent(), url, secret }
    }
}

impl CodeSender for WebhookSender {
    fn send(&self, message: &Message) -> Result<(), SendError> {
        let mut request = self.agent.post(&self.url);
        if let Some(secret) = &self.secret {
            request = request.header("authorization", format!("Bearer {secret}"));
        }
        request.send_json(message).map(drop).map_err(|error| SendError::Webhook(Box::new(error)))
    }
}
