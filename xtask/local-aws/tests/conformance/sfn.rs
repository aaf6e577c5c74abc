//! <https://docs.aws.amazon.com/step-functions/latest/apireference/>: state machines, and executions that are started
//! once by their names. Nothing here depends on what an execution does.

use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::start_execution::builders::StartExecutionFluentBuilder;
use aws_sdk_sfn::types::{ExecutionStatus, StateMachineType};

use crate::support::{Aws, refused, unique, with_aws};

/// It waits for an hour, so that its executions run while a test looks.
const DEFINITION: &str = r#"{"StartAt":"Wait","States":{"Wait":{"Type":"Wait","Seconds":3600,"End":true}}}"#;
const ROLE: &str = "arn:aws:iam::123456789012:role/shop";

/// A state machine.
struct Made {
    client: Client,
    arn: String,
}

impl Made {
    async fn make(aws: &Aws, kind: StateMachineType) -> Made {
        let client = Client::new(&aws.config);
        let create = client.create_state_machine().name(unique("prints")).definition(DEFINITION).role_arn(ROLE);
        let made = create.r#type(kind).send().await.unwrap();
        Made { client, arn: made.state_machine_arn }
    }

    fn start(&self, name: &str, input: &str) -> StartExecutionFluentBuilder {
        self.client.start_execution().state_machine_arn(&self.arn).name(name).input(input)
    }
}

