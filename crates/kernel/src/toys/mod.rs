//! Two small systems to try and to measure the kernel with. They model nothing.

pub mod ping_pong;
pub mod token_ring;
