//! The calls that a function or an extension can make, read from method and path.

use hyper::Method;

/// One call of the Runtime API or the Extensions API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `GET /2018-06-01/ping`: kept by RAPID because somebody may use it.
    Ping,
    /// `GET /2018-06-01/runtime/invocation/next`
    Next,
    /// `POST /2018-06-01/runtime/invocation/{id}/response`
    Response { request_id: String },
    /// `POST /2018-06-01/runtime/invocation/{id}/error`
    Error { request_id: String },
    /// `POST /2018-06-01/runtime/init/error`
    InitError,
    /// `GET /2018-06-01/runtime/restore/next`
    RestoreNext,
    /// `POST /2018-06-01/runtime/restore/error`
    RestoreError,
    /// `GET /2021-04-23/credentials`: where a SnapStart function gets its credentials after a restore.
    Credentials,
    /// `POST /2020-01-01/extension/register`
    Register,
    /// `GET /2020-01-01/extension/event/next`
    ExtensionNext,
    /// `POST /2020-01-01/extension/init/error`
    ExtensionInitError,
    /// `POST /2020-01-01/extension/exit/error`
    ExtensionExitError,
    /// `PUT /2020-08-15/logs`
    Logs,
    /// `PUT /2022-07-01/telemetry`
    Telemetry,
}

/// Why a call has no route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRoute {
    /// No API has this path: 404.
    UnknownPath,
    /// The path is right, the method is not: 405.
    WrongMethod,
}

impl Route {
    /// The route of a call.
    ///
    /// # Errors
    /// When no API has that path, or not with that method.
    pub(crate) fn parse(method: &Method, path: &str) -> Result<Route, NoRoute> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (wanted, route) = match parts.as_slice() {
            ["2018-06-01", "ping"] => (Method::GET, Route::Ping),
            ["2018-06-01", "runtime", "invocation", "next"] => (Method::GET, Route::Next),
            ["2018-06-01", "runtime", "invocation", id, "response"] => {
                (Method::POST, Route::Response { request_id: (*id).to_owned() })
            }
            ["2018-06-01", "runtime", "invocation", id, "error"] => {
                (Method::POST, Route::Error { request_id: (*id).to_owned() })
            }
            ["2018-06-01", "runtime", "init", "error"] => (Method::POST, Route::InitError),
            ["2018-06-01", "runtime", "restore", "next"] => (Method::GET, Route::RestoreNext),
            ["2018-06-01", "runtime", "restore", "error"] => (Method::POST, Route::RestoreError),
            ["2021-04-23", "credentials"] => (Method::GET, Route::Credentials),
            ["2020-01-01", "extension", "register"] => (Method::POST, Route::Register),
            ["2020-01-01", "extension", "event", "next"] => (Method::GET, Route::ExtensionNext),
            ["2020-01-01", "extension", "init", "error"] => (Method::POST, Route::ExtensionInitError),
            ["2020-01-01", "extension", "exit", "error"] => (Method::POST, Route::ExtensionExitError),
            ["2020-08-15", "logs"] => (Method::PUT, Route::Logs),
            ["2022-07-01", "telemetry"] => (Method::PUT, Route::Telemetry),
            _ => return Err(NoRoute::UnknownPath),
        };
        if *method == wanted { Ok(route) } else { Err(NoRoute::WrongMethod) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_the_contract_has_a_route() {
        let get = |path| Route::parse(&Method::GET, path);
        let post = |path| Route::parse(&Method::POST, path);
        assert_eq!(get("/2018-06-01/runtime/invocation/next"), Ok(Route::Next));
        assert_eq!(
            post("/2018-06-01/runtime/invocation/abc/response"),
            Ok(Route::Response { request_id: "abc".into() })
        );
        assert_eq!(post("/2018-06-01/runtime/init/error"), Ok(Route::InitError));
        assert_eq!(post("/2020-01-01/extension/register"), Ok(Route::Register));
        assert_eq!(get("/2018-06-01/ping"), Ok(Route::Ping));
    }

    #[test]
    fn a_wrong_method_is_told_from_a_wrong_path() {
        let post = |path| Route::parse(&Method::POST, path);
        assert_eq!(post("/2018-06-01/runtime/invocation/next"), Err(NoRoute::WrongMethod));
        assert_eq!(post("/2018-06-01/runtime/invocation"), Err(NoRoute::UnknownPath));
        assert_eq!(post("/"), Err(NoRoute::UnknownPath));
    }
}
