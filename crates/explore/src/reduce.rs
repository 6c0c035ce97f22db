//! What a shrinker asks of a plan.

/// Offers the smaller selves of a plan.
pub trait Reduce: Sized {
    /// Plans with less in them than this one, the largest reductions first. Each must be strictly smaller by a measure
    /// of the implementer's choice, so that a shrinker which keeps taking one comes to an end. What is left keeps its
    /// stable ids: the dice of the rest may not move. An empty list says that nothing can be left out.
    fn smaller(&self) -> Vec<Self>;
}
