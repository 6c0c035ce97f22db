//! Model of a Zeebe 0.24.4 cluster.
pub mod bpmn;
pub mod engine;
pub mod exported;
pub mod processor;
pub mod protocol;
pub mod replay;
pub mod settings;
pub mod state;
pub mod verify;
