//! How much is let under way: a limit that follows the time that requests take, and the limiter of clients' commands.
//!
//! Vegas alone is modelled, upstream's default for both limiters. Left out: its other algorithms (AIMD, fixed, gradient,
//! gradient 2), which have to be configured.

mod commands;
mod vegas;
mod window;

pub use commands::CommandLimiter;
pub use vegas::{Growth, Vegas};
pub use window::Window;
