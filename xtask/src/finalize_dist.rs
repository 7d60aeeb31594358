//! `cargo xtask finalize-dist`: fills in what only a finished build of the page knows; Trunk calls it (`Trunk.toml`).

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::command;
use crate::split::split;
use crate::tools::{Tools, WASM_TARGET};

/// What Trunk adds to the page for `trunk serve`, which reloads it after each change.
const RELOADS_ITSELF: &str = ".well-known/trunk/ws";

const PAGE: &str = "index.html";
/// Programs that are loaded when they are first needed. Trunk gives them names without a hash.
const LATER: [&str; 4] = ["compute", "measure", "inspect", "relay"];
const WORKER: &str = "service-worker.js";

/// How the two constants stand in `web/service-worker.js`.
const NO_VERSION: &str = r#"const VERSION = "";"#;
const NO_FILES: &str = "const FILES = [];";

/// Memory packing is skipped: zeros compress well, many small segments do not. Little is inlined, because inlined code
/// compresses badly. A second round optimises the output of the first.
const OPTIMISATION: &[&str] = &[
    "-Oz",
    "--always-inline-max-function-size=4",
    "--one-caller-inline-max-function-size=10",
    "--flatten",
    "--rereloop",
    "-Oz",
    "--converge",
    "--flatten",
    "--rereloop",
    "-Oz",
    "--low-memory-unused",
    "--strip-producers",
    "--strip-target-features",
    "--skip-pass=memory-packing",
];

/// How a page was built.
struct Build {
    /// Where Trunk has put its files.
    folder: PathBuf,
    profile: Profile,
}

#[derive(Clone, Copy, PartialEq)]
enum Profile {
    Debug,
    Release,
}

pub(crate) fn run() -> Result<()> {
    let variable = |name| env::var_os(name).with_context(|| format!("{name} is not set: Trunk calls finalize-dist"));
    let profile = if variable("TRUNK_PROFILE")? == "release" { Profile::Release } else { Profile::Debug };
    Build { folder: variable("TRUNK_STAGING_DIR")?.into(), profile }.finalize()
}

impl Build {
    fn finalize(&self) -> Result<()> {
        let page = self.folder.join(PAGE);
        let html = text(&page)?;
        if html.contains(RELOADS_ITSELF) {
            // Trunk's reload script is inline, which the policy forbids; and nothing is cached, and nothing split.
            return write(&page, without_policy(&html)?);
        }
        let mut html = self.with_deferred_code(&html)?;
        for program in LATER {
            self.optimise(&self.folder.join([program, "_bg.wasm"].concat()))?;
            html = with_hash(&self.folder, &html, program)?;
        }
        write(&page, html)?;
        finalize_service_worker(&self.folder)
    }

    /// Splits the page's program. Returns the page with the names of the two files.
    fn with_deferred_code(&self, html: &str) -> Result<String> {
        let name = attribute(html, "data-wasm")?.rsplit('/').next().unwrap_or_default();
        let whole = self.folder.join(name);
        let halves = split(&bytes(&self.linked("web")?)?, &bytes(&whole)?)?;
        let mut hasher = DefaultHasher::new();
        (&halves.first, &halves.deferred).hash(&mut hasher);
        let names = ["web", "deferred"].map(|half| format!("{half}-{:016x}_bg.wasm", hasher.finish()));
        for (half, code) in names.iter().zip([halves.first, halves.deferred]) {
            write(&self.folder.join(half), code)?;
            self.optimise(&self.folder.join(half))?;
        }
        fs::remove_file(&whole).with_context(|| format!("cannot delete {}", whole.display()))?;
        let html = without_integrity(html, name)?.replace(name, &names[0]);
        let base = attribute(&html, "data-wasm")?.strip_suffix(&*names[0]).unwrap_or_default();
        replaced(&html, r#"data-deferred="""#, &format!(r#"data-deferred="{base}{}""#, names[1]), PAGE)
    }

    /// What the linker made of a program of the page, in the target folder that holds this program as well.
    fn linked(&self, program: &str) -> Result<PathBuf> {
        let own = env::current_exe().context("xtask does not know where it is")?;
        let target = own.ancestors().nth(2).context("xtask is in no target folder")?;
        let profile = if self.profile == Profile::Release { "page" } else { "debug" };
        Ok(target.join(WASM_TARGET).join(profile).join(program).with_extension("wasm"))
    }

    fn optimise(&self, module: &Path) -> Result<()> {
        if self.profile == Profile::Debug {
            return Ok(());
        }
        let mut optimiser = Tools::ready_for_release()?.command("wasm-opt")?;
        command::run(optimiser.args(OPTIMISATION).arg(module).arg("--output").arg(module))
    }
}

fn finalize_service_worker(folder: &Path) -> Result<()> {
    let files = files(folder)?;
    let worker = folder.join(WORKER);
    let worker_script = filled_in(&text(&worker)?, &files)?;
    write(&worker, &worker_script)
}

/// The value of an attribute, where it stands first in the page.
fn attribute<'a>(html: &'a str, name: &str) -> Result<&'a str> {
    let value = html.split_once(&format!(" {name}=\"")).and_then(|(_, after)| after.split_once('"'));
    value.map(|(value, _)| value).with_context(|| format!("{PAGE} has no {name}"))
}

