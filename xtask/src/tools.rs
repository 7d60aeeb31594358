//! The tools that build and test the page: found on `PATH` or in the cache in exactly the right version, or installed there.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::command::{self, answer, on_path, program, root, version};
use crate::{install, npm};

/// For `rustup target add` and cargo's `--target`.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The newest release that Rust 1.95 builds.
const TRUNK: &str = "0.21.14";

/// The optimiser of WebAssembly, wasm-opt. From npm, which has it compiled; its crate takes 10 minutes to build.
const BINARYEN: &str = "132.0.0";

/// The script that checks the page's accessibility.
const AXE_CORE: &str = "4.14.1";

/// A package of programs or files, in the required version.
pub(crate) struct Tool {
    /// The name in its package index.
    pub(crate) package: &'static str,
    pub(crate) version: String,
    /// Each one is used, and prints its version for `--version`.
    programs: &'static [&'static str],
    pub(crate) source: Source,
}

/// Where a tool comes from.
pub(crate) enum Source {
    Crates {
        /// What `cargo install` needs to know beyond name and version.
        options: &'static [&'static str],
        /// How long the build takes on two cores.
        minutes: u32,
    },
    Npm,
}

impl Tool {
    fn trunk() -> Self {
        Self {
            package: "trunk",
            version: TRUNK.to_owned(),
            programs: &["trunk"],
            // Leaves out the update check, and OpenSSL with it.
            source: Source::Crates { options: &["--no-default-features", "--features", "rustls"], minutes: 5 },
        }
    }

    fn binaryen() -> Self {
        Self { package: "binaryen", version: BINARYEN.to_owned(), programs: &["wasm-opt"], source: Source::Npm }
    }

    fn axe_core() -> Self {
        Self { package: "axe-core", version: AXE_CORE.to_owned(), programs: &[], source: Source::Npm }
    }

    /// The page and the tool must have exactly the same version.
    fn wasm_bindgen() -> Result<Self> {
        let lock = root().join("Cargo.lock");
        let text = fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
        let version = locked_version(&text, "wasm-bindgen")
            .with_context(|| format!("{} does not name wasm-bindgen", lock.display()))?;
        Ok(Self {
            package: "wasm-bindgen-cli",
            version: version.to_owned(),
            programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
            source: Source::Crates { options: &[], minutes: 2 },
        })
    }

    fn is_on_path(&self) -> bool {
        self.programs.iter().all(|name| {
            on_path(name).is_some_and(|path| {
                answer(Command::new(path).arg("--version"))
                    .as_deref()
                    .and_then(version)
                    .is_some_and(|version| self.is(version))
            })
        })
    }

    /// Binaryen's versions are whole numbers, to which npm adds `.0.0`.
    fn is(&self, printed: &str) -> bool {
        self.version == printed || self.version.strip_suffix(".0.0") == Some(printed)
    }

    pub(crate) fn is_in(&self, cache: &Path) -> bool {
        self.folder(cache).is_dir()
    }

    pub(crate) fn folder(&self, cache: &Path) -> PathBuf {
        cache.join(self.to_string())
    }

    /// Where its programs are.
    fn bin(&self, cache: &Path) -> PathBuf {
        let folder = self.folder(cache);
        match self.source {
            Source::Crates { .. } => folder.join("bin"),
            Source::Npm => folder.join(npm::MODULES).join(".bin"),
        }
    }
}

/// Name and version in one word, such as `trunk-0.21.14`.
impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.package, self.version)
    }
}

/// The tools, ready to be called.
pub(crate) struct Tools {
    /// Where the programs are that `PATH` does not have.
    folders: Vec<PathBuf>,
}

impl Tools {
    /// Finds or installs the tools of a debug build of the page.
    pub(crate) fn ready() -> Result<Self> {
        Self::with([Tool::trunk(), Tool::wasm_bindgen()?])
    }

    /// As [`Self::ready`], with the tools of a release.
    pub(crate) fn ready_for_release() -> Result<Self> {
        Self::with([Tool::trunk(), Tool::wasm_bindgen()?, Tool::binaryen()])
    }

    fn with(tools: impl IntoIterator<Item = Tool>) -> Result<Self> {
        ready_wasm_target()?;
        let cache = cache()?;
        let tools: Vec<Tool> = tools.into_iter().filter(|tool| !tool.is_on_path()).collect();
        install::into(&cache, &tools)?;
        Ok(Self { folders: tools.iter().map(|tool| tool.bin(&cache)).collect() })
    }

    /// A command with the tools on its `PATH`.
    pub(crate) fn command(&self, name: &str) -> Result<Command> {
        let mut command = program(name);
        if !self.folders.is_empty() {
            let path = env::var_os("PATH").unwrap_or_default();
            let folders = self.folders.iter().cloned().chain(env::split_paths(&path));
            let path = env::join_paths(folders).context("cannot put the tools on PATH")?;
            command.env("PATH", path);
        }
        Ok(command)
    }

