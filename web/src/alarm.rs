//! Wakes the page at a time of its choice. The timer runs in the worker: a browser holds back those of a background tab,
//! to one a second and then to one a minute.

use model::Time;

use crate::browser::clock;
use crate::worker_handle::WorkerHandle;

/// One time, at which the worker wakes the page.
pub struct Alarm {
    worker: WorkerHandle,
    set_to: Option<Time>,
}

impl Alarm {
    /// Not set.
    pub fn new(worker: WorkerHandle) -> Self {
        Self { worker, set_to: None }
    }

    /// Sets it to that time, in place of any before. Unset, it may still go off at the time before.
    pub fn set(&mut self, at: Option<Time>) {
        if self.set_to == at {
            return;
        }
        self.set_to = at;
        if let Some(at) = at {
            let milliseconds = at.since(clock::now()).as_secs_f64() * 1000.0;
            // The cast ends at the largest number.
            self.worker.wake_after(milliseconds.ceil() as u32);
        }
    }

    /// It went off.
    pub fn unset(&mut self) {
        self.set_to = None;
    }
}
