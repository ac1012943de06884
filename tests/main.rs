//! The one integration binary.

mod api;
mod audit;
mod commands;
mod faults;
mod fuzzing;
mod pages;
mod population;
mod sealing;
mod support;
mod architecture;
