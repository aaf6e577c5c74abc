//! The release desk: makes the zip that is uploaded to Lambda.

mod archive;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest as _, Sha256};

use archive::Entry;

#[derive(Deserialize)]
struct Request {
    /// What the function will run on: `x86_64` or `arm64`.
    architecture: String,
    files: Vec<File>,
}

/// A file of the build, or a symbolic link.
#[derive(Deserialize)]
struct File {
    path: String,
    /// The permissions as Unix has them: 420 is `0o644`.
    mode: u32,
    /// Seconds since 1970.
    modified: u64,
    #[serde(default, deserialize_with = "from_base64")]
    data: Vec<u8>,
    /// Where a symbolic link leads to; a link has no `data`.
    link: Option<String>,
}

#[derive(Serialize)]
struct Package {
    /// The zip, in Base64.
    zip: String,
    /// What Lambda will say in `CodeSha256`.
    sha256: String,
    /// The paths that were left out.
    left_out: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(|event: LambdaEvent<Request>| async { package(event.payload) })).await
}

fn package(request: Request) -> Result<Package, Diagnostic> {
    let Request { architecture: _architecture, files } = request;
    // TODO: refuse what must not be in a package: unsafe paths, symbolic links, a path that comes twice.
    let files: Vec<File> = files.into_iter().filter(|file| file.link.is_none()).collect();
    // TODO: leave out what is nobody's business: `.git` and `.env`.
    // TODO: refuse a package without a `bootstrap` that runs on the architecture.
    // TODO: the same files make the same zip, whoever built them, in whatever order and when.
    let zip = archive::zip(files.iter().map(|file| Entry {
        path: &file.path,
        mode: file.mode,
        modified: file.modified,
        data: &file.data,
    }));
    // TODO: say the hash as Lambda says it.
    let sha256 = format!("{:x?}", Sha256::digest(&zip).as_slice());
    Ok(Package { zip: BASE64_STANDARD.encode(zip), sha256, left_out: Vec::new() })
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    BASE64_STANDARD.decode(text).map_err(serde::de::Error::custom)
}
