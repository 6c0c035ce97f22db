//! Members fed by hand.

mod elections;
mod hand;
mod leading;
mod replicas;
