//! The outcome of a load, as text for people and as unrounded JSON for programs.

use std::{fmt, time::Duration};

use bench::{
    load::{Outcome, Pace, Plan},
    messages::Kind,
};

/// A plan and its outcome.
pub(crate) struct Report<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) kind: Kind,
    pub(crate) outcome: &'a Outcome,
}

/// The names and quantiles of the latencies in the report.
const LATENCIES: [(&str, f64); 5] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

impl Report<'_> {
    /// The server's processor time for a message, in microseconds.
    fn processor(&self) -> f64 {
        microseconds(self.outcome.server.processor()) / self.outcome.messages as f64
    }

    /// How much of a processor the server used.
    fn share(&self) -> f64 {
        self.outcome.server.processor().as_secs_f64() / self.outcome.time.as_secs_f64()
    }

    fn latency(&self, share: f64) -> Duration {
        Duration::from_nanos(self.outcome.latency.value_at_quantile(share))
    }

    /// One line with everything.
    pub(crate) fn json(&self) -> String {
        let Self { plan, outcome, .. } = self;
        let resident = [outcome.server.idle, outcome.server.before, outcome.server.after].map(|usage| usage.resident);
        let latencies = LATENCIES.map(|(name, share)| format!("\"{name}_us\": {}", microseconds(self.latency(share))));
        format!(
            "{{\"connections\": {}, \"active\": {}, \"size\": {}, \"in_flight\": {}, \"messages\": {}, \"seconds\": {}, \
             \"server_us_per_message\": {}, \"server_processor_share\": {}, \"rss_kib_idle\": {}, \
             \"rss_kib_before\": {}, \"rss_kib_after\": {}, {}}}",
            plan.connections,
            plan.active,
            plan.expected.messages.size(),
            plan.in_flight,
            outcome.messages,
            outcome.time.as_secs_f64(),
            self.processor(),
            self.share(),
            resident[0],
            resident[1],
            resident[2],
            latencies.join(", ")
        )
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, kind, outcome } = self;
        let per_second = outcome.messages as f64 / outcome.time.as_secs_f64();
        write!(f, "{} × {} B {kind:?}", plan.connections, plan.expected.messages.size())?;
        if plan.active < plan.connections {
            write!(f, ", {} active", plan.active)?;
        }
        match plan.pace {
            Pace::Closed => write!(f, ", {} in flight", plan.in_flight)?,
            Pace::Open(rate) => write!(f, ", {rate} a second wanted")?,
        }
        write!(f, ": {} in {:.2} s, {per_second:.0} a second", outcome.messages, outcome.time.as_secs_f64())?;
        let server = &outcome.server;
        write!(f, "; server {:.3} µs each ({:.0} % of a processor), ", self.processor(), self.share() * 100.0)?;
        write!(f, "resident {} KiB idle, {} KiB after", server.idle.resident, server.after.resident)?;
        f.write_str("; latency")?;
        for (name, share) in LATENCIES {
            write!(f, " {name} {:.1?}", self.latency(share))?;
        }
        Ok(())
    }
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
