//! External extensions: a second process that registers, hears of invocations and of the end.

use local_lambda::{FunctionBuilder, InitError, LogSource};
use serde_json::json;

use crate::support::{example, fates};

/// A copy of the raw example under a name that makes it an extension.
struct Extension {
    folder: std::path::PathBuf,
}

impl Extension {
    fn new(test: &str) -> Extension {
        let folder = std::env::temp_dir().join(format!("ll-extension-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(example("raw"), folder.join("extension-flusher")).unwrap();
        Extension { folder }
    }

    fn beside(&self, function: FunctionBuilder) -> FunctionBuilder {
        function.extension(self.folder.join("extension-flusher"))
    }
}

impl Drop for Extension {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn an_extension_hears_of_every_invocation_and_of_the_shutdown() {
    let extension = Extension::new("hears");
    let function = extension.beside(fates()).start();
    let outcome = function.invoke(json!({}));
    outcome.expect_json(json!({})).expect_no_violations();
    let heard = |lines: &[local_lambda::LogLine], what: &str| {
        lines.iter().any(|line| line.source == LogSource::Extension && line.text.contains(what))
    };
    assert!(heard(&outcome.log, &format!("\"requestId\":\"{}\"", outcome.request_id)), "{:#?}", outcome.log);
    let shutdowns = function.shut_down();
    assert!(heard(&shutdowns[0].log, "\"shutdownReason\":\"spindown\""), "{shutdowns:#?}");
}

#[test]
fn an_extension_that_fails_fails_the_initialization() {
    for (fate, error_type) in [("exit", "Extension.Crash"), ("init-error", "Extension.NoLicence")] {
        let extension = Extension::new(fate);
        let outcome = extension.beside(fates().env("EXTENSION", fate)).start().invoke(json!({}));
        let InitError::Reported(error) = outcome.expect_init_error() else { panic!("{:?}", outcome.fate) };
        assert_eq!(error.recorded_type, error_type);
    }
}

#[test]
fn a_function_that_is_ready_before_its_extension_is_not_frozen_with_it() {
    let extension = Extension::new("late");
    let function = extension.beside(fates().env("EXTENSION", "late")).freeze(true).start();
    function.invoke(json!({})).expect_json(json!({})).expect_no_violations();
}
