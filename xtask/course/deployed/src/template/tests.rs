use serde_json::json;

use super::*;

fn made(template: &str) -> Stack {
    deploy(template, &Settings::new("shop", 7)).unwrap_or_else(|refused| panic!("{refused}"))
}

fn reasons(template: &str) -> Vec<String> {
    deploy(template, &Settings::new("shop", 7)).expect_err("it is refused").0
}

const PRINT_ROOM: &str = "
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Timeout: 10
    Architectures: [x86_64]
    Layers: [a]
    Environment: { Variables: { A: '1', B: '2' } }
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 180
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5 }
  Dead: { Type: AWS::SQS::Queue }
  Printer:
    Type: AWS::Serverless::Function
    DeletionPolicy: Retain
    Properties:
      CodeUri: .
      Handler: bootstrap
      Runtime: provided.al2023
      Timeout: 30
      Architectures: [arm64]
      Layers: [b]
      Environment: { Variables: { B: !Ref Jobs } }
      Policies:
        - DynamoDBWritePolicy: { TableName: !Ref Printed }
      Events:
        Batches: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, BatchSize: 5 } }
  Printed: { Type: AWS::Serverless::SimpleTable }
";

#[test]
fn globals_fill_what_the_function_leaves_open() {
    let stack = made(PRINT_ROOM);
    let printer = stack.resource("Printer").expect("it is there");
    assert_eq!(printer.kind, "AWS::Lambda::Function");
    assert_eq!(printer.deletion_policy.as_deref(), Some("Retain"));
    assert_eq!(printer.number("Timeout"), Some(30), "a number of the function counts");
    assert_eq!(printer.at("Architectures"), &json!(["arm64"]), "architectures are replaced");
    assert_eq!(printer.at("Layers"), &json!(["a", "b"]), "other lists are put together");
    let jobs = stack.resource("Jobs").expect("it is there");
    assert_eq!(printer.at("Environment.Variables"), &json!({ "A": "1", "B": jobs.reference }), "mappings are merged");
}

#[test]
fn an_event_of_a_queue_becomes_a_mapping_and_policies_a_role() {
    let stack = made(PRINT_ROOM);
    let jobs = stack.resource("Jobs").expect("it is there");
    let mapping = stack.resource("PrinterBatches").expect("it is there");
    assert_eq!(
        (mapping.kind.as_str(), mapping.text("EventSourceArn")),
        ("AWS::Lambda::EventSourceMapping", Some(jobs.arn.as_str()))
    );
    assert_eq!(stack.named(mapping.at("FunctionName")).map(|one| one.id.as_str()), Some("Printer"));
    let role = stack.resource("PrinterRole").expect("it is there");
    let table = stack.resource("Printed").expect("it is there");
    let statement = &role.at("Policies")[0]["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Resource"][0], table.arn, "{statement}");
    assert_eq!(stack.resource("Printer").and_then(|one| one.text("Role")), Some(role.arn.as_str()));
    assert_eq!(table.text("BillingMode"), Some("PAY_PER_REQUEST"));
}

#[test]
fn what_names_nothing_is_refused() {
    let template = "
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    DependsOn: [Nobody]
    Properties: { QueueName: !Sub '${Stage}-jobs', Tags: [{ Key: a, Value: !GetAtt Gone.Arn }] }
  Other: { Type: AWS::SNS::Topic, Properties: { TopicName: !GetAtt Fine.QueueArn } }
  Fine: { Type: AWS::SQS::Queue }
Outputs:
  Url: { Value: !Ref PrintJobs }
";
    let reasons = reasons(template);
    for part in ["[Nobody]", "[Stage]", "[PrintJobs]", "does not support attribute type QueueArn"] {
        assert!(reasons.iter().any(|reason| reason.contains(part)), "{part} in {reasons:#?}");
    }
    let dangling = "Resources: { A: { Type: AWS::SQS::Queue, Properties: { Tags: [!GetAtt Gone.Arn] } } }";
    assert_eq!(
        super::tests::reasons(dangling),
        ["Template error: instance of Fn::GetAtt references undefined resource Gone"]
    );
}

#[test]
fn a_circle_is_refused() {
    let template = "
Resources:
  A: { Type: AWS::SNS::Topic, Properties: { DisplayName: !GetAtt B.TopicName } }
  B: { Type: AWS::SNS::Topic, Properties: { DisplayName: !Sub 'of ${A}' } }
  C: { Type: AWS::SNS::Topic, Properties: { DisplayName: !Ref A } }
";
    assert_eq!(reasons(template), ["Circular dependency between resources: [A, B]"]);
}

