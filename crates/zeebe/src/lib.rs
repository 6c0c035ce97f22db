//! Model of a Zeebe 0.24.4 cluster.

#![forbid(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]

pub mod backpressure;
pub mod bpmn;
pub mod broker;
pub mod client;
pub mod client_node;
pub mod cluster;
pub mod engine;
pub mod event_service;
pub mod exported;
pub mod gateway;
pub mod gateway_node;
pub mod membership;
mod neighbours;
pub mod processor;
pub mod protocol;
pub mod replay;
pub mod settings;
pub mod state;
pub mod topology;
pub mod verify;