    /// Trunk with one of its verbs, offline.
    pub(crate) fn trunk(&self, verb: &str) -> Result<Command> {
        let mut trunk = self.command("trunk")?;
        trunk.args([verb, "--offline"]);
        // Trunk 0.21 takes only `true` and `false`, and fails at the usual `1`.
        if env::var_os("NO_COLOR").is_some() {
            trunk.env("NO_COLOR", "true");
        }
        Ok(trunk)
    }
}

/// Finds or installs the script that checks a page's accessibility.
pub(crate) fn axe_core() -> Result<PathBuf> {
    let (cache, tool) = (cache()?, Tool::axe_core());
    install::into(&cache, std::slice::from_ref(&tool))?;
    Ok(tool.folder(&cache).join(npm::MODULES).join("axe-core/axe.min.js"))
}

/// Finds or installs the target that rustc needs for the page.
pub(crate) fn ready_wasm_target() -> Result<()> {
    let mut question = program("rustc");
    question.args(["--print", "target-libdir", "--target", WASM_TARGET]);
    if answer(&mut question).is_some_and(|folder| Path::new(folder.trim()).is_dir()) {
        return Ok(());
    }
    if on_path("rustup").is_none() {
        return Err(anyhow!(
            "this Rust has no {WASM_TARGET} target, and there is no rustup to add it; see https://rustup.rs"
        ));
    }
    println!("Rust's {WASM_TARGET} target is missing; rustup adds it in some seconds.");
    command::run(program("rustup").args(["target", "add", WASM_TARGET]))
}

/// The version that a lock file holds of a crate.
fn locked_version<'a>(lock: &'a str, krate: &str) -> Option<&'a str> {
    let name = format!("name = \"{krate}\"");
    let after = lock.lines().skip_while(|line| *line != name).nth(1)?;
    after.strip_prefix("version = \"")?.strip_suffix('"')
}

fn cache() -> Result<PathBuf> {
    cache_folder(|name| env::var_os(name), env::consts::OS)
}

/// The folder of the tools, shared by all clones of the repository: `$CANYON_TOOLS`, or in the cache folder of the platform.
fn cache_folder(variable: impl Fn(&str) -> Option<OsString>, os: &str) -> Result<PathBuf> {
    let folder = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(tools) = folder("CANYON_TOOLS") {
        return Ok(root().join(tools));
    }
    let cache = match os {
        "macos" => folder("HOME").map(|home| home.join("Library/Caches")),
        "windows" => folder("LOCALAPPDATA"),
        _ => folder("XDG_CACHE_HOME")
            .filter(|cache| cache.is_absolute())
            .or_else(|| folder("HOME").map(|home| home.join(".cache"))),
    };
    let cache = cache.context("this user has no cache folder; name a folder for the tools in $CANYON_TOOLS")?;
    Ok(cache.join("canyon"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "\
[[package]]
name = \"wasm-bindgen-macro\"
version = \"0.2.131\"

[[package]]
name = \"wasm-bindgen\"
version = \"0.2.130\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"
";

    #[test]
    fn the_version_comes_from_the_lock_file_entry_of_that_very_name() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(LOCK, "wasm"), None);
    }

    #[test]
    fn the_lock_file_of_this_workspace_names_wasm_bindgen() {
        let tool = Tool::wasm_bindgen().unwrap();
        assert_eq!(tool.to_string(), format!("wasm-bindgen-cli-{}", tool.version));
    }

    #[test]
    fn binaryen_is_found_by_its_own_version() {
        assert!(Tool::binaryen().is("132"));
        assert!(!Tool::binaryen().is("131"));
        assert!(Tool::trunk().is("0.21.14"));
    }

    fn cache_on(os: &str, variables: &[(&str, &str)]) -> Result<PathBuf> {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        cache_folder(find, os)
    }

    #[test]
    fn tools_are_kept_in_the_cache_folder_of_the_platform() {
        let home = ("HOME", "/home/ann");
        assert_eq!(cache_on("linux", &[home]).unwrap(), Path::new("/home/ann/.cache/canyon"));
        assert_eq!(cache_on("linux", &[home, ("XDG_CACHE_HOME", "/cache")]).unwrap(), Path::new("/cache/canyon"));
        assert_eq!(
            cache_on("linux", &[home, ("XDG_CACHE_HOME", "relative")]).unwrap(),
            Path::new("/home/ann/.cache/canyon")
        );
        assert_eq!(cache_on("macos", &[home]).unwrap(), Path::new("/home/ann/Library/Caches/canyon"));
        assert_eq!(cache_on("windows", &[("LOCALAPPDATA", "/local")]).unwrap(), Path::new("/local/canyon"));
    }

    #[test]
    fn canyon_tools_wins_over_the_cache_folder() {
        assert_eq!(
            cache_on("linux", &[("HOME", "/home/ann"), ("CANYON_TOOLS", "/tools")]).unwrap(),
            Path::new("/tools")
        );
    }

    #[test]
    fn without_any_home_the_sentence_names_the_way_out() {
        let sentence = cache_on("linux", &[]).unwrap_err().to_string();
        assert!(sentence.contains("$CANYON_TOOLS"), "{sentence}");
    }
}
