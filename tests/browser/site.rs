//! The page on another host: files, without the headers of Canyon's own server.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::servers::DIST;

/// By name, as in a URL after its first slash; the page itself is `index.html`.
type Files = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// The files in `dist/`, served while the test runs.
pub(crate) struct Site {
    port: u16,
    files: Files,
}

impl Site {
    pub(crate) async fn start() -> Result<Self> {
        Self::with_files_of(Path::new(DIST)).await
    }

    /// The page in another folder than `dist/`.
    pub(crate) async fn with_files_of(folder: &Path) -> Result<Self> {
        let mut files = HashMap::new();
        let built = || format!("there is no page in {}: run `trunk build` first", folder.display());
        for entry in folder.read_dir().with_context(built)? {
            let entry = entry?;
            files.insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?);
        }
        let files = Arc::new(Mutex::new(files));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let served = Arc::clone(&files);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(answer(client, Arc::clone(&served)));
            }
        });
        Ok(Self { port, files })
    }

    /// Where the page is.
    pub(crate) fn page(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Takes away the files whose names begin so.
    pub(crate) fn without(&self, prefix: &str) -> Missing {
        let mut files = self.files.lock().expect("nobody panics with the files in hand");
        let (missing, rest) = files.drain().partition(|(name, _)| name.starts_with(prefix));
        *files = rest;
        Missing { files: missing, site: Arc::clone(&self.files) }
    }

    /// Replaces text in a file, as a new version of the page would.
    pub(crate) fn replace(&self, name: &str, old: &str, new: &str) -> Result<()> {
        let mut files = self.files.lock().expect("nobody panics with the files in hand");
        let content = files.get_mut(name).with_context(|| format!("dist/ has no {name}"))?;
        let text = std::str::from_utf8(content)?;
        ensure!(text.contains(old), "{name} does not hold {old:?}");
        *content = text.replace(old, new).into();
        Ok(())
    }
}

/// Files that a [`Site`] does not have for now.
pub(crate) struct Missing {
    files: HashMap<String, Vec<u8>>,
    site: Files,
}

impl Missing {
    /// Has the site serve them again.
    pub(crate) fn put_back(self) {
        self.site.lock().expect("nobody panics with the files in hand").extend(self.files);
    }
}

/// Answers one request.
async fn answer(client: TcpStream, files: Files) -> Result<()> {
    let mut client = BufReader::new(client);
    let mut request = String::new();
    client.read_line(&mut request).await?;
    let mut header = String::new();
    while client.read_line(&mut header).await? > 2 {
        header.clear();
    }
    let target = request.split(' ').nth(1).unwrap_or_default();
    let name = match target.split('?').next() {
        None | Some("/") => "index.html",
        Some(path) => path.trim_start_matches('/'),
    };
    let content = files.lock().expect("nobody panics with the files in hand").get(name).cloned();
    let status = if content.is_some() { "200 OK" } else { "404 Not Found" };
    let content = content.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        media_type(name),
        content.len()
    );
    client.write_all(&[head.as_bytes(), &content].concat()).await?;
    client.shutdown().await?;
    Ok(())
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
