//! The built book in memory: a map from request paths to files. What is not in the map cannot be served, so there is
//! no path to climb out of, and a rebuild never shows a half-written page.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::source::files_below;
use crate::text::with_slashes;

#[derive(Debug, Default)]
pub struct Site {
    files: HashMap<String, File>,
}

#[derive(Debug)]
pub struct File {
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
    /// The page's own inline scripts, as sources of a `script-src`.
    pub scripts: String,
}

/// Where a request path leads.
#[derive(Debug)]
pub enum Place<'site> {
    File(&'site File),
    /// The path names a folder without its last slash, and relative links would go wrong.
    Folder,
    Nowhere,
}

impl Site {
    pub fn load(dir: &Path) -> anyhow::Result<Site> {
        let mut files = HashMap::new();
        for path in files_below(dir) {
            let bytes = std::fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
            let relative = path.strip_prefix(dir).unwrap_or(&path);
            let content_type = content_type(&path);
            let page = content_type.starts_with("text/html");
            let scripts = if page { inline_scripts(&String::from_utf8_lossy(&bytes)) } else { String::new() };
            files.insert(format!("/{}", with_slashes(relative)), File { content_type, bytes, scripts });
        }
        Ok(Site { files })
    }

    /// Looks up a decoded path.
    pub fn find(&self, path: &str) -> Place<'_> {
        if path.ends_with('/') {
            return self.files.get(&format!("{path}index.html")).map_or(Place::Nowhere, Place::File);
        }
        match self.files.get(path) {
            Some(file) => Place::File(file),
            None if self.files.contains_key(&format!("{path}/index.html")) => Place::Folder,
            None => Place::Nowhere,
        }
    }
}

fn content_type(path: &Path) -> &'static str {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match extension.as_str() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "xml" => "application/xml",
        "txt" | "md" | "rs" | "toml" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The hashes of a page's inline scripts: with them the page's policy can forbid all other inline code.
fn inline_scripts(html: &str) -> String {
    let mut sources = String::new();
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        let Some(open) = rest[start..].find('>') else { break };
        let tag = &rest[start..start + open];
        let body = &rest[start + open + 1..];
        let Some(end) = body.find("</script") else { break };
        if !tag.contains(" src=") {
            let hash = STANDARD.encode(Sha256::digest(&body.as_bytes()[..end]));
            sources.push_str(&format!(" 'sha256-{hash}'"));
        }
        rest = &body[end..];
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inline_scripts_are_hashed() {
        let html = "<script src=\"a.js\"></script><script>\nlet a = 1;\n</script>";
        // printf '\nlet a = 1;\n' | openssl dgst -sha256 -binary | base64
        assert_eq!(inline_scripts(html), " 'sha256-wCpX6PRaV2tYabHPuD0EVrhGyeiYQpOhQOJ8OhOtDwA='");
    }
}
