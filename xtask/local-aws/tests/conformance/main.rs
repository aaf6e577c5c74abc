//! What exercises rely on, asked of the real SDK clients. Each test names the page of AWS that says it.
//!
//! `LOCAL_AWS=http://…` asks the same of another endpoint; what only speaks about ourselves is in `tests/face`.

mod dynamodb;
mod events;
mod kms;
mod lambda;
mod lambda_aliases;
mod s3;
mod s3_notifications;
mod secrets;
mod sfn;
mod sns;
mod sqs;
mod support;
mod table_streams;
