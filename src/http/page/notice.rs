//! A page that says one thing and what to do next.

use askama::Template;

use super::Page;

/// How it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Success,
    Warning,
    Failure,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

/// Where to go next.
#[derive(Debug, Clone)]
pub struct Link {
    pub to: String,
    pub text: String,
}

/// One message as a whole page.
#[derive(Debug, Template)]
#[template(path = "http/page/notice.html")]
pub struct Notice {
    pub page: Page,
    pub tone: Tone,
    pub title: String,
    pub paragraphs: Vec<String>,
    pub next: Option<Link>,
    /// What to quote when asking about it.
    pub reference: Option<String>,
}