/// API_StartExecution: idempotent "with the same name and input as a running execution"
#[test]
fn the_same_name_and_input_is_the_same_execution_while_it_runs() {
    with_aws(async |aws| {
        let made = Made::make(&aws, StateMachineType::Standard).await;
        let first = made.start("o-1", r#"{"id":"o-1"}"#).send().await.unwrap();
        let again = made.start("o-1", r#"{"id":"o-1"}"#).send().await.unwrap();
        assert_eq!((first.execution_arn(), first.start_date()), (again.execution_arn(), again.start_date()));
        let listed = made.client.list_executions().state_machine_arn(&made.arn).send().await.unwrap();
        assert_eq!(listed.executions().len(), 1);
        let expected = format!("{}:o-1", made.arn.replace(":stateMachine:", ":execution:"));
        assert_eq!(first.execution_arn(), expected);
    });
}

/// API_StartExecution: ExecutionAlreadyExists "if the execution is closed or if the input is different"
#[test]
fn another_input_or_an_end_makes_the_name_taken() {
    with_aws(async |aws| {
        let made = Made::make(&aws, StateMachineType::Standard).await;
        let first = made.start("o-1", r#"{"id":"o-1"}"#).send().await.unwrap().execution_arn;
        let expected = ("ExecutionAlreadyExists".to_owned(), format!("Execution Already Exists: '{first}'"));
        assert_eq!(refused(made.start("o-1", r#"{"id":"o-2"}"#).send().await), expected);
        made.client.stop_execution().execution_arn(&first).send().await.unwrap();
        assert_eq!(refused(made.start("o-1", r#"{"id":"o-1"}"#).send().await), expected);
    });
}

/// API_StartExecution: not idempotent for EXPRESS workflows; API_DescribeExecution, API_ListExecutions: not for EXPRESS
#[test]
fn express_executions_share_names_and_are_not_described() {
    with_aws(async |aws| {
        let made = Made::make(&aws, StateMachineType::Express).await;
        let first = made.start("o-1", "{}").send().await.unwrap().execution_arn;
        let second = made.start("o-1", "{}").send().await.unwrap().execution_arn;
        assert_ne!(first, second);
        assert!(first.starts_with(&format!("{}:o-1:", made.arn.replace(":stateMachine:", ":express:"))), "{first}");
        let describe = made.client.describe_execution().execution_arn(&first).send().await;
        assert!(describe.unwrap_err().into_service_error().is_invalid_arn());
        let list = made.client.list_executions().state_machine_arn(&made.arn).send().await;
        assert!(list.unwrap_err().into_service_error().is_state_machine_type_not_supported());
    });
}

/// API_DescribeExecution, API_StopExecution
#[test]
fn a_stopped_execution_is_described_with_its_reason() {
    with_aws(async |aws| {
        let made = Made::make(&aws, StateMachineType::Standard).await;
        let arn = made.start("o-1", r#"{"id":"o-1"}"#).send().await.unwrap().execution_arn;
        let describe = async || made.client.describe_execution().execution_arn(&arn).send().await.unwrap();
        let running = describe().await;
        assert_eq!((running.status(), running.stop_date()), (&ExecutionStatus::Running, None));
        assert_eq!((running.name(), running.input()), (Some("o-1"), Some(r#"{"id":"o-1"}"#)));
        assert_eq!(running.state_machine_arn(), made.arn);
        let stop = made.client.stop_execution().execution_arn(&arn).error("Cancelled").cause("by the customer");
        let stopped = stop.send().await.unwrap();
        let told = describe().await;
        assert_eq!((told.status(), told.stop_date()), (&ExecutionStatus::Aborted, Some(stopped.stop_date())));
        assert_eq!((told.error(), told.cause(), told.output()), (Some("Cancelled"), Some("by the customer"), None));
    });
}

/// API_StartExecution: names of up to 80 characters, some of them forbidden; input is JSON
#[test]
fn bad_names_inputs_and_unknown_machines_are_typed_errors() {
    with_aws(async |aws| {
        let made = Made::make(&aws, StateMachineType::Standard).await;
        for name in ["o 1", "o:1", "o#1", "o/1", "o\u{7f}1"] {
            let error = made.start(name, "{}").send().await.unwrap_err().into_service_error();
            assert!(error.is_invalid_name(), "{name:?}: {error:?}");
        }
        assert!(made.start(&"o".repeat(81), "{}").send().await.is_err());
        made.start(&"o".repeat(80), "{}").send().await.unwrap();
        made.start("order_1-é.2+3", "{}").send().await.unwrap();
        let input = made.start("o-1", "{").send().await.unwrap_err().into_service_error();
        assert!(input.is_invalid_execution_input(), "{input:?}");
        let nothing = format!("{}-nothing", made.arn);
        let start = made.client.start_execution().state_machine_arn(&nothing).send().await;
        assert!(start.unwrap_err().into_service_error().is_state_machine_does_not_exist());
        let describe = made.client.describe_execution();
        let describe = describe.execution_arn(made.arn.replace(":stateMachine:", ":execution:") + ":nothing");
        assert!(describe.send().await.unwrap_err().into_service_error().is_execution_does_not_exist());
    });
}

/// API_StartExecution: without a name and input, a name that nobody had and `{}`
#[test]
fn an_execution_without_a_name_gets_one() {
    with_aws(async |aws| {
        let made = Made::make(&aws, StateMachineType::Standard).await;
        let start = async || made.client.start_execution().state_machine_arn(&made.arn).send().await.unwrap();
        let (first, second) = (start().await.execution_arn, start().await.execution_arn);
        assert_ne!(first, second);
        let told = made.client.describe_execution().execution_arn(&first).send().await.unwrap();
        assert_eq!(told.input(), Some("{}"));
    });
}

/// API_CreateStateMachine: idempotent for the same definition and type; StateMachineAlreadyExists, InvalidDefinition
#[test]
fn a_state_machine_is_made_once() {
    with_aws(async |aws| {
        let client = Client::new(&aws.config);
        let name = unique("prints");
        let create =
            |definition: &str| client.create_state_machine().name(&name).definition(definition).role_arn(ROLE).send();
        assert!(create("{").await.unwrap_err().into_service_error().is_invalid_definition());
        let nowhere = create(r#"{"StartAt":"Work","States":{"Wait":{"Type":"Succeed"}}}"#).await;
        assert!(nowhere.unwrap_err().into_service_error().is_invalid_definition());
        let (first, again) = (create(DEFINITION).await.unwrap(), create(DEFINITION).await.unwrap());
        assert_eq!(first.state_machine_arn(), again.state_machine_arn());
        let other = create(r#"{"StartAt":"Done","States":{"Done":{"Type":"Succeed"}}}"#).await;
        assert!(other.unwrap_err().into_service_error().is_state_machine_already_exists());
    });
}

/// API_ListExecutions: the newest first, in pages, by status
#[test]
fn executions_are_listed_in_pages_and_by_status() {
    with_aws(async |aws| {
        let made = Made::make(&aws, StateMachineType::Standard).await;
        for number in 0..5 {
            made.start(&format!("o-{number}"), "{}").send().await.unwrap();
        }
        let stopped = made.arn.replace(":stateMachine:", ":execution:") + ":o-3";
        made.client.stop_execution().execution_arn(&stopped).send().await.unwrap();
        let list = || made.client.list_executions().state_machine_arn(&made.arn);
        let mut pages = list().max_results(2).into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            assert!(page.executions().len() <= 2);
            names.extend(page.executions().iter().map(|one| one.name().to_owned()));
        }
        names.sort();
        assert_eq!(names, ["o-0", "o-1", "o-2", "o-3", "o-4"]);
        let aborted = list().status_filter(ExecutionStatus::Aborted).send().await.unwrap();
        assert_eq!(aborted.executions().iter().map(|one| one.name()).collect::<Vec<_>>(), ["o-3"]);
    });
}
