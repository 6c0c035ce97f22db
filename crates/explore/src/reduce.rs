//! What a shrinker asks of a plan.

/// Offers the smaller selves of a plan, in two kinds: with parts left out, and with what is left made simpler.
///
/// Neither may move the dice of what is left: parts keep their stable ids.
pub trait Reduce: Sized {
    /// What can be left out, by names that stay when others are left out (`fault cut-1`, `operation 17`, `broker 3`).
    /// No two of a plan have one name.
    fn parts(&self) -> Vec<String>;

    /// The plan without these (indices into `parts`), and without what cannot stand without them. `None`: it cannot be.
    /// What is left keeps its stable ids: the dice of the rest may not move.
    fn without(&self, parts: &[usize]) -> Option<Self>;

    /// Simpler selves with the same parts, or with fewer that no set of parts to leave out could give: shorter, rounder, nearer to the ideal; the largest steps first, each with words
    /// for what it changes, strictly simpler by a measure of the implementer's, so that taking one after another ends.
    fn simpler(&self) -> Vec<(String, Self)>;
}
