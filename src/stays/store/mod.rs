//! The rows of stays.
