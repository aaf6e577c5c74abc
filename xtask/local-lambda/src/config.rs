//! The configuration of a function: what one sets in Lambda, and what a test adds.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::limits;
use crate::platform_log::LogFormat;

/// What a function is and how it runs.
#[derive(Debug, Clone)]
pub(crate) struct FunctionConfig {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) current_dir: Option<PathBuf>,
    pub(crate) memory_mb: u32,
    pub(crate) timeout: Duration,
    pub(crate) init_timeout: Option<Duration>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: Option<String>,
    pub(crate) freeze: bool,
    pub(crate) snap_start: bool,
    pub(crate) at_snapshot: Option<AtSnapshot>,
    pub(crate) slots: Option<usize>,
    pub(crate) reserved_concurrency: Option<usize>,
    pub(crate) extensions: Vec<PathBuf>,
}

/// What a test does while the function lies in its snapshot.
#[derive(Clone)]
pub(crate) struct AtSnapshot(pub(crate) Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for AtSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtSnapshot")
    }
}

impl FunctionConfig {
    pub(crate) fn new(program: PathBuf) -> FunctionConfig {
        FunctionConfig {
            name: default_name(&program),
            version: "$LATEST".to_owned(),
            program,
            args: Vec::new(),
            current_dir: None,
            memory_mb: limits::DEFAULT_MEMORY_MB,
            timeout: limits::DEFAULT_TIMEOUT,
            init_timeout: None,
            env: BTreeMap::new(),
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            log_format: LogFormat::Text,
            log_level: None,
            freeze: false,
            snap_start: false,
            at_snapshot: None,
            slots: None,
            reserved_concurrency: None,
            extensions: Vec::new(),
        }
    }

