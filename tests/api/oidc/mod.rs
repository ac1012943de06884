//! Citizens sign in: the OpenID Provider as relying parties meet it.

mod backchannel;
mod bound;
mod code_flow;
mod documents;
mod ends;
mod refresh;
mod refusals;
mod replays;
mod rig;
mod sessions;
