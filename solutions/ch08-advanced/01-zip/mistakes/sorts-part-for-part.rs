//! caught-by: sorts_the_files_by_the_bytes_of_their_paths
//!
//! Sorts as `Path` does, part for part: a slash counts less than anything else then.
#![allow(unused)]

#[path = "../src/archive.rs"]
mod archive;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest as _, Sha256};

use archive::{EARLIEST, Entry};

/// The name under which Lambda looks for the program of a `provided` runtime.
const BOOTSTRAP: &str = "bootstrap";

#[derive(Deserialize)]
struct Request {
    /// What the function will run on.
    architecture: Architecture,
    files: Vec<File>,
}

#[derive(Clone, Copy, Deserialize)]
enum Architecture {
    #[serde(rename = "x86_64")]
    X86_64,
    #[serde(rename = "arm64")]
    Arm64,
}

impl Architecture {
    /// `e_machine` of its executables.
    fn machine(self) -> u16 {
        match self {
            Architecture::X86_64 => 62,
            Architecture::Arm64 => 183,
        }
    }
}

/// A file of the build, or a symbolic link.
#[derive(Deserialize)]
struct File {
    path: String,
    /// The permissions as Unix has them: 420 is `0o644`.
    mode: u32,
    #[serde(default, deserialize_with = "from_base64")]
    data: Vec<u8>,
    /// Where a symbolic link leads to; a link has no `data`.
    link: Option<String>,
}

impl File {
    /// Whether a path of the archive stays below the folder in which it is unpacked.
    fn is_safe(&self) -> bool {
        !self.path.contains('\\') && self.path.split('/').all(|part| !matches!(part, "" | "." | ".."))
    }

    /// Whether it is nobody's business: the history, and settings that hold secrets.
    fn is_private(&self) -> bool {
        self.path.split('/').any(|part| part == ".git" || part == ".env" || part.starts_with(".env."))
    }

    /// Permissions that do not depend on who built it. Lambda runs as a user who owns none of the files.
    fn mode(&self) -> u32 {
        let is_program = self.path == BOOTSTRAP || self.mode & 0o100 != 0;
        if is_program { 0o755 } else { 0o644 }
    }
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

/// Why there is no package, with the path that is to blame.
#[derive(Debug)]
enum Refusal {
    UnsafePath(String),
    SymbolicLink(String),
    Duplicate(String),
    NoBootstrap,
    NotAProgram,
    WrongArchitecture,
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Diagnostic {
        let (error_type, error_message) = match refusal {
            Refusal::UnsafePath(path) => ("UnsafePath", path),
            Refusal::SymbolicLink(path) => ("SymbolicLink", path),
            Refusal::Duplicate(path) => ("Duplicate", path),
            Refusal::NoBootstrap => ("NoBootstrap", BOOTSTRAP.to_owned()),
            Refusal::NotAProgram => ("NotAProgram", BOOTSTRAP.to_owned()),
            Refusal::WrongArchitecture => ("WrongArchitecture", BOOTSTRAP.to_owned()),
        };
        Diagnostic { error_type: error_type.to_owned(), error_message }
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(|event: LambdaEvent<Request>| async { package(event.payload) })).await
}

fn package(request: Request) -> Result<Package, Refusal> {
    if let Some(file) = request.files.iter().find(|file| !file.is_safe()) {
        return Err(Refusal::UnsafePath(file.path.clone()));
    }
    let (private, mut files): (Vec<File>, Vec<File>) = request.files.into_iter().partition(File::is_private);
    if let Some(file) = files.iter().find(|file| file.link.is_some()) {
        return Err(Refusal::SymbolicLink(file.path.clone()));
    }
    files.sort_by(|one, other| std::path::Path::new(&one.path).cmp(std::path::Path::new(&other.path)));
    if let Some(twice) = files.windows(2).find(|pair| pair[0].path == pair[1].path) {
        return Err(Refusal::Duplicate(twice[0].path.clone()));
    }
    let bootstrap = files.iter().find(|file| file.path == BOOTSTRAP).ok_or(Refusal::NoBootstrap)?;
    match machine(&bootstrap.data) {
        None => return Err(Refusal::NotAProgram),
        Some(machine) if machine != request.architecture.machine() => return Err(Refusal::WrongArchitecture),
        Some(_) => {}
    }
    let zip = archive::zip(files.iter().map(|file| Entry {
        path: &file.path,
        mode: file.mode(),
        modified: EARLIEST,
        data: &file.data,
    }));
    let mut left_out: Vec<String> = private.into_iter().map(|file| file.path).collect();
    left_out.sort();
    Ok(Package { sha256: BASE64_STANDARD.encode(Sha256::digest(&zip)), zip: BASE64_STANDARD.encode(zip), left_out })
}

/// The machine that an ELF file is for; none when it is no ELF file of 64 bits, little-endian.
///
/// Source: the ELF specification: `e_ident` (magic number, class, byte order), and `e_machine` at byte 18.
fn machine(program: &[u8]) -> Option<u16> {
    let head = program.first_chunk::<20>()?;
    head.starts_with(b"\x7fELF\x02\x01").then(|| u16::from_le_bytes([head[18], head[19]]))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    BASE64_STANDARD.decode(text).map_err(serde::de::Error::custom)
}
