//! State machines as a test sees them: its executions run until the test ends them, on the world's clock.

use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use local_aws::LocalAws;
use serde_json::json;

use crate::support::{config, wait};

#[test]
fn a_test_ends_executions_and_reads_them_back() {
    let aws = LocalAws::start();
    let prints = aws.state_machine("prints");
    let client = aws_sdk_sfn::Client::new(&config(&aws));
    for id in ["o-1", "o-2"] {
        let start = client.start_execution().state_machine_arn(prints.arn()).name(id);
        wait(start.input(json!({ "id": id }).to_string()).send()).unwrap();
    }
    prints.succeed("o-1", &json!({ "printed": 3 }));
    prints.fail("o-2", "OutOfPaper", "the printer has none");
    let arn = |id: &str| format!("{}:{id}", prints.arn().replace(":stateMachine:", ":execution:"));
    let describe = |id: &str| wait(client.describe_execution().execution_arn(arn(id)).send()).unwrap();
    let (printed, failed) = (describe("o-1"), describe("o-2"));
    assert_eq!((printed.status(), printed.output()), (&ExecutionStatus::Succeeded, Some(r#"{"printed":3}"#)));
    assert_eq!((failed.status(), failed.error()), (&ExecutionStatus::Failed, Some("OutOfPaper")));
    let executions = prints.executions();
    let told: Vec<_> =
        executions.iter().map(|one| (one.name.as_str(), one.status.as_str(), &one.input["id"])).collect();
    assert_eq!(told, [("o-1", "SUCCEEDED", &json!("o-1")), ("o-2", "FAILED", &json!("o-2"))]);
    aws.calls().of("StartExecution").expect_count(2);
}

/// API_StartExecution: "You can reuse the name 90 days after it closes"
#[test]
fn a_name_is_free_again_90_days_after_the_end() {
    let aws = LocalAws::start();
    let prints = aws.state_machine("prints");
    let client = aws_sdk_sfn::Client::new(&config(&aws));
    let start = || wait(client.start_execution().state_machine_arn(prints.arn()).name("o-1").send()).map_err(Box::new);
    let first = start().unwrap().start_date;
    prints.succeed("o-1", &json!({}));
    let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
    aws.world().advance(days(90) - Duration::from_secs(1));
    assert!(start().unwrap_err().into_service_error().is_execution_already_exists());
    aws.world().advance(Duration::from_secs(1));
    assert_ne!(start().unwrap().start_date, first);
    assert_eq!(prints.executions().len(), 1, "the one before is forgotten");
}
