//! Citizens sign in: the OpenID Provider as relying parties meet it.

mod backchannel;
mod bound;
mod code_flow;
mod documents;
mod ends;
mod library;
mod phone;
mod refresh;
mod refusals;
mod replays;
pub mod rig;
mod rotating;
mod sessions;
mod stopped;
mod telling;
mod turning_back;
