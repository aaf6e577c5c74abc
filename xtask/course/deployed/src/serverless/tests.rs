use super::*;
use crate::template::{Settings, deploy_value};

const FILE: &str = "
service: prices
frameworkVersion: '4'
custom: { days: { live: 30, other: 7 } }
provider:
  name: aws
  stage: ${opt:stage, 'test'}
  runtime: provided.al2023
  architecture: arm64
  logRetentionInDays: ${self:custom.days.${sls:stage}, 7}
  environment: { A: a, STAGE: '${sls:stage}' }
  iam: { role: { statements: [{ Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt Prices.Arn }] } }
package: { artifact: target/bootstrap.zip }
functions:
  importer:
    handler: bootstrap
    environment: { A: b, TABLE: !Ref Prices }
    events:
      - sqs: { arn: !GetAtt Updates.Arn, functionResponseType: ReportBatchItemFailures }
resources:
  Resources:
    Updates: { Type: AWS::SQS::Queue, Properties: { QueueName: 'updates-${sls:stage}' } }
    Prices:
      Type: AWS::DynamoDB::Table
      Properties:
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
        KeySchema: [{ AttributeName: id, KeyType: HASH }]
  extensions:
    ImporterLambdaFunction: { Properties: { Description: !Sub 'in ${AWS::Region}' } }
";

#[test]
fn a_file_becomes_a_stack_for_each_stage() {
    for (stage, name, days) in [(Some("live"), "live", 30), (None, "test", 7)] {
        let compiled = compile(FILE, stage).expect("it is taken");
        assert_eq!(compiled.stack, format!("prices-{name}"));
        let stack = deploy_value(compiled.template, &Settings::new(&compiled.stack, 7)).expect("it is made");
        let function = stack.resource("ImporterLambdaFunction").expect("a function");
        assert_eq!(function.name, format!("prices-{name}-importer"));
        let table = stack.resource("Prices").expect("a table");
        let variables = json!({ "A": "b", "STAGE": name, "TABLE": table.name });
        assert_eq!(function.at("Environment.Variables"), &variables);
        assert_eq!((function.number("MemorySize"), function.number("Timeout")), (Some(1024), Some(6)));
        assert_eq!(function.text("Description"), Some("in us-east-1"));
        assert_eq!(stack.resource("ImporterLogGroup").and_then(|group| group.number("RetentionInDays")), Some(days));
        let queue = stack.resource("Updates").expect("a queue");
        assert_eq!((queue.name.clone(), queue.is_named), (format!("updates-{name}"), true));
        let mapping = stack.resource("ImporterEventSourceMappingSQSUpdates").expect("a mapping");
        assert_eq!(stack.named(mapping.at("FunctionName")).map(|one| one.id.as_str()), Some("ImporterLambdaFunction"));
        assert_eq!(mapping.text("EventSourceArn"), Some(queue.arn.as_str()));
    }
    let compiled = compile(FILE, None).expect("it is taken");
    assert_eq!(compiled.framework_version.as_deref(), Some("4"));
    assert_eq!(compiled.artifacts, [("importer".to_owned(), Some("target/bootstrap.zip".to_owned()))]);
}

/// The part of the file that gives the role.
const ROLE: &str =
    "role: { statements: [{ Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt Prices.Arn }] }";

#[test]
fn what_the_tool_refuses_is_refused() {
    for (of, instead, part) in [
        ("frameworkVersion: '4'", "frameworkVersion: 4", "does not represent a valid semver version range"),
        ("frameworkVersion: '4'", "frameworkVersion: '3'", "does not satisfy"),
        ("runtime: provided.al2023", "runtime: python3.9", "must be equal to one of the allowed values"),
        ("frameworkVersion: '4'", "plugins: [serverless-python-requirements]", "not found"),
        ("    handler: bootstrap\n", "", "Missing \"handler\""),
        ("    handler: bootstrap", "    handler: bootstrap\n    memory: 1", "unrecognized property 'memory'"),
        ("sqs: { arn: !GetAtt Updates.Arn,", "sqs: { queue: !GetAtt Updates.Arn,", "required property 'arn'"),
        ("${self:custom.days.${sls:stage}, 7}", "${self:custom.weeks}", "value not found"),
        (ROLE, "role: 'arn:aws:iam::123456789012:role/shop'", "made elsewhere"),
        ("service: prices", "servce: prices", "unrecognized property 'servce'"),
        ("${sls:stage}'", "${param:stage}'", "kind param are not known"),
    ] {
        let invalid = compile(&FILE.replace(of, instead), None).expect_err(instead).to_string();
        assert!(invalid.contains(part), "{instead}: {invalid}");
    }
}
