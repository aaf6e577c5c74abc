//! The limits of AWS Lambda that this crate enforces, each with its unit and the page it was read on.
//!
//! Pages were read in November 2026. A value that AWS states in "MB" without more is taken as mebibytes, as the
//! service's own error messages do.

use std::time::Duration;

/// Largest event of a synchronous invocation, in bytes: 6 MiB.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html> ("Invocation payload").
pub const SYNC_EVENT_BYTES: usize = 6 * 1024 * 1024;

/// Largest event of an asynchronous invocation, in bytes: 1 MiB (256 KB until October 2025).
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html> ("Invocation payload").
pub const ASYNC_EVENT_BYTES: usize = 1024 * 1024;

/// Largest buffered response, in bytes: 6 MiB and 100 bytes.
///
/// Source: the number in the service's own message, "exceeded maximum allowed payload size (6291556 bytes)", and
/// `MaxPayloadSize` of <https://github.com/aws/aws-lambda-runtime-interface-emulator>.
pub const RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;

/// Largest streamed response, in bytes: 200 MiB (20 MB until July 2025).
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html>.
pub const STREAMED_RESPONSE_BYTES: usize = 200 * 1024 * 1024;

/// How long an environment may take to initialize before Lambda starts it again inside the first invocation.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html> ("Init phase").
pub const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a process may take to end after it has reported that it cannot start; then it is killed. A limit of this
/// crate, not of AWS.
pub const END_AFTER_INIT_ERROR: Duration = Duration::from_secs(2);

/// How long a SnapStart function may take to initialize, at the least (the function's own timeout if that is longer).
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html> ("Init phase").
pub const SNAP_START_INIT_TIMEOUT: Duration = Duration::from_secs(130);

/// How long the hooks of a SnapStart function may take after a restore.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html>.
pub const RESTORE_TIMEOUT: Duration = Duration::from_secs(10);

/// The default timeout of a function.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);

/// The default, and smallest, memory size of a function, in MiB.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>.
pub const DEFAULT_MEMORY_MB: u32 = 128;

/// How many environments an account may run at once in a Region unless AWS raises it.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html>.
pub const ACCOUNT_CONCURRENCY: usize = 1_000;

/// How many extensions, internal and external, one environment may have.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-extensions.html>.
pub const EXTENSIONS: usize = 10;

/// The time from SIGTERM to SIGKILL when only internal extensions are registered.
/// With none at all there is no SIGTERM.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html> ("Shutdown phase").
pub const SHUTDOWN_WINDOW_INTERNAL: Duration = Duration::from_millis(500);

/// The time from SIGTERM to SIGKILL when an external extension is registered.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html> ("Shutdown phase").
pub const SHUTDOWN_WINDOW_EXTERNAL: Duration = Duration::from_secs(2);

/// The share of the shutdown window that the runtime gets before external extensions are told, in percent.
///
/// Source: `runtimeDeadlineShare` of <https://github.com/aws/aws-lambda-runtime-interface-emulator>.
pub const SHUTDOWN_RUNTIME_SHARE_PERCENT: u32 = 30;

/// How much of a function's output this crate keeps for one invocation, in bytes. What comes after is read and
/// counted, but not kept. A limit of this crate, not of AWS.
pub const LOG_BYTES_KEPT: usize = 1024 * 1024;

/// The longest log line that is kept in one piece, in bytes: 256 KiB; a longer one is split.
///
/// Source: "Event size" on <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>,
/// which has since risen to 1 MB; Lambda's own splitting was not confirmed.
pub const LOG_LINE_BYTES: usize = 256 * 1024;
