//! Which part of the history the page shows: a period, an organisation, a kind of look.

use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;

use crate::http::page::Page;
use crate::kernel::{CivilDate, ClientId, Instant, TransactionId};
use crate::transparency::me::model::{Doer, Look, LookKind};

/// Two years.
const SPAN: Duration = Duration::from_secs(731 * 24 * 3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The query of the page; nothing in it tells who anybody is. What cannot be read counts as left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// Looks passed over, counted without the filter.
    pub skip: usize,
    pub child: Option<TransactionId>,
    /// A consent was withdrawn just now.
    pub withdrawn: bool,
    /// First and last day in Viet Nam.
    pub from: String,
    pub to: String,
    pub client: String,
    pub kind: String,
    /// When the first page was read: what came later does not move the pages after it.
    pub as_of: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Answered,
    /// Refused, or without a match.
    Refused,
    Own,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Answered, Self::Refused, Self::Own];

    const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Own => "own",
        }
    }

    fn label(self, page: &Page) -> &'static str {
        match self {
            Self::Answered => page.say("Đã trả lời", "Answered"),
            Self::Refused => page.say("Bị từ chối hoặc không khớp", "Refused, or no match"),
            Self::Own => page.say("Việc của tôi", "My own acts"),
        }
    }
}

/// One choice of a list.
pub(super) struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// The filter, read.
pub(super) struct Filter {
    pub range: Range<Instant>,
    client: Option<ClientId>,
    kind: Option<Kind>,
    dated: bool,
    as_of: Instant,
}

impl Filter {
    pub(super) fn of(wanted: &Wanted, now: Instant) -> Self {
        // What is written this very moment counts as now.
        let as_of = Instant::parse_rfc3339(&wanted.as_of).unwrap_or_else(|| now.plus(Duration::from_secs(1)));
        let (from, to) = (first_instant(&wanted.from), first_instant(&wanted.to));
        let end = to.map_or(as_of, |last| last.plus(DAY).min(as_of));
        Self {
            range: from.unwrap_or_else(|| now.minus(SPAN))..end,
            client: wanted.client.parse().ok(),
            kind: Kind::ALL.into_iter().find(|kind| kind.name() == wanted.kind),
            dated: from.is_some() || to.is_some(),
            as_of,
        }
    }

    pub(super) fn is_set(&self) -> bool {
        self.client.is_some() || self.kind.is_some() || self.dated
    }

    pub(super) fn passes(&self, look: &Look) -> bool {
        let of_client = self
            .client
            .as_ref()
            .is_none_or(|client| look.doer == Doer::Organisation && look.client.as_ref() == Some(client));
        let of_kind = self.kind.is_none_or(|kind| match look.kind() {
            LookKind::Answered => kind == Kind::Answered,
            LookKind::NoMatch | LookKind::Refused => kind == Kind::Refused,
            LookKind::Own | LookKind::OwnRefused => kind == Kind::Own,
        });
        of_client && of_kind
    }

    /// The page of these looks from `skip` on; from the newest if it is not given.
    pub(super) fn link(&self, wanted: &Wanted, skip: Option<usize>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(wanted.child.map(|child| ("child", child.to_string())));
        let kept = [("from", &wanted.from), ("to", &wanted.to), ("client", &wanted.client), ("kind", &wanted.kind)];
        query.extend_pairs(kept.into_iter().filter(|(_, value)| !value.is_empty()));
        if let Some(skip) = skip {
            query.append_pair("skip", &skip.to_string()).append_pair("as_of", &self.as_of.to_string());
        }
        format!("/me?{}", query.finish())
    }

    /// The organisations of `looks`, and the one that is chosen.
    pub(super) fn clients(&self, page: &Page, looks: &[Look]) -> Vec<Choice> {
        let named = looks.iter().filter(|look| look.doer == Doer::Organisation);
        let mut found: Vec<(&ClientId, &str)> = named
            .filter_map(|look| look.client.as_ref().map(|id| (id, look.client_name.as_deref().unwrap_or(id.as_str()))))
            .collect();
        found.extend(self.client.as_ref().map(|id| (id, id.as_str())));
        found.sort_by(|left, right| left.0.cmp(right.0));
        found.dedup_by(|later, earlier| later.0 == earlier.0);
        let every = Choice {
            value: String::new(),
            label: page.say("Mọi nơi", "Everybody").to_owned(),
            chosen: self.client.is_none(),
        };
        let choice = |(id, name): (&ClientId, &str)| Choice {
            value: id.to_string(),
            label: name.to_owned(),
            chosen: self.client.as_ref() == Some(id),
        };
        std::iter::once(every).chain(found.into_iter().map(choice)).collect()
    }

    pub(super) fn kinds(&self, page: &Page) -> Vec<Choice> {
        let every =
            Choice {
                value: String::new(), label: page.say("Tất cả", "All").to_owned(), chosen: self.kind.is_none()
            };
        let choice = |kind: Kind| Choice {
            value: kind.name().to_owned(),
            label: kind.label(page).to_owned(),
            chosen: self.kind == Some(kind),
        };
        std::iter::once(every).chain(Kind::ALL.into_iter().map(choice)).collect()
    }
}

/// The begin of a day in Viet Nam.
fn first_instant(day: &str) -> Option<Instant> {
    let day = CivilDate::parse(day).ok()?;
    Instant::parse_rfc3339(&format!("{day}T00:00:00+07:00"))
}
