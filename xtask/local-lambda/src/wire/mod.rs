//! What goes over the wire between Lambda and a function: header names, routes, replies and their bodies.
//! Types only: nothing here opens a socket or keeps state.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>, and, where these are silent, the
//! Runtime API that AWS publishes in <https://github.com/aws/aws-lambda-runtime-interface-emulator> (called RAPID
//! below).

pub(crate) mod header;
pub(crate) mod next;
pub(crate) mod reply;
pub(crate) mod route;
pub(crate) mod stream;
