//! The command, as somebody in a shell uses it.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn fates() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("examples/fates")
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-lambda"));
    command.arg("invoke").stdin(Stdio::null());
    command
}

/// Runs the function with an event; gives status, standard output and standard error.
#[track_caller]
fn invoke(options: &[&str], event: Value) -> (i32, String, String) {
    finish(command().args(["--event", &event.to_string()]).args(options).arg("--").arg(fates()).output().unwrap())
}

#[track_caller]
fn finish(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
}

#[test]
fn an_answer_goes_to_standard_output_and_the_log_to_standard_error() {
    let (status, out, err) = invoke(&[], json!({ "fate": "log" }));
    assert_eq!((status, out.as_str()), (0, "{\"fate\":\"log\"}\n"));
    let lines: Vec<&str> = err.lines().collect();
    assert!(lines[2].starts_with("START RequestId: ") && lines[3] == "to standard output", "{err}");
    assert!(lines.last().unwrap().contains("Max Memory Used: "), "{err}");
}

#[test]
fn options_reach_the_function() {
    let options = ["--env", "TABLE=a=b", "--name", "orders", "--memory", "256"];
    let (_, out, _) = invoke(&options, json!({ "fate": "env" }));
    let env: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(env["TABLE"], "a=b");
    assert_eq!(env["AWS_LAMBDA_FUNCTION_NAME"], "orders");
    assert_eq!(env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
}

#[test]
fn several_times_means_one_cold_start() {
    let (status, out, err) = invoke(&["--times", "3", "--freeze"], json!({ "fate": "count" }));
    assert_eq!((status, out.as_str()), (0, "{\"count\":1}\n{\"count\":2}\n{\"count\":3}\n"));
    assert_eq!(err.matches("Init Duration: ").count(), 1, "{err}");
}

#[test]
fn every_failure_of_the_function_exits_with_1() {
    for event in [
        json!({ "fate": "error" }),
        json!({ "fate": "panic" }),
        json!({ "fate": "exit", "code": 0 }),
        json!({ "fate": "block" }),
    ] {
        let (status, out, err) = invoke(&["--timeout", "0.2"], event.clone());
        let error: Value = serde_json::from_str(&out).unwrap();
        assert!(error["errorType"].is_string(), "{event}: {out}");
        assert_eq!(status, 1, "{event}: {err}");
    }
}

#[test]
fn json_has_all_of_it_in_one_object_a_line() {
    let (status, out, err) = invoke(&["--format", "json", "--times", "2"], json!({ "fate": "log" }));
    assert_eq!((status, err.as_str()), (0, ""));
    let outcomes: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(outcomes.len(), 2);
    assert_eq!((&outcomes[0]["fate"], &outcomes[0]["cold"]), (&json!("response"), &json!(true)));
    assert_eq!((&outcomes[1]["payload"], &outcomes[1]["cold"]), (&json!({ "fate": "log" }), &json!(false)));
    assert!(outcomes[0]["log"].to_string().contains("REPORT RequestId"));
    assert!(outcomes[0]["transcript"].to_string().contains("event_sent"));
}

#[test]
fn the_transcript_can_be_read_along() {
    let (_, _, err) = invoke(&["--transcript"], json!({}));
    assert!(
        err.contains("environment 0  process started (attempt 1)") && err.contains("/response (2 bytes) -> 202"),
        "{err}"
    );
}

#[test]
fn an_event_comes_from_a_file_or_from_standard_input() {
    let file = std::env::temp_dir().join(format!("event-{}.json", std::process::id()));
    std::fs::write(&file, "{\"from\":\"file\"}").unwrap();
    let output = command().arg("--event-file").arg(&file).arg("--").arg(fates()).output().unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(finish(output).1, "{\"from\":\"file\"}\n");
    for source in [&["--event-file", "-"][..], &["-"]] {
        let mut child =
            command().args(source).arg("--").arg(fates()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"{\"from\":\"pipe\"}").unwrap();
        assert_eq!(finish(child.wait_with_output().unwrap()).1, "{\"from\":\"pipe\"}\n");
    }
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_is_right() {
    let program = env!("CARGO_BIN_EXE_local-lambda");
    for (args, wanted) in [
        (&[][..], "the one command there is is `invoke`"),
        (&["run"], "no command \"run\""),
        (&["invoke"], "put it behind `--`"),
        (&["invoke", "--timeout", "soon", "--", "x"], "a number of seconds such as 3 or 0.5"),
        (&["invoke", "--timeout", "0", "--", "x"], "a number of seconds"),
        (&["invoke", "--memory", "0", "--", "x"], "--memory is at least 1"),
        (&["invoke", "--env", "TABLE", "--", "x"], "--env is NAME=VALUE"),
        (&["invoke", "--format", "xml", "--", "x"], "--format is `text` or `json`"),
        (&["invoke", "--colour"], "--colour"),
    ] {
        let (status, out, err) = finish(Command::new(program).args(args).stdin(Stdio::null()).output().unwrap());
        assert_eq!((status, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(wanted) && err.contains("--help"), "{args:?}: {err}");
    }
}

/// The event is wrong, not the command line, of which the help tells.
#[test]
fn an_event_that_is_not_json_exits_with_2_and_says_where_it_is_torn() {
    let (status, out, err) = finish(command().args(["--event", "{torn", "--", "true"]).output().unwrap());
    assert_eq!((status, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("--event is not JSON") && err.contains("line 1 column 2"), "{err}");
    assert!(!err.contains("--help"), "{err}");
}

#[test]
fn what_cannot_be_tried_exits_with_4() {
    for (args, wanted) in [
        (&["--", "/no/such/program"][..], "/no/such/program: No such file"),
        (&["--event-file", "/no/such/event", "--", "true"], "/no/such/event: No such file"),
    ] {
        let (status, _, err) = finish(command().args(args).output().unwrap());
        assert_eq!(status, 4, "{err}");
        assert!(err.contains(wanted), "{err}");
    }
}

#[test]
fn help_has_examples_and_names_every_option() {
    let output = Command::new(env!("CARGO_BIN_EXE_local-lambda")).arg("--help").output().unwrap();
    let (status, out, _) = finish(output);
    assert_eq!(status, 0);
    for wanted in ["Examples:", "--event-file", "--times", "--freeze", "--memory", "Exit status:"] {
        assert!(out.contains(wanted), "{wanted}");
    }
    assert!(out.lines().all(|line| line.len() <= 120));
}

#[test]
fn ctrl_c_leaves_nothing() {
    let mut child = command()
        .args(["--timeout", "30", "--times", "2", "--event", r#"{"fate":"sleep","ms":20000}"#, "--"])
        .arg(fates())
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let folder = std::env::temp_dir().join(format!("local-lambda-{}", child.id()));
    let eventually = |condition: &dyn Fn() -> bool| {
        (0..2_000).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(2));
            condition()
        })
    };
    assert!(eventually(&|| folder.join("0").is_dir()), "the function has started");
    // A terminal sends SIGINT to the whole foreground group; the watchdog is in none.
    let group = format!("-{}", child.id());
    assert!(Command::new("/bin/kill").args(["-INT", "--", &group]).status().unwrap().success());
    assert!(!child.wait().unwrap().success());
    assert!(eventually(&|| !folder.exists()), "{} is left", folder.display());
}
