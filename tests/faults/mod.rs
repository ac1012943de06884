//! What must hold when things fail.

mod storage;
