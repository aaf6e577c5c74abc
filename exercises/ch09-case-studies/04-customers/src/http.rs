//! What comes from an HTTP API, what goes back to it, and what can be wrong. Given; it stays as it is.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

/// A request as an HTTP API hands it to a function, payload format 2.0; what nobody asks for is left out.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    pub(crate) raw_path: String,
    /// Their names are in small letters.
    #[serde(default)]
    pub(crate) headers: HashMap<String, String>,
    /// There are none when the address has none.
    pub(crate) query_string_parameters: Option<HashMap<String, String>>,
    pub(crate) body: Option<String>,
    #[serde(default)]
    pub(crate) is_base64_encoded: bool,
    pub(crate) request_context: RequestContext,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestContext {
    pub(crate) http: Http,
    pub(crate) authorizer: Option<Authorizer>,
    /// When API Gateway got the request, in milliseconds since 1970.
    pub(crate) time_epoch: u64,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Http {
    pub(crate) method: String,
}

/// What the authorizer found out; of a route that has none there is nothing.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Authorizer {
    pub(crate) jwt: Option<Jwt>,
}

/// The claims of a token that was checked.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Jwt {
    pub(crate) claims: HashMap<String, String>,
}

/// What can be wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    InvalidCustomer,
    InvalidPage,
    NotSignedIn,
    NotYours,
    NoSuchPath,
    NoSuchCustomer,
    MethodNotAllowed,
    AlreadyThere,
    VersionChanged,
    VersionMissing,
    Unavailable,
}

/// What the caller is told of each: the status, the name of the problem, and a title for people.
const PROBLEMS: [(Problem, u16, &str, &str); 11] = [
    (Problem::InvalidCustomer, 400, "invalid-customer", "The body is no customer"),
    (Problem::InvalidPage, 400, "invalid-page", "There is no such page"),
    (Problem::NotSignedIn, 401, "not-signed-in", "Nobody is signed in"),
    (Problem::NotYours, 403, "not-yours", "This is not for you"),
    (Problem::NoSuchPath, 404, "no-such-path", "There is nothing at this address"),
    (Problem::NoSuchCustomer, 404, "no-such-customer", "There is no such customer"),
    (Problem::MethodNotAllowed, 405, "method-not-allowed", "This address has no such method"),
    (Problem::AlreadyThere, 409, "already-there", "This customer is there already"),
    (Problem::VersionChanged, 412, "version-changed", "The customer is not what was seen"),
    (Problem::VersionMissing, 428, "version-missing", "The header if-match is missing"),
    (Problem::Unavailable, 503, "unavailable", "The customers cannot be reached; try again"),
];

/// What goes back to the HTTP API.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    status_code: u16,
    headers: HashMap<&'static str, String>,
    body: String,
}

impl Answer {
    /// Nothing but this status.
    pub(crate) fn empty(status_code: u16) -> Answer {
        Answer { status_code, headers: HashMap::new(), body: String::new() }
    }

    /// This value as JSON.
    pub(crate) fn json(status_code: u16, value: &impl Serialize) -> Answer {
        let body = serde_json::to_string(value).unwrap_or_default();
        Answer { body, ..Answer::empty(status_code) }.with("content-type", "application/json")
    }

    /// The same with one header more.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.insert(name, value.into());
        self
    }
}

/// In the form of RFC 9457.
impl From<Problem> for Answer {
    fn from(problem: Problem) -> Answer {
        let known = PROBLEMS.iter().find(|(known, ..)| *known == problem);
        let &(_, status, name, title) = known.unwrap_or(&PROBLEMS[PROBLEMS.len() - 1]);
        let about = format!("https://ferris-prints.example/problems/{name}");
        let answer = Answer::json(status, &json!({ "type": about, "title": title, "status": status }));
        answer.with("content-type", "application/problem+json")
    }
}
