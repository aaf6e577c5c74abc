//! The AWS Parameters and Secrets Lambda extension: plain HTTP on a local port, with the session token in a header.
//!
//! Source: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html> and
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html>.

use serde_json::{Value, json};

use crate::aws::{LocalAws, lock};
use crate::http::{HttpRequest, HttpResponse};
use crate::identify::Asked;
use crate::service::Service;

const TOKEN_HEADER: &str = "x-aws-parameters-secrets-token";

/// Whether a request is for the extension and not for a service.
pub(crate) fn is_meant(request: &HttpRequest) -> bool {
    request.method == "GET"
        && request.header("authorization").is_none()
        && ["/secretsmanager/get", "/systemsmanager/parameters/get", "/systemsmanager/parameters/get/"]
            .contains(&request.path.as_str())
}

/// Answers as the extension does.
pub(crate) async fn answer(aws: &LocalAws, request: &HttpRequest) -> HttpResponse {
    // The token is the function's session token. A function has one whatever it is; an empty one is none.
    if request.header(TOKEN_HEADER).is_none_or(str::is_empty) {
        return text(400, "not ready to serve traffic, please wait");
    }
    match request.path.starts_with("/secretsmanager") {
        true => secret(aws, request).await,
        false => parameter(aws, request),
    }
}

fn text(status: u16, words: &str) -> HttpResponse {
    HttpResponse::new(status, "text/plain", words.to_owned())
}

async fn secret(aws: &LocalAws, request: &HttpRequest) -> HttpResponse {
    let Some(id) = request.query_value("secretId").filter(|id| !id.is_empty()) else {
        return text(400, "secretId is missing");
    };
    let mut params = json!({ "SecretId": id });
    for (name, param) in [("versionId", "VersionId"), ("versionStage", "VersionStage")] {
        if let Some(value) = request.query_value(name) {
            params[param] = json!(value);
        }
    }
    let target = Service::SecretsManager.target().unwrap_or_default();
    let call = HttpRequest::new("POST", "/", params.to_string())
        .with("content-type", "application/x-amz-json-1.1")
        .with("x-amz-target", &format!("{target}.GetSecretValue"));
    let asked = Asked { service: Service::SecretsManager, operation: "GetSecretValue".to_owned(), params };
    let answer = aws.inner.engines.answer(aws, &asked, call).await;
    match answer.is_success() {
        true => HttpResponse::new(200, "application/json", answer.body),
        false => text(400, "an unexpected error occurred while executing request"),
    }
}

fn parameter(aws: &LocalAws, request: &HttpRequest) -> HttpResponse {
    let Some(name) = request.query_value("name").filter(|name| !name.is_empty()) else {
        return text(400, "name is missing");
    };
    let parameters = lock(&aws.inner.parameters);
    let Some(parameter) = parameters.get(&name) else {
        return text(400, "an unexpected error occurred while executing request");
    };
    let decrypts = request.query_value("withDecryption").is_some_and(|value| value == "true");
    let value = match parameter.is_secure && !decrypts {
        // What the service answers without decryption is ciphertext.
        true => "AQICAHgjLocalAwsCiphertext".to_owned(),
        false => parameter.value.clone(),
    };
    let kind = if parameter.is_secure { "SecureString" } else { "String" };
    let body: Value = json!({
        "Parameter": { "Name": name, "Type": kind, "Value": value, "Version": parameter.version, "DataType": "text" },
        "ResultMetadata": {},
    });
    HttpResponse::new(200, "application/json", body.to_string())
}

/// A parameter of the store.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) value: String,
    pub(crate) is_secure: bool,
    pub(crate) version: u64,
}
