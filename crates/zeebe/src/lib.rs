//! Model of a Zeebe 0.24.4 cluster.
pub mod bpmn;
pub mod exported;
pub mod protocol;
