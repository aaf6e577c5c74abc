//! What chapter 8 prints about files that are deployed: why images start or not, what a function has of its template's
//! globals, and what a workflow lets through.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use course::{fixture_json, root};
use deployed::dockerfile::{Context, build, start};
use deployed::template::{Settings, deploy};
use deployed::workflow::{Event, Job, Outcome, Workflow};

use crate::same;

fn deployed_file(name: &str) -> String {
    fs::read_to_string(root().join("exercises/fixtures/deploy").join(name)).expect("the file is there")
}

#[test]
fn why_an_image_starts_or_not() {
    let file = deployed_file("thumbnailer/Dockerfile");
    let files = [("Cargo.toml", "name = \"thumbnailer\"\n"), ("Cargo.lock", ""), ("src/main.rs", "fn main() {}\n")];
    let files: BTreeMap<String, String> = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let context = Context { files, platform: "linux/arm64".to_owned() };
    let from = |text: &str, of: &str| {
        let line = text.lines().find(|line| line.contains(of)).expect("a line with it");
        (line.to_owned(), line.split('@').next().expect("a tag").to_owned())
    };
    let (build_line, _) = from(&file, "AS build");
    let install = "RUN dnf install -y cargo gcc && dnf clean all\n";
    let cases = [
        ("as above", file.clone()),
        (
            "built on Debian: `FROM rust:1.95-bookworm`",
            file.replace(&build_line, "FROM rust:1.95-bookworm AS build").replace(install, ""),
        ),
        ("copied to `/var/task`, as in a zip", file.replace("${LAMBDA_RUNTIME_DIR}", "${LAMBDA_TASK_ROOT}")),
        ("without `CMD`", file.replace("CMD [\"thumbnailer\"]\n", "")),
        ("`COPY --chmod=700`", file.replace("COPY --from", "COPY --chmod=700 --from")),
        ("`FROM --platform=linux/amd64` twice", file.replace("FROM ", "FROM --platform=linux/amd64 ")),
        ("`RUN useradd app` in the last stage", file.replace("COPY --from", "RUN useradd app\nCOPY --from")),
    ];
    let mut table = String::from("| The Dockerfile | What comes of it |\n|---|---|\n");
    for (what, text) in cases {
        let said = match build(&text, &context) {
            Err(error) => format!("is not built: `{}`", error.message),
            Ok(image) => match start(&image, "arm64") {
                Ok(started) => format!("starts `{}`", started.path),
                Err(error) => format!("`{}`", error.replace('`', "'")),
            },
        };
        writeln!(table, "| {what} | {said} |").expect("a text takes everything");
    }
    same("ch08", "images.md", &table);
}

#[test]
fn what_a_function_has_of_globals() {
    let text = deployed_file("globals/template.yaml");
    let stack = deploy(&text, &Settings::new("shop", 7)).expect("AWS makes it");
    let printer = stack.resource("Printer").expect("the printer");
    let layer = |arn: &serde_json::Value| stack.named(arn).map_or_else(|| arn.to_string(), |one| one.id.clone());
    let mut table = String::from("| | in `Globals` | at the function | in the stack |\n|---|---|---|---|\n");
    let layers: Vec<String> = printer.at("Layers").as_array().into_iter().flatten().map(layer).collect();
    let variables = printer.at("Environment.Variables").as_object().expect("variables");
    let variables: Vec<String> =
        variables.iter().map(|(name, value)| format!("`{name}` {}", value.as_str().unwrap_or_default())).collect();
    let rows = [
        ("`Timeout`, a number", "10", "60", printer.at("Timeout").to_string()),
        ("`Variables`, a mapping", "`RUST_LOG` info, `PAPER` glossy", "`PAPER` matt", variables.join(", ")),
        ("`Layers`, a list", "Fonts", "Inks", layers.join(", ")),
        (
            "`Architectures`, a list of one",
            "x86_64",
            "arm64",
            printer.at("Architectures")[0].as_str().unwrap_or_default().to_owned(),
        ),
    ];
    for (what, global, own, stack) in rows {
        writeln!(table, "| {what} | {global} | {own} | {stack} |").expect("a text takes everything");
    }
    same("ch08", "globals.md", &table);
}

/// What AWS says to the token of a job.
fn answer(job: &Job) -> &'static str {
    let trust = fixture_json("deploy/print-clerk/trust");
    let trusted = &trust["Statement"][0]["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"];
    match (job.may("id-token", "write"), trusted == job.subject.as_str()) {
        (false, _) => "gets no token",
        (true, false) => "`Not authorized`",
        (true, true) => "credentials for an hour",
    }
}

#[test]
fn what_a_workflow_lets_through() {
    let text = deployed_file("price-list/deliver.yml");
    let no_environment = text.replace("    environment: production\n", "");
    let own_permissions = text.replace("      id-token: write\n", "      contents: read\n");
    let cases: [(&str, &str, Event, &str); 6] = [
        ("a push to `main`", &text, Event::push("main"), ""),
        ("the same, and a test fails", &text, Event::push("main"), "cargo test"),
        ("a push to another branch", &text, Event::push("topic"), ""),
        ("a stranger's pull request", &text, Event::pull_request(true), ""),
        ("a push to `main`, without `environment`", &no_environment, Event::push("main"), ""),
        ("a push to `main`, without `id-token`", &own_permissions, Event::push("main"), ""),
    ];
    let mut table = String::from(
        "| What happens | Jobs that run | The deploying job says who it is | and AWS |\n|---|---|---|---|\n",
    );
    for (what, text, event, failing) in cases {
        let workflow = Workflow::parse(text).expect("GitHub takes it");
        let run = workflow.run(&event, &|line| !failing.is_empty() && line.contains(failing)).expect("it can be run");
        let Some(run) = run else {
            writeln!(table, "| {what} | none: the workflow does not listen to it | | |")
                .expect("a text takes everything");
            continue;
        };
        let word =
            |job: &Job| if job.outcome == Outcome::Failed { format!("{} (fails)", job.id) } else { job.id.clone() };
        let jobs: Vec<String> = run.begun().map(word).collect();
        let deploy = run.begun().find(|job| job.id == "deploy");
        let (subject, answer) = deploy.map_or((String::new(), ""), |job| match answer(job) {
            "gets no token" => (String::new(), "gets no token"),
            answer => (format!("`{}`", job.subject), answer),
        });
        writeln!(table, "| {what} | {} | {subject} | {answer} |", jobs.join(", ")).expect("a text takes everything");
    }
    same("ch08", "shipping.md", &table);
}
