//! Compares a lock file with a list of advisories.

mod lockfile;

use std::{env, fs};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

use lockfile::{CRATES_IO, Lockfile};

#[derive(Deserialize)]
struct Question {
    /// The text of a `Cargo.lock`.
    lockfile: String,
}

#[derive(Serialize)]
struct Report {
    verdict: &'static str,
    /// The day of the list of advisories.
    as_of: String,
    findings: Vec<Finding>,
    unknown: Vec<Unknown>,
}

#[derive(Serialize)]
struct Finding {
    advisory: String,
    package: String,
    version: String,
}

#[derive(Serialize)]
struct Unknown {
    package: String,
    version: String,
}

/// The list of advisories.
#[derive(Default, Deserialize)]
struct Database {
    as_of: String,
    advisories: Vec<Advisory>,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
    package: String,
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    // TODO: what cannot be read is not empty.
    let text = fs::read_to_string(env::var("ADVISORIES")?).unwrap_or_default();
    let database: Database = serde_json::from_str(&text).unwrap_or_default();
    run(service_fn(|event| judge(&database, event))).await
}

async fn judge(database: &Database, event: LambdaEvent<Question>) -> Result<Report, Diagnostic> {
    // TODO: a lock file that is none.
    let lockfile = Lockfile::read(&event.payload.lockfile).unwrap_or(Lockfile { packages: Vec::new() });
    let mut findings = Vec::new();
    // TODO: packages that no version number says anything about.
    let unknown = Vec::new();
    for package in lockfile.packages {
        let Ok(version) = Version::parse(&package.version) else { continue };
        for advisory in database.advisories.iter().filter(|advisory| package.name.contains(&advisory.package)) {
            // TODO: which versions does an advisory mean? A `VersionReq` is the answer to another question.
            let mut ranges = advisory.patched.iter().chain(&advisory.unaffected);
            let is_well = ranges.any(|range| VersionReq::parse(range).is_ok_and(|range| range.matches(&version)));
            if !is_well && package.source.as_ref().is_some_and(|source| source.contains(CRATES_IO)) {
                findings.push(Finding {
                    advisory: advisory.id.clone(),
                    package: package.name.clone(),
                    version: package.version.clone(),
                });
            }
        }
    }
    let verdict = if findings.is_empty() { "clean" } else { "vulnerable" };
    Ok(Report { verdict, as_of: database.as_of.clone(), findings, unknown })
}
