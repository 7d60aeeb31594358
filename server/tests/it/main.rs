//! The server through real sockets: every test starts one of its own on a free port.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used)]

mod attacks;
mod budget;
mod close;
mod echo;
mod event_loop;
mod forwarded;
mod gateway;
mod health;
mod hostile;
mod http;
mod http_echo;
mod inspect;
mod language;
#[cfg(unix)]
mod metrics;
mod process;
mod program;
mod proxy_protocol;
mod refusals;
mod relay;
mod settings;
mod shortage;
mod shutdown;
mod support;
#[cfg(target_os = "linux")]
mod systemd;
mod tls;
#[cfg(unix)]
mod unix;
