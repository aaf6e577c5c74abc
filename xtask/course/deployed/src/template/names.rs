//! What `Ref` and `Fn::GetAtt` give, by kind of resource, and the names that CloudFormation draws.
//!
//! Source: the "Return values" of each resource in
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html>.

use super::Settings;

/// How a resource is called in the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    pub name: String,
    pub reference: String,
    pub arn: String,
    pub is_named: bool,
}

/// The property that names a resource of this kind.
pub(super) fn property(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::CloudWatch::Alarm" => "AlarmName",
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::Events::EventBus" | "AWS::Events::Rule" | "AWS::Scheduler::Schedule" | "AWS::SecretsManager::Secret" => {
            "Name"
        }
        "AWS::IAM::Role" => "RoleName",
        "AWS::Lambda::Function" => "FunctionName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::S3::Bucket" => "BucketName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::SQS::Queue" => "QueueName",
        _ => return None,
    })
}

/// The names of a resource; `given` is the value of its naming property.
pub(super) fn of(id: &str, kind: &str, given: Option<String>, is_fifo: bool, settings: &Settings) -> Names {
    let is_named = given.is_some();
    let name = given.unwrap_or_else(|| drawn(id, kind, is_fifo, settings));
    let (region, account) = (&settings.region, &settings.account);
    let arn = match kind {
        "AWS::CloudWatch::Alarm" => format!("arn:aws:cloudwatch:{region}:{account}:alarm:{name}"),
        "AWS::DynamoDB::Table" => format!("arn:aws:dynamodb:{region}:{account}:table/{name}"),
        "AWS::IAM::Role" => format!("arn:aws:iam::{account}:role/{name}"),
        "AWS::Lambda::Function" => format!("arn:aws:lambda:{region}:{account}:function:{name}"),
        "AWS::Logs::LogGroup" => format!("arn:aws:logs:{region}:{account}:log-group:{name}:*"),
        "AWS::S3::Bucket" => format!("arn:aws:s3:::{name}"),
        "AWS::SecretsManager::Secret" => format!("arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf"),
        "AWS::SNS::Topic" => format!("arn:aws:sns:{region}:{account}:{name}"),
        "AWS::SQS::Queue" => format!("arn:aws:sqs:{region}:{account}:{name}"),
        _ => {
            let mut parts = kind.split("::").skip(1).map(str::to_ascii_lowercase);
            let (service, what) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            format!("arn:aws:{service}:{region}:{account}:{what}/{name}")
        }
    };
    let reference = match kind {
        "AWS::SQS::Queue" => format!("https://sqs.{region}.amazonaws.com/{account}/{name}"),
        "AWS::SNS::Topic" | "AWS::SecretsManager::Secret" | "AWS::Lambda::Version" | "AWS::Lambda::Alias" => {
            arn.clone()
        }
        _ => name.clone(),
    };
    Names { name, reference, arn, is_named }
}

/// What an attribute is; nothing where a resource of this kind has no such attribute. Of kinds that are not known,
/// attributes are taken by their ending.
pub(super) fn attribute(names: &Names, kind: &str, attribute: &str) -> Option<String> {
    let known: &[&str] = match kind {
        "AWS::CloudWatch::Alarm" | "AWS::Events::Rule" => &["Arn"],
        "AWS::DynamoDB::Table" => &["Arn", "StreamArn", "TableId"],
        "AWS::IAM::Role" => &["Arn", "RoleId"],
        "AWS::Lambda::Function" => &["Arn", "SnapStartResponse.ApplyOn", "SnapStartResponse.OptimizationStatus"],
        "AWS::Logs::LogGroup" => &["Arn"],
        "AWS::S3::Bucket" => &["Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"],
        "AWS::SNS::Topic" => &["TopicArn", "TopicName"],
        "AWS::SQS::Queue" => &["Arn", "QueueName", "QueueUrl"],
        _ => &[],
    };
    if !known.is_empty() && !known.contains(&attribute) {
        return None;
    }
    Some(match attribute {
        "Arn" | "TopicArn" => names.arn.clone(),
        "StreamArn" => format!("{}/stream/2026-11-30T09:00:00.000", names.arn),
        "QueueName" | "TopicName" => names.name.clone(),
        "QueueUrl" => names.reference.clone(),
        ending if ending.ends_with("Arn") => names.arn.clone(),
        ending if ending.ends_with("Id") => names.reference.clone(),
        other => format!("{}.{other}", names.name),
    })
}

/// `print-room-Jobs-1XK4M7Q2T9ZB`, or an id such as `subnet-0f3a…` where resources have no names.
fn drawn(id: &str, kind: &str, is_fifo: bool, settings: &Settings) -> String {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut state = settings.draw ^ 0xcbf2_9ce4_8422_2325;
    for byte in settings.stack.bytes().chain(id.bytes()) {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    if let Some(prefix) = prefix(kind) {
        return format!("{prefix}-0{state:016x}");
    }
    let mut suffix = String::new();
    for _ in 0..12 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        suffix.push(char::from(LETTERS[(state >> 33) as usize % LETTERS.len()]));
    }
    let name = format!("{}-{id}-{suffix}", settings.stack);
    match kind {
        "AWS::S3::Bucket" => name.to_ascii_lowercase(),
        "AWS::SQS::Queue" if is_fifo => format!("{name}.fifo"),
        _ => name,
    }
}

/// How ids of EC2's resources begin.
fn prefix(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::EC2::EIP" => "eipalloc",
        "AWS::EC2::InternetGateway" => "igw",
        "AWS::EC2::NatGateway" => "nat",
        "AWS::EC2::NetworkAcl" => "acl",
        "AWS::EC2::RouteTable" => "rtb",
        "AWS::EC2::SecurityGroup" => "sg",
        "AWS::EC2::Subnet" => "subnet",
        "AWS::EC2::VPC" => "vpc",
        "AWS::EC2::VPCEndpoint" => "vpce",
        _ => return None,
    })
}
