//! `cargo xtask seal`: fills in what only a finished build of the page knows; Trunk calls it (`Trunk.toml`).
//! Never adds a file to what Trunk built.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::names::shortened;

pub(crate) const ABOUT: &str = "tell the page's service worker what Trunk built; Trunk calls it";

/// What Trunk adds to the page for `trunk serve`, which reloads it after each change.
const RELOADS_ITSELF: &str = ".well-known/trunk/ws";

const PAGE: &str = "index.html";
const WORKER: &str = "service-worker.js";

/// How the two constants stand in `web/service-worker.js`.
const NO_VERSION: &str = r#"const VERSION = "";"#;
const NO_FILES: &str = "const FILES = [];";

pub(crate) fn run(arguments: &[String]) -> Result {
    if let Some(word) = arguments.first() {
        return Err(format!("seal does not know '{word}'; it takes no arguments"));
    }
    let folder = env::var_os("TRUNK_STAGING_DIR").ok_or("TRUNK_STAGING_DIR is not set: seal is called by Trunk")?;
    seal(Path::new(&folder))
}

fn seal(folder: &Path) -> Result {
    let page = folder.join(PAGE);
    let html = text(&page)?;
    if html.contains(RELOADS_ITSELF) {
        // Trunk's script stands in the page itself, which the policy forbids; and nothing is to be kept.
        return write(&page, &without_policy(&html)?);
    }
    shorten(folder)?;
    let files = files(folder)?;
    let worker = folder.join(WORKER);
    let sealed = filled_in(&text(&worker)?, &files)?;
    write(&worker, &sealed)
}

/// Gives short names to the functions between the page's WebAssembly and its glue, and takes from that what no browser
/// needs.
fn shorten(folder: &Path) -> Result {
    for file in files(folder)? {
        let Some(name) = file.name.strip_suffix("_bg.wasm") else { continue };
        let glue = folder.join(name).with_extension("js");
        let (wasm, shorter) = shortened(&file.content, &text(&glue)?)?;
        write(&glue, bare(&shorter))?;
        write(&folder.join(&file.name), wasm)?;
    }
    Ok(())
}

/// A script without its comments and its indentation. Strings over several lines would be changed, but there are none.
fn bare(script: &str) -> String {
    let lines = script.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// A file of the page, as the service worker is told of it.
struct Kept {
    /// Relative to the page's address, which is itself `./`.
    name: String,
    content: Vec<u8>,
}

/// All of the page but the service worker, in the order of their names.
fn files(folder: &Path) -> Result<Vec<Kept>> {
    let unreadable = |error| format!("cannot read {}: {error}", folder.display());
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(unreadable)?;
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    paths
        .iter()
        .map(|path| (name(path), path))
        .filter(|(name, _)| name != WORKER)
        .map(|(name, path)| {
            let content = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            let name = if name == PAGE { "./".to_owned() } else { name };
            Ok(Kept { name, content })
        })
        .collect()
}

/// The service worker with its version, which differs whenever a file does, and the names of what it keeps.
fn filled_in(worker: &str, files: &[Kept]) -> Result<String> {
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
    replaced(html, line.ok_or_else(|| format!("{PAGE} has no Content-Security-Policy"))?, "", PAGE)
}

fn replaced(text: &str, old: &str, new: &str, name: &str) -> Result<String> {
    if text.contains(old) { Ok(text.replacen(old, new, 1)) } else { Err(format!("{name} does not hold '{old}'")) }
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write(path: &Path, content: impl AsRef<[u8]>) -> Result {
    fs::write(path, content).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::root;

    fn source(name: &str) -> String {
        text(&root().join(name)).unwrap()
    }

    fn kept(name: &str, content: &str) -> Kept {
        Kept { name: name.to_owned(), content: content.as_bytes().to_vec() }
    }

    #[test]
    fn the_service_worker_learns_which_files_to_keep() {
        let worker = filled_in(&source("web/service-worker.js"), &[kept("./", ""), kept("web-1.js", "")]).unwrap();
        assert!(worker.contains(r#"const FILES = ["./", "web-1.js"];"#), "{worker}");
    }

    #[test]
    fn the_version_differs_whenever_a_file_does() {
        let version = |content| {
            let worker = filled_in(&source("web/service-worker.js"), &[kept("worker.js", content)]).unwrap();
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
    fn a_script_keeps_what_it_does_and_no_more() {
        let script = "// What it is.\nfunction one() {\n    // Why.\n    return 'a // b';\n}\n\none();\n";
        assert_eq!(bare(script), "function one() {\nreturn 'a // b';\n}\none();\n");
    }

    #[test]
    fn a_service_worker_that_is_filled_in_already_is_an_error() {
        let worker = filled_in(&source("web/service-worker.js"), &[]).unwrap();
        let sentence = filled_in(&worker, &[]).unwrap_err();
        assert!(sentence.starts_with("service-worker.js does not hold 'const VERSION"), "{sentence}");
    }
}
