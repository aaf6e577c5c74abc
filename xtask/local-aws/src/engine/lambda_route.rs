//! Lambda has no operation names on the wire: method and path say it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>.

use serde_json::{Value, json};

use crate::error::AwsError;
use crate::http::{HttpRequest, decode};

/// Operation and parameters: names of the path and the query, and what stands in the body. Of `Invoke` the event stands
/// under `Payload`.
pub(crate) fn lambda_call(request: &HttpRequest) -> Result<(String, Value), AwsError> {
    let parts: Vec<String> = request.path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (operation, names) = route(&request.method, &parts)
        .ok_or_else(|| AwsError::new("UnknownOperationException", 404, "there is no such operation of Lambda here"))?;
    let invalid = |_| AwsError::client("InvalidRequestContentException", "Could not parse request body into json");
    let mut params = json!({});
    if operation == "Invoke" {
        let is_empty = request.body.is_empty();
        params["Payload"] =
            if is_empty { Value::Null } else { serde_json::from_slice(&request.body).map_err(invalid)? };
        for (header, name) in [
            ("x-amz-invocation-type", "InvocationType"),
            ("x-amz-log-type", "LogType"),
            ("x-amz-client-context", "ClientContext"),
        ] {
            if let Some(value) = request.header(header) {
                params[name] = json!(value);
            }
        }
    } else if !request.body.is_empty() {
        params = serde_json::from_slice(&request.body).map_err(invalid)?;
        if !params.is_object() {
            return Err(AwsError::client("InvalidRequestContentException", "The request body must be an object"));
        }
    }
    for (name, value) in request.pairs() {
        params[name.as_str()] = json!(value);
    }
    for (name, value) in names {
        params[name] = json!(value);
    }
    Ok((operation.to_owned(), params))
}

type Names<'a> = Vec<(&'static str, &'a str)>;

fn route<'a>(method: &str, parts: &[&'a str]) -> Option<(&'static str, Names<'a>)> {
    let [_version, "functions", rest @ ..] = parts else { return None };
    let function = |operation, name: &&'a str| Some((operation, vec![("FunctionName", *name)]));
    match (method, rest) {
        ("GET", []) => Some(("ListFunctions", Vec::new())),
        ("POST", []) => Some(("CreateFunction", Vec::new())),
        ("GET", [name]) => function("GetFunction", name),
        ("DELETE", [name]) => function("DeleteFunction", name),
        ("POST", [name, "invocations"]) => function("Invoke", name),
        ("GET", [name, "configuration"]) => function("GetFunctionConfiguration", name),
        ("PUT", [name, "configuration"]) => function("UpdateFunctionConfiguration", name),
        ("PUT", [name, "code"]) => function("UpdateFunctionCode", name),
        ("POST", [name, "versions"]) => function("PublishVersion", name),
        ("GET", [name, "versions"]) => function("ListVersionsByFunction", name),
        ("PUT", [name, "concurrency"]) => function("PutFunctionConcurrency", name),
        ("GET", [name, "concurrency"]) => function("GetFunctionConcurrency", name),
        ("DELETE", [name, "concurrency"]) => function("DeleteFunctionConcurrency", name),
        ("POST", [name, "policy"]) => function("AddPermission", name),
        ("GET", [name, "policy"]) => function("GetPolicy", name),
        ("DELETE", [name, "policy", id]) => {
            Some(("RemovePermission", vec![("FunctionName", *name), ("StatementId", *id)]))
        }
        ("POST", [name, "aliases"]) => function("CreateAlias", name),
        ("GET", [name, "aliases"]) => function("ListAliases", name),
        (method, [name, "aliases", alias]) => {
            let operation = match method {
                "GET" => "GetAlias",
                "PUT" => "UpdateAlias",
                "DELETE" => "DeleteAlias",
                _ => return None,
            };
            Some((operation, vec![("FunctionName", *name), ("Name", *alias)]))
        }
        _ => None,
    }
}