#[test]
fn services_refuse_what_they_refuse() {
    let template =
        PRINT_ROOM.replace("VisibilityTimeout: 180", "VisibilityTimeout: 29").replace("[arm64]", "[arm64, x86_64]");
    let found = reasons(&template);
    assert!(
        found.iter().any(|reason| reason.contains("29 seconds is less than Function timeout: 30 seconds")),
        "{found:?}"
    );
    assert!(found.iter().any(|reason| reason.contains("architectures")), "{found:?}");
    for (instead, of, part) in [
        ("VisbilityTimeout: 180", "VisibilityTimeout: 180", "unsupported property VisbilityTimeout"),
        ("!Ref Dead", "!GetAtt Dead.Arn", "must be the ARN of a queue"),
        ("Tiemout: 30", "Timeout: 30", "property Tiemout not defined"),
        ("Queue: !Ref Jobs", "Queue: !GetAtt Jobs.Arn", "Unrecognized event source"),
        ("TableNam: !Ref", "TableName: !Ref", "Policy at index 0"),
        ("Policies: []", "Timeout: 10", "'Policies' is not a supported property"),
        ("AWSTemplateFormatVersion: '2011-09-09'\nTransform: AWS", "Transform: AWS", "not a supported value"),
        ("maxReceiveCount: 0", "maxReceiveCount: 5", "maxReceiveCount must be from 1 to 1000"),
    ] {
        let found = reasons(&PRINT_ROOM.replace(of, instead));
        assert!(found.iter().any(|reason| reason.contains(part)), "{instead}: {found:?}");
    }
    let table = "Resources: { T: { Type: AWS::DynamoDB::Table, Properties: { KeySchema: [{ AttributeName: a }], AttributeDefinitions: [{ AttributeName: a }] } } }";
    assert!(reasons(table)[0].contains("when BillingMode is PROVISIONED"));
}

#[test]
fn functions_conditions_and_parameters_are_computed() {
    let template = "
Parameters:
  Stage: { Type: String }
  Days: { Type: Number, Default: 7 }
Conditions:
  Live: !Equals [!Ref Stage, live]
Mappings: { Sizes: { live: { Memory: 512 } } }
Resources:
  Log:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Join ['/', [shop, !Ref Stage]]
      RetentionInDays: !If [Live, 30, !Ref Days]
      KmsKeyId: !If [Live, key, !Ref 'AWS::NoValue']
  Only: { Type: AWS::SNS::Topic, Condition: Live }
Outputs:
  Size: { Condition: Live, Value: !FindInMap [Sizes, !Ref Stage, Memory] }
  Zone: { Value: !Select [1, !GetAZs ''] }
  Part: { Value: !Select [1, !Split ['-', a-b-c]] }
";
    let live = deploy(template, &Settings::new("shop", 7).with_parameter("Stage", "live")).expect("it is made");
    let log = live.resource("Log").expect("it is there");
    assert_eq!((log.name.as_str(), log.is_named, log.number("RetentionInDays")), ("shop/live", true, Some(30)));
    assert_eq!(
        live.outputs,
        *json!({ "Size": 512, "Zone": "us-east-1b", "Part": "b" }).as_object().expect("an object")
    );
    let test = deploy(template, &Settings::new("shop", 7).with_parameter("Stage", "test")).expect("it is made");
    assert!(test.resource("Only").is_none() && test.resource("Log").is_some_and(|log| log.at("KmsKeyId").is_null()));
    assert_eq!(reasons(template), ["Parameters: [Stage] must have values"]);
}

#[test]
fn drawn_names_differ_from_stack_to_stack_and_given_ones_do_not() {
    let template = "Resources: { A: { Type: AWS::SQS::Queue }, B: { Type: AWS::SQS::Queue, Properties: { QueueName: b } }, C: { Type: AWS::EC2::Subnet } }";
    let names = |stack: &str| deploy(template, &Settings::new(stack, 7)).expect("it is made").resources;
    let (one, two) = (names("one"), names("two"));
    assert!(one[0].name != two[0].name && one[0].name.starts_with("one-A-") && !one[0].is_named);
    assert!(one[1].name == two[1].name && one[1].is_named);
    assert!(one[2].reference.starts_with("subnet-0"), "{}", one[2].reference);
}
