//! Gateways fed by hand.

mod commands;
mod polls;
