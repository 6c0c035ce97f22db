//! Ctrl-C: the first stops cleanly with what was found, the second aborts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::output::say;

/// Exit status of an abort: 128 and the number of the signal, as shells have it.
const ABORTED: i32 = 130;

/// The flag that the first Ctrl-C sets. Where no handler can be had, Ctrl-C just ends the process.
pub fn on_ctrl_c() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let handler = move || {
        if flag.swap(true, Relaxed) {
            std::process::exit(ABORTED);
        }
        say("stopping after the runs under way; Ctrl-C again aborts");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        say(format!("warning: Ctrl-C will lose what was found: {error}"));
    }
    stop
}
