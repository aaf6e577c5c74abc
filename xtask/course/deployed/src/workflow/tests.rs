use super::*;

const THREE: &str = "
on:
  push: { branches: [main, 'release/**'] }
  pull_request:
permissions: { contents: read }
env: { A: '${{ secrets.KEY }}', B: outer }
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          echo ${{ github.event.head_commit.message }}
          cargo test
        env: { B: '${{ env.A }}' }
  deploy:
    needs: [test]
    if: github.event_name == 'push' && github.ref == 'refs/heads/main'
    runs-on: ubuntu-latest
    environment: { name: production }
    permissions: { id-token: write }
    concurrency: deploy
    steps:
      - uses: a/b@0123456789
        with: { version: 1.90 }
      - run: sam deploy
      - if: failure()
        run: tell somebody
";

fn run(text: &str, event: &Event, failing: &str) -> Option<Run> {
    let workflow = Workflow::parse(text).unwrap_or_else(|invalid| panic!("{invalid}"));
    workflow
        .run(event, &|line| !failing.is_empty() && line.contains(failing))
        .unwrap_or_else(|invalid| panic!("{invalid}"))
}

fn outcome(run: &Run, job: &str) -> Outcome {
    run.job(job).unwrap_or_else(|| panic!("there is no {job}")).outcome
}

#[test]
fn a_push_to_main_runs_all_and_other_events_less() {
    let main = run(THREE, &Event::push("main"), "").expect("it starts");
    assert_eq!((outcome(&main, "test"), outcome(&main, "deploy")), (Outcome::Succeeded, Outcome::Succeeded));
    let other = run(THREE, &Event::push("release/1/2"), "").expect("it starts");
    assert_eq!(outcome(&other, "deploy"), Outcome::PassedOver);
    assert!(run(THREE, &Event::push("topic"), "").is_none());
    let request = run(THREE, &Event::pull_request(true), "").expect("it starts");
    assert_eq!((outcome(&request, "test"), outcome(&request, "deploy")), (Outcome::Succeeded, Outcome::PassedOver));
}

#[test]
fn what_fails_holds_up_what_needs_it() {
    let failed = run(THREE, &Event::push("main"), "cargo test").expect("it starts");
    assert_eq!((outcome(&failed, "test"), outcome(&failed, "deploy")), (Outcome::Failed, Outcome::PassedOver));
    let always = THREE.replace("    if: github", "    if: always() && github");
    assert_eq!(
        outcome(&run(&always, &Event::push("main"), "cargo test").expect("it starts"), "deploy"),
        Outcome::Succeeded
    );
    for swallowed in [
        ("cargo test\n", "cargo test || true\n"),
        ("      - run: |", "      - continue-on-error: true\n        run: |"),
    ] {
        let text = THREE.replace(swallowed.0, swallowed.1);
        let run = run(&text, &Event::push("main"), "cargo test").expect("it starts");
        assert_eq!(outcome(&run, "deploy"), Outcome::Succeeded, "{swallowed:?}");
    }
    let told = run(THREE, &Event::push("main"), "sam deploy").expect("it starts");
    let steps = &told.job("deploy").expect("it is there").steps;
    assert_eq!((steps[1].outcome, steps[2].outcome), (Outcome::Failed, Outcome::Succeeded));
}

#[test]
fn a_jobs_permissions_replace_those_of_the_workflow() {
    let run = run(THREE, &Event::push("main"), "").expect("it starts");
    let (test, deploy) = (run.job("test").expect("test"), run.job("deploy").expect("deploy"));
    assert!(test.may("contents", "read") && !test.may("id-token", "write"));
    assert!(!deploy.may("contents", "read") && deploy.may("id-token", "write"));
    assert_eq!(test.subject, "repo:ferris-prints/shop:ref:refs/heads/main");
    assert_eq!(deploy.subject, "repo:ferris-prints/shop:environment:production");
    assert_eq!(deploy.concurrency, Some(Concurrency { group: "deploy".to_owned(), cancels: false }));
}

#[test]
fn without_a_word_a_token_may_write_and_prove_nothing() {
    let text =
        THREE.replace("permissions: { contents: read }\n", "").replace("    permissions: { id-token: write }\n", "");
    let pushed = run(&text, &Event::push("main"), "").expect("it starts");
    let deploy = pushed.job("deploy").expect("deploy");
    assert!(deploy.may("contents", "write") && !deploy.may("id-token", "write"));
    let stranger = run(&text, &Event::pull_request(true), "").expect("it starts");
    let test = stranger.job("test").expect("test");
    assert!(test.may("contents", "read") && !test.may("contents", "write"));
}

#[test]
fn expressions_are_put_in_and_numbers_lose_their_zero() {
    let event = Event::push("main").saying("x\"; curl evil");
    let run = run(THREE, &event, "").expect("it starts");
    let step = &run.job("test").expect("test").steps[1];
    assert!(step.script.as_deref().is_some_and(|script| script.starts_with("echo x\"; curl evil")));
    assert_eq!((step.env["A"].as_str(), step.env["B"].as_str()), ("secret:KEY", "secret:KEY"));
    assert_eq!(run.job("deploy").expect("deploy").steps[0].input("version").as_deref(), Some("1.9"));
    let stranger = super::tests::run(THREE, &Event::pull_request(true), "").expect("it starts");
    assert_eq!(stranger.job("test").expect("test").steps[1].env["A"], "");
}

#[test]
fn what_github_refuses_is_refused() {
    let invalid =
        |of: &str, instead: &str| Workflow::parse(&THREE.replace(of, instead)).expect_err(instead).to_string();
    assert!(invalid("needs: [test]", "needs: [tests]").contains("unknown job 'tests'"));
    assert!(invalid("    needs:", "    need:").contains("Unexpected value 'need'"));
    assert!(invalid("id-token: write", "id_token: write").contains("Unexpected value 'id_token'"));
    assert!(invalid("checkout@v4", "checkout").contains("no version"));
    assert!(invalid("pull_request:", "pull_requests:").contains("no such event"));
    assert!(invalid("ubuntu-latest", "ubuntu-newest").contains("none of that name"));
    let circle = THREE.replace("  test:\n", "  test:\n    needs: deploy\n");
    assert!(Workflow::parse(&circle).expect_err("a circle").to_string().contains("circle"));
}
