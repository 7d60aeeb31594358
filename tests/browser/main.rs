//! A person's journey through the page, in a real browser against the real server.
//!
//! Needs the page in `dist/` (`trunk build`), chromedriver (`$CHROMEDRIVER`, or on `PATH`) and a Chrome or Chromium
//! (`$CHROME`, or where chromedriver looks). `cargo xtask test` provides all of it; by hand:
//! `cargo test -p canyon-tests --test browser`.

mod accessibility;
mod archive;
mod background;
mod decoded;
mod devtools;
mod driver;
mod file;
mod flood;
mod http2;
mod keys;
mod large;
mod layout;
mod log;
mod losses;
mod measure;
mod messages;
mod offline;
mod page;
mod policy;
mod screenshots;
mod servers;
mod sessions;
mod signs;
mod site;
mod socket_origin;
mod start;
mod storage;
mod through;
mod wire;
mod workbench;
