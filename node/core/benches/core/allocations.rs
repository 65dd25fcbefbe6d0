//! An allocator that counts. It knows how often memory was asked for, which no clock of a shared machine can blur.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub(crate) struct Counted;

static TIMES: AtomicU64 = AtomicU64::new(0);

/// How often memory was asked for since the start.
pub(crate) fn so_far() -> u64 {
    TIMES.load(Relaxed)
}

fn note() {
    // The benchmark has one thread; an atomic addition would cost more than what it counts.
    TIMES.store(TIMES.load(Relaxed) + 1, Relaxed);
}

#[expect(unsafe_code, reason = "an allocator is unsafe by its nature; this one hands everything on to the system's")]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller keeps the same promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the same promises.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: the caller keeps the same promises.
        unsafe { System.realloc(block, layout, size) }
    }
}
