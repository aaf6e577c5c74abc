//! Streamed responses.

use local_lambda::{StreamErrorForm, Streamed};
use serde_json::json;

use crate::support::{fates_in, raw};

#[test]
fn a_stream_arrives_in_pieces_behind_its_prelude() {
    let outcome = fates_in("stream").start().invoke(json!({}));
    let response = outcome.expect_answer();
    assert_eq!(response.body, "one two three");
    let Some(Streamed { prelude, chunks, error, .. }) = &response.streamed else { panic!("{response:?}") };
    let prelude = prelude.as_ref().expect("a function of lambda_runtime sends one");
    assert_eq!(prelude["statusCode"], 200);
    assert_eq!(*error, None);
    let at = |text: &str| chunks.iter().find(|chunk| chunk.bytes.ends_with(text.as_bytes())).expect(text).at;
    assert!(
        at("three") >= at("one ") + std::time::Duration::from_millis(35),
        "the pieces came as they were made: {chunks:#?}"
    );
}

#[test]
fn a_stream_that_breaks_off_says_so_as_the_client_really_does() {
    let outcome = fates_in("stream").start().invoke(json!({ "fate": "break-off" }));
    let streamed = outcome.expect_answer().streamed.clone().unwrap();
    let error = streamed.error.expect("the stream broke off");
    assert_eq!(error.error_type, "Runtime.StreamError");
    assert_eq!(error.body, "the source ran dry");
    assert_eq!(error.sent_as, StreamErrorForm::BodyText, "lambda_runtime 1.5 writes its trailers into the body");
}

#[test]
fn trailers_are_read() {
    let outcome = raw("stream-with-trailers").start().invoke(json!({}));
    let response = outcome.expect_answer();
    let error = response.streamed.clone().unwrap().error.expect("the trailers say so");
    assert_eq!((error.error_type.as_str(), error.sent_as), ("Function.RanDry", StreamErrorForm::Trailers));
    assert_eq!((&response.body[..], &error.body[..]), (b"part".as_slice(), br#"{"a":1}"#.as_slice()));
}
