//! The Parameters and Secrets extension: HTTP that any client speaks.

use std::io::{Read, Write};
use std::net::TcpStream;

use local_aws::LocalAws;
use serde_json::Value;

fn get(aws: &LocalAws, path: &str, token: Option<&str>) -> (u16, Value) {
    let port =
        aws.environment().into_iter().find(|(name, _)| name == "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT").unwrap().1;
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let token = token.map(|token| format!("X-Aws-Parameters-Secrets-Token: {token}\r\n")).unwrap_or_default();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{token}\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

#[test]
fn a_secret_is_served_to_who_has_the_token() {
    let aws = LocalAws::start();
    aws.secret("shop/db", "hunter2");
    let path = "/secretsmanager/get?secretId=shop%2Fdb";
    let (status, answer) = get(&aws, path, Some("token"));
    assert_eq!((status, answer["SecretString"].as_str()), (200, Some("hunter2")));
    assert_eq!(get(&aws, path, None).0, 400);
    assert_eq!(get(&aws, "/secretsmanager/get?secretId=nothing", Some("token")).0, 400);
}

#[test]
fn a_secure_parameter_is_ciphertext_unless_decryption_is_asked_for() {
    let aws = LocalAws::start();
    aws.set_parameter("/shop/paper", "matt");
    aws.set_secure_parameter("/shop/key", "hunter2");
    let value = |query: &str| {
        let (status, answer) = get(&aws, &format!("/systemsmanager/parameters/get?name={query}"), Some("token"));
        assert_eq!(status, 200);
        answer["Parameter"]["Value"].as_str().unwrap().to_owned()
    };
    assert_eq!(value("%2Fshop%2Fpaper"), "matt");
    assert_ne!(value("%2Fshop%2Fkey"), "hunter2");
    assert_eq!(value("%2Fshop%2Fkey&withDecryption=true"), "hunter2");
    assert_eq!(get(&aws, "/systemsmanager/parameters/get?name=nothing", Some("token")).0, 400);
}
