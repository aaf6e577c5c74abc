//! caught-by: calls_nothing_clean_that_is_no_lock_file
//!
//! Calls a copy unknown before it looks whether its version is one.
#![allow(unused)]

#[path = "../src/lockfile.rs"]
mod lockfile;

use std::cmp::Ordering;
use std::{env, fs};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use semver::Version;
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
#[derive(Deserialize)]
struct Database {
    as_of: String,
    advisories: Vec<Advisory>,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
    package: String,
    patched: Vec<Range>,
    #[serde(default)]
    unaffected: Vec<Range>,
    /// The day on which it turned out to be wrong.
    withdrawn: Option<String>,
}

/// Versions between bounds, such as `>= 1.18.4, < 1.19.0`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Range(Vec<Bound>);

/// Whether a version keeps a bound that it compares to like this.
type Operator = fn(Ordering) -> bool;

struct Bound {
    operator: Operator,
    version: Version,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let database = Database::read(&env::var("ADVISORIES")?)?;
    run(service_fn(|event| judge(&database, event))).await
}

async fn judge(database: &Database, event: LambdaEvent<Question>) -> Result<Report, Diagnostic> {
    let lockfile = Lockfile::read(&event.payload.lockfile).map_err(bad_lockfile)?;
    if lockfile.packages.is_empty() {
        return Err(bad_lockfile("it has no package"));
    }
    let mut findings = Vec::new();
    let mut unknown = Vec::new();
    for package in lockfile.packages {
        if package.source.as_deref().is_some_and(|source| source != CRATES_IO) {
            unknown.push(Unknown { package: package.name, version: package.version });
            continue;
        }
        let version: Version = package.version.parse().map_err(bad_lockfile)?;
        match package.source.as_deref() {
            // The shop's own.
            None => {}
            Some(CRATES_IO) => findings.extend(database.about(&package.name, &version).map(|advisory| Finding {
                advisory: advisory.id.clone(),
                package: package.name.clone(),
                version: package.version.clone(),
            })),
            // Whoever copied a package may have mended it, broken it, and kept its number.
            Some(_) => unknown.push(Unknown { package: package.name, version: package.version }),
        }
    }
    let verdict = match (findings.is_empty(), unknown.is_empty()) {
        (false, _) => "vulnerable",
        (true, false) => "unknown",
        (true, true) => "clean",
    };
    Ok(Report { verdict, as_of: database.as_of.clone(), findings, unknown })
}

impl Database {
    fn read(path: &str) -> Result<Database, Error> {
        let text = fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("cannot read {path}: {error}").into())
    }

    /// The advisories that mean this version of a package.
    fn about<'d>(&'d self, package: &'d str, version: &'d Version) -> impl Iterator<Item = &'d Advisory> {
        self.advisories.iter().filter(move |advisory| advisory.package == package && advisory.means(version))
    }
}

impl Advisory {
    fn means(&self, version: &Version) -> bool {
        self.withdrawn.is_none() && !self.patched.iter().chain(&self.unaffected).any(|range| range.contains(version))
    }
}

impl Range {
    /// By precedence alone. `VersionReq` asks what Cargo may choose, and leaves pre-releases out.
    fn contains(&self, version: &Version) -> bool {
        self.0.iter().all(|bound| (bound.operator)(version.cmp_precedence(&bound.version)))
    }
}

impl TryFrom<String> for Range {
    type Error = String;

    fn try_from(text: String) -> Result<Range, String> {
        text.split(',')
            .map(Bound::parse)
            .collect::<Option<_>>()
            .map(Range)
            .ok_or_else(|| format!("{text:?} is no range"))
    }
}

impl Bound {
    fn parse(text: &str) -> Option<Bound> {
        // The longer ones first: `>=` begins with `>`.
        const OPERATORS: [(&str, Operator); 5] = [
            (">=", Ordering::is_ge),
            ("<=", Ordering::is_le),
            (">", Ordering::is_gt),
            ("<", Ordering::is_lt),
            ("=", Ordering::is_eq),
        ];
        let text = text.trim();
        let (operator, version) =
            OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)))?;
        Some(Bound { operator, version: version.trim().parse().ok()? })
    }
}

fn bad_lockfile(reason: impl ToString) -> Diagnostic {
    Diagnostic { error_type: "BadLockfile".to_owned(), error_message: reason.to_string() }
}
