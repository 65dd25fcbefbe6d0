//! The only place that looks at a clock.

use std::time::Instant;

/// How often the entrants of a comparison take their turns.
pub(crate) const ROUNDS: usize = 25;

/// Does the work and says how many seconds it took.
#[expect(clippy::disallowed_methods, reason = "a benchmark is there to measure time; the core never sees it")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let done = work();
    (began.elapsed().as_secs_f64(), done)
}