/// The page without the hash of a file in the link that preloads it: the file changes.
fn without_integrity(html: &str, name: &str) -> Result<String> {
    let link = html.split('<').find(|tag| tag.starts_with("link ") && tag.contains(name));
    let link = link.with_context(|| format!("{PAGE} does not preload {name}"))?;
    let integrity = format!(" integrity=\"{}\"", attribute(link, "integrity")?);
    replaced(html, link, &link.replace(&integrity, ""), PAGE)
}

/// Renames the files of a program that is loaded later, so that a page gets those of its own version or none. Returns
/// the page with the new name.
fn with_hash(folder: &Path, html: &str, program: &str) -> Result<String> {
    let [glue, wasm] = [".js", "_bg.wasm"].map(|end| folder.join([program, end].concat()));
    let script = text(&glue)?;
    let mut hasher = DefaultHasher::new();
    bytes(&wasm)?.hash(&mut hasher);
    script.hash(&mut hasher);
    let name = format!("{program}-{:016x}", hasher.finish());
    let wasm_name = format!("{name}_bg.wasm");
    // The glue names the WebAssembly beside it.
    let script =
        replaced(&script, &format!("'{program}_bg.wasm'"), &format!("'{wasm_name}'"), &format!("{program}.js"))?;
    write(&folder.join(format!("{name}.js")), script)?;
    fs::rename(&wasm, folder.join(wasm_name)).with_context(|| format!("cannot rename {}", wasm.display()))?;
    fs::remove_file(&glue).with_context(|| format!("cannot delete {}", glue.display()))?;
    replaced(html, &format!("{program}.js\""), &format!("{name}.js\""), PAGE)
}

/// A file of the page, as the service worker lists it.
struct CachedFile {
    /// Relative to the page's address, which is itself `./`.
    name: String,
    content: Vec<u8>,
}

/// All of the page but the service worker, in the order of their names.
fn files(folder: &Path) -> Result<Vec<CachedFile>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .with_context(|| format!("cannot read {}", folder.display()))?;
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    paths
        .iter()
        .map(|path| (name(path), path))
        .filter(|(name, _)| name != WORKER)
        .map(|(name, path)| {
            let content = bytes(path)?;
            let name = if name == PAGE { "./".to_owned() } else { name };
            Ok(CachedFile { name, content })
        })
        .collect()
}

/// The service worker with its version, which differs whenever a file does, and the names of what it keeps.
fn filled_in(worker: &str, files: &[CachedFile]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        (&file.name, &file.content).hash(&mut hasher);
    }
    let names: Vec<String> = files.iter().map(|file| format!("{:?}", file.name)).collect();
    let worker = replaced(worker, NO_VERSION, &format!("const VERSION = \"{:016x}\";", hasher.finish()), WORKER)?;
    replaced(&worker, NO_FILES, &format!("const FILES = [{}];", names.join(", ")), WORKER)
}

/// The page without the line that holds its Content-Security-Policy.
fn without_policy(html: &str) -> Result<String> {
    let line = html.split_inclusive('\n').find(|line| line.contains(r#"http-equiv="Content-Security-Policy""#));
    replaced(html, line.with_context(|| format!("{PAGE} has no Content-Security-Policy"))?, "", PAGE)
}

fn replaced(text: &str, old: &str, new: &str, name: &str) -> Result<String> {
    if text.contains(old) { Ok(text.replacen(old, new, 1)) } else { Err(anyhow!("{name} does not hold '{old}'")) }
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::root;

    fn source(name: &str) -> String {
        text(&root().join(name)).unwrap()
    }

    fn cached(name: &str, content: &str) -> CachedFile {
        CachedFile { name: name.to_owned(), content: content.as_bytes().to_vec() }
    }

    #[test]
    fn the_service_worker_learns_which_files_to_keep() {
        let worker = filled_in(&source("web/service-worker.js"), &[cached("./", ""), cached("web-1.js", "")]).unwrap();
        assert!(worker.contains(r#"const FILES = ["./", "web-1.js"];"#), "{worker}");
    }

    #[test]
    fn the_version_differs_whenever_a_file_does() {
        let version = |content| {
            let worker = filled_in(&source("web/service-worker.js"), &[cached("worker.js", content)]).unwrap();
            worker.lines().find(|line| line.starts_with("const VERSION")).unwrap().to_owned()
        };
        assert_eq!(version("one"), version("one"));
        assert_ne!(version("one"), version("two"));
    }

    #[test]
    fn a_page_that_trunk_reloads_loses_its_policy() {
        let page = source("index.html");
        let open = without_policy(&page).unwrap();
        assert_eq!(page.lines().count() - 1, open.lines().count());
        assert!(!open.contains("Content-Security-Policy"), "{open}");
    }

    #[test]
    fn a_service_worker_that_is_filled_in_already_is_an_error() {
        let worker = filled_in(&source("web/service-worker.js"), &[]).unwrap();
        let sentence = filled_in(&worker, &[]).unwrap_err().to_string();
        assert!(sentence.starts_with("service-worker.js does not hold 'const VERSION"), "{sentence}");
    }
}
