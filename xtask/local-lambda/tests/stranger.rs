//! A crate of three files, by somebody who knows nothing of this repository, tests its function with this one. Its
//! test is the example of the README.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MANIFEST: &str = r#"
[package]
name = "greeter"
version = "0.1.0"
edition = "2024"

[dependencies]
lambda_runtime = "1"
serde_json = "1"
tokio = { version = "1", features = ["macros"] }

[dev-dependencies]
local-lambda = { path = "LOCAL_LAMBDA" }

[workspace]
"#;

const FUNCTION: &str = r#"
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(greet)).await
}

async fn greet(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let name = event.payload["name"].as_str().unwrap_or("guest");
    println!("greeting {name}");
    Ok(json!({ "greeting": format!("GREETING, {name}") }))
}
"#;

/// The first block of Rust in the README.
fn example_of_the_readme() -> &'static str {
    let readme = include_str!("../README.md");
    let block = readme.split_once("```rust,no_run\n").and_then(|(_, rest)| rest.split_once("\n```"));
    block.expect("the README begins with an example").0
}

struct Crate {
    folder: PathBuf,
}

impl Crate {
    fn new(greeting: &str) -> Crate {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = std::env::temp_dir().join(format!("stranger {}-{greeting}", std::process::id()));
        for sub in ["src", "tests"] {
            fs::create_dir_all(folder.join(sub)).unwrap();
        }
        fs::write(folder.join("Cargo.toml"), MANIFEST.replace("LOCAL_LAMBDA", ours.to_str().unwrap())).unwrap();
        fs::write(folder.join("src/main.rs"), FUNCTION.replace("GREETING", greeting)).unwrap();
        fs::write(folder.join("tests/check.rs"), example_of_the_readme()).unwrap();
        // The versions that are on this machine already.
        fs::copy(ours.join("../../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        Crate { folder }
    }

    /// Runs its tests; gives whether they pass and what was said.
    fn test(&self) -> (bool, String) {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stranger");
        let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
            .args(["test", "--offline", "--quiet"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", target)
            .env("RUST_BACKTRACE", "0")
            // It is compiled for this one run: a quarter of that time is for a debugger.
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_INCREMENTAL", "0")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.success(), said.concat())
    }
}

impl Drop for Crate {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_stranger_tests_a_function_with_the_example_of_the_readme() {
    let (passed, said) = Crate::new("Hello").test();
    assert!(passed, "{said}");
    assert!(said.contains("1 passed"), "{said}");

    let (passed, said) = Crate::new("hello").test();
    assert!(!passed);
    for line in [
        "somebody gives their name",
        r#"  expected  {"greeting":"Hello, Ferris"}"#,
        r#"  got       {"greeting":"hello, Ferris"}"#,
        r#"  differs   /greeting: expected "Hello, Ferris", got "hello, Ferris""#,
        "    | greeting Ferris",
        "tests/check.rs:9:",
    ] {
        assert!(said.contains(line), "{line:?} is not in\n{said}");
    }
}
