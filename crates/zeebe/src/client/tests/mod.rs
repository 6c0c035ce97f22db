//! Clients fed by hand.

mod scripted;
mod starter;
mod worker;
