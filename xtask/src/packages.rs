//! Packages of the operating system, for programs that no language's registry has. Where installing needs a password, the
//! error is the command to type.

use std::process::Command;

use anyhow::{Result, anyhow, bail};

use crate::command::{self, answer, on_path, program};

/// The packages of one program, by the names of the two package managers.
pub(crate) struct Packages {
    /// The program, as the subject of a sentence.
    pub(crate) what: &'static str,
    /// Names in Debian and its derivatives.
    pub(crate) apt: &'static [&'static str],
    /// Arguments for `brew install`.
    pub(crate) brew: &'static [&'static str],
}

impl Packages {
    /// Installs them.
    ///
    /// # Errors
    /// How to install them by hand.
    pub(crate) fn install(&self) -> Result<()> {
        if on_path("apt-get").is_some() {
            self.install_by_apt()
        } else if on_path("brew").is_some() {
            println!("{} is missing; brew installs it, in a few minutes.", self.what);
            command::run(program("brew").arg("install").args(self.brew))
        } else {
            Err(anyhow!("{} is missing; install it and have it on PATH", self.what))
        }
    }

    fn install_by_apt(&self) -> Result<()> {
        let packages = self.apt.join(" ");
        let Some(privileged) = privileged() else {
            bail!("{} is missing; run: sudo apt-get install -y {packages}", self.what);
        };
        println!("{} is missing; apt-get installs it, in a few minutes.", self.what);
        let apt_get = |arguments: &[&str]| {
            let words = privileged.iter().chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            let mut words = words.chain(arguments);
            command::run(program(words.next().unwrap_or(&"env")).args(words))
        };
        if let Err(error) = apt_get(&["update"]) {
            // One broken source among several is no reason to stop.
            println!("{error:#}; going on with the lists that are there.");
        }
        apt_get(&[&["install", "-y"], self.apt].concat())
    }
}

/// The words in front of a command that needs root; `None` where a password would have to be typed.
fn privileged() -> Option<&'static [&'static str]> {
    if answer(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0") {
        Some(&[])
    } else if answer(Command::new("sudo").args(["-n", "true"])).is_some() {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}
