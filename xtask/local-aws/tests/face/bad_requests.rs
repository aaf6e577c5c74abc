//! Whatever is sent: an answer in the form of AWS, and everybody else is served on.

use std::io::{Read, Write};
use std::net::TcpStream;

use local_aws::LocalAws;

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/us-east-1/SCOPE/aws4_request, \
                      SignedHeaders=host, Signature=0000000000000000000000000000000000000000000000000000000000000000";

fn exchange(aws: &LocalAws, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(aws.endpoint().replace("http://", "")).unwrap();
    // Who is hung up on while he sends may not get all of it out.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(aws: &LocalAws, first_line: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
    let mut text =
        format!("{first_line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
    text.push_str("\r\n");
    exchange(aws, &[text.as_bytes(), body].concat())
}

fn signed(scope: &str) -> String {
    SIGNED.replace("SCOPE", scope)
}

#[test]
fn broken_requests_get_errors_in_the_form_of_their_service() {
    let aws = LocalAws::start();
    let json = |scope: &str, target: &str, body: &str| {
        request(&aws, "POST /", &[("authorization", &signed(scope)), ("x-amz-target", target)], body.as_bytes())
    };
    for (answer, words) in [
        (json("sqs", "AmazonSQS.SendMessage", "{"), "SerializationException"),
        (json("sqs", "AmazonSQS.SendMessage", "[]"), "SerializationException"),
        (json("sqs", "AmazonSQS.SendMessage", "{}"), "MissingParameter"),
        (json("sqs", "AmazonSQS.Fly", r#"{"QueueUrl":"x"}"#), "UnknownOperationException"),
        (json("dynamodb", "DynamoDB_20120810.Fly", "{}"), "UnknownOperationException"),
        (json("dynamodb", "DynamoDB_20120810.PutItem", r#"{"TableName":7}"#), "SerializationException"),
        (json("dynamodb", "DynamoDB_20120810.PutItem", "{}"), "ValidationException"),
        (json("secretsmanager", "secretsmanager.GetSecretValue", "{}"), "__type"),
        (json("kms", "TrentService.Encrypt", r#"{"KeyId":{}}"#), "__type"),
        (request(&aws, "POST /", &[("x-amz-target", "AmazonSQS.SendMessage")], b"{}"), "MissingAuthenticationToken"),
        (request(&aws, "GET /photos/cat.jpg", &[], b""), "<Code>AccessDenied</Code>"),
        (request(&aws, "GET /photos/cat.jpg", &[("authorization", &signed("s3"))], b""), "<Code>NoSuchBucket</Code>"),
        (request(&aws, "PATCH /photos/cat.jpg", &[("authorization", &signed("s3"))], b""), "MethodNotAllowed"),
        (request(&aws, "GET /", &[("authorization", "Basic x")], b""), "AuthorizationHeaderMalformed"),
        (request(&aws, "GET /", &[("authorization", &signed("iam"))], b""), "there is no service iam here"),
        (request(&aws, "GET /2015-03-31/flies", &[("authorization", &signed("lambda"))], b""), "UnknownOperation"),
    ] {
        assert!(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 501"), "{words}: {answer}");
        assert!(answer.contains(words), "{words}: {answer}");
    }
}

#[test]
fn a_body_too_large_is_refused_and_not_kept() {
    let aws = LocalAws::start();
    let answer = request(&aws, "PUT /photos/k", &[("authorization", &signed("s3"))], &vec![0; 65 * 1024 * 1024]);
    assert!(answer.contains("EntityTooLarge"), "{answer}");
}

#[test]
fn bytes_that_are_no_requests_hurt_nobody() {
    let aws = LocalAws::start();
    let mut noise = Vec::new();
    let mut state = 7_u32;
    for _ in 0..4_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.push((state >> 24) as u8);
    }
    exchange(&aws, &noise);
    exchange(&aws, b"POST / HTTP/1.1\r\ncontent-length: 99\r\n\r\n{");
    exchange(
        &aws,
        format!("POST /?{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "a.b.c.".repeat(2_000)).as_bytes(),
    );
    let form = format!("Action=Publish&{}=1", "a.".repeat(100_000));
    request(&aws, "POST /", &[("authorization", &signed("sns"))], form.as_bytes());
    let nested = "[".repeat(100_000);
    let target = ("x-amz-target", "DynamoDB_20120810.PutItem");
    let answer = request(&aws, "POST /", &[("authorization", &signed("dynamodb")), target], nested.as_bytes());
    assert!(answer.contains("SerializationException"), "{answer}");
    assert!(aws.bucket("still-there").keys().is_empty());
}
