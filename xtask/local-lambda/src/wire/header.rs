//! The names of the headers of the Runtime API and the Extensions API, in the spelling of AWS's pages.
//! HTTP compares them without regard to case.

/// On `next`: the id of the request, a UUID.
pub(crate) const REQUEST_ID: &str = "Lambda-Runtime-Aws-Request-Id";
/// On `next`: when the function will be stopped, in milliseconds since 1970.
pub(crate) const DEADLINE_MS: &str = "Lambda-Runtime-Deadline-Ms";
/// On `next`: the ARN that the caller named, with its version or alias.
pub(crate) const INVOKED_FUNCTION_ARN: &str = "Lambda-Runtime-Invoked-Function-Arn";
/// On `next`: the X-Ray trace header.
pub(crate) const TRACE_ID: &str = "Lambda-Runtime-Trace-Id";
/// On `next`: the client context of a mobile SDK, as JSON (not base64).
pub(crate) const CLIENT_CONTEXT: &str = "Lambda-Runtime-Client-Context";
/// On `next`: the Cognito identity of the caller, as JSON.
pub(crate) const COGNITO_IDENTITY: &str = "Lambda-Runtime-Cognito-Identity";
/// On `next`: the tenant, for functions with tenant isolation.
pub(crate) const TENANT_ID: &str = "Lambda-Runtime-Aws-Tenant-Id";
/// On `next`, and echoed on `response` and `error`: a number used once, by which a late answer of an earlier
/// invocation with the same request id is told from the right one.
///
/// Source: <https://github.com/aws/aws-lambda-rust-runtime/issues/1155>.
pub(crate) const INVOCATION_ID: &str = "Lambda-Runtime-Invocation-Id";

/// On `error` and `init/error`: the type of the error, `Runtime.X` or `Function.X`.
/// Also the trailer with which a stream that broke off says why.
pub(crate) const FUNCTION_ERROR_TYPE: &str = "Lambda-Runtime-Function-Error-Type";
/// The trailer of a broken stream that holds the error's JSON, in base64.
pub(crate) const FUNCTION_ERROR_BODY: &str = "Lambda-Runtime-Function-Error-Body";
/// On `response`: `streaming`, or absent for a buffered response.
pub(crate) const RESPONSE_MODE: &str = "Lambda-Runtime-Function-Response-Mode";

/// On `extension/register`: the extension's name; for an external one, its file name.
pub(crate) const EXTENSION_NAME: &str = "Lambda-Extension-Name";
/// What `extension/register` hands out and every later call of that extension carries.
pub(crate) const EXTENSION_ID: &str = "Lambda-Extension-Identifier";
/// On `extension/register`: a comma-separated list; `accountId` is the one feature there is.
pub(crate) const EXTENSION_ACCEPT_FEATURE: &str = "Lambda-Extension-Accept-Feature";
/// On the errors of an extension: the type of the error.
pub(crate) const EXTENSION_ERROR_TYPE: &str = "Lambda-Extension-Function-Error-Type";
/// On `event/next`: the id of the event.
pub(crate) const EXTENSION_EVENT_ID: &str = "Lambda-Extension-Event-Identifier";