    /// The function's ARN, with a version or alias where one is given.
    pub(crate) fn arn(&self, qualifier: Option<&str>) -> String {
        let arn = format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name);
        match qualifier {
            Some(qualifier) => format!("{arn}:{qualifier}"),
            None => arn,
        }
    }

    /// The value of `AWS_LAMBDA_INITIALIZATION_TYPE`.
    pub(crate) fn initialization_type(&self) -> &'static str {
        match (self.snap_start, self.slots) {
            (true, _) => "snap-start",
            (false, Some(_)) => "lambda-managed-instances",
            (false, None) => "on-demand",
        }
    }

    /// How long an initialization may take outside an invocation.
    pub(crate) fn init_limit(&self) -> Duration {
        self.init_timeout.unwrap_or(match self.initialization_type() {
            "on-demand" => limits::INIT_TIMEOUT,
            _ => limits::SNAP_START_INIT_TIMEOUT.max(self.timeout),
        })
    }

    /// The whole environment of the function's process: what Lambda sets, a `TMPDIR`, and what the test declared,
    /// which wins.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>. Different on purpose:
    /// `LD_LIBRARY_PATH` is not set, since its folders exist on Lambda only; `LAMBDA_TASK_ROOT` is the working
    /// directory, as it is on Lambda; `AWS_XRAY_DAEMON_ADDRESS` is on loopback.
    pub(crate) fn environment(&self, at: &Address<'_>) -> BTreeMap<String, String> {
        let task_root = self.current_dir.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_default();
        let mut variables: BTreeMap<String, String> = [
            ("_HANDLER", "bootstrap"),
            ("AWS_DEFAULT_REGION", &self.region),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &self.memory_mb.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", &self.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", &self.version),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", self.initialization_type()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", self.name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", at.log_stream),
            ("AWS_LAMBDA_RUNTIME_API", &at.api.to_string()),
            ("AWS_REGION", &self.region),
            ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
            ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"),
            ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
            ("LAMBDA_TASK_ROOT", &task_root.to_string_lossy()),
            ("LANG", "en_US.UTF-8"),
            ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
            ("TMPDIR", &at.tmp.to_string_lossy()),
            ("TZ", ":UTC"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
        if self.snap_start {
            set("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{}/2021-04-23/credentials", at.api));
            set("AWS_CONTAINER_AUTHORIZATION_TOKEN", CREDENTIALS_TOKEN.to_owned());
        } else {
            set("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned());
            set("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned());
            set("AWS_SESSION_TOKEN", SESSION_TOKEN.to_owned());
        }
        if self.log_format == LogFormat::Json {
            set("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned());
        }
        if let Some(level) = &self.log_level {
            set("AWS_LAMBDA_LOG_LEVEL", level.clone());
        }
        if let Some(slots) = self.slots {
            set("AWS_LAMBDA_MAX_CONCURRENCY", slots.to_string());
        }
        variables.extend(self.env.clone());
        variables
    }

    /// The environment of an extension: the same without `_HANDLER` and the X-Ray variables.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>.
    pub(crate) fn extension_environment(&self, at: &Address<'_>) -> BTreeMap<String, String> {
        let mut variables = self.environment(at);
        variables.retain(|name, _| !name.starts_with('_') && !name.starts_with("AWS_XRAY_"));
        variables
    }
}

/// Where an environment is.
#[derive(Debug)]
pub(crate) struct Address<'a> {
    pub(crate) api: SocketAddr,
    pub(crate) tmp: &'a Path,
    pub(crate) log_stream: &'a str,
}

/// Credentials that open nothing: the example key of AWS's own pages.
pub(crate) const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(crate) const SESSION_TOKEN: &str = "local-lambda-session-token";
pub(crate) const CREDENTIALS_TOKEN: &str = "local-lambda-credentials-token";

/// A function's name from its program: the file's stem with what Lambda does not allow replaced.
fn default_name(program: &Path) -> String {
    let stem = program.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let name: String = stem.chars().map(allowed).take(64).collect();
    if name.is_empty() { "function".to_owned() } else { name }
}

/// The program as a path that can be executed: a bare name is looked up in our own `PATH`, since the function's is
/// Lambda's.
pub(crate) fn find_program(program: &Path) -> PathBuf {
    if program.components().count() > 1 {
        return program.to_owned();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| program.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment_of(config: &FunctionConfig) -> BTreeMap<String, String> {
        let api = "127.0.0.1:9001".parse().unwrap();
        config.environment(&Address { api, tmp: Path::new("/tmp/x"), log_stream: "2026/01/01/[$LATEST]00" })
    }

    #[test]
    fn a_function_gets_what_lambda_sets_and_nothing_of_ours() {
        let variables = environment_of(&FunctionConfig::new("/somewhere/greeter".into()));
        assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "greeter");
        assert_eq!(variables["AWS_LAMBDA_RUNTIME_API"], "127.0.0.1:9001");
        assert_eq!(variables["AWS_LAMBDA_INITIALIZATION_TYPE"], "on-demand");
        for ours in ["HOME", "USER", "CARGO", "RUST_LOG", "RUST_BACKTRACE", "AWS_PROFILE"] {
            assert!(!variables.contains_key(ours), "{ours}");
        }
        assert!(!variables.contains_key("AWS_LAMBDA_MAX_CONCURRENCY"), "only managed instances have it");
    }

    #[test]
    fn what_the_test_declares_wins() {
        let mut config = FunctionConfig::new("f".into());
        config.env.insert("TZ".into(), "Asia/Taipei".into());
        config.env.insert("TABLE".into(), "orders".into());
        let variables = environment_of(&config);
        assert_eq!((variables["TZ"].as_str(), variables["TABLE"].as_str()), ("Asia/Taipei", "orders"));
    }

    #[test]
    fn under_snap_start_credentials_come_from_an_endpoint() {
        let mut config = FunctionConfig::new("f".into());
        config.snap_start = true;
        let variables = environment_of(&config);
        assert!(!variables.contains_key("AWS_ACCESS_KEY_ID"));
        assert_eq!(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "http://127.0.0.1:9001/2021-04-23/credentials");
    }

    #[test]
    fn a_name_is_made_of_what_lambda_allows() {
        assert_eq!(default_name(Path::new("/a/my function.v2")), "my-function");
        assert_eq!(default_name(Path::new("/")), "function");
    }
}
