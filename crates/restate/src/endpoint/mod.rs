//! A service pod: the SDK and the two verification services.
//!
//! Kept: one event loop per pod, so that handlers of a pod take turns; every attempt runs its handler anew against the
//! journal; entries are checked against the journal by kind. Simplified: what a handler does up to its next wait takes
//! one service time and is sent at its end. Left out: zombie handlers do no harm here, since user code does nothing but
//! make entries; when its stream is gone, a handler is dropped.

pub mod interpreter;
pub mod pod;
pub mod sdk;
pub mod verifier;
