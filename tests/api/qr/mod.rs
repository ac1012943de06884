//! What a citizen shows, verified; what can be trusted, issued.

mod cards;
mod credentials;
mod lists;
mod offline;
mod pictures;
mod refusals;
mod repeated;
mod replays;
mod restarts;
mod shown;
