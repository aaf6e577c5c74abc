//! A command line for the book to run: a shell script that says what a test wants it to say, and writes down how it
//! was called.

use std::os::unix::fs::PermissionsExt as _;

use crate::fixture::Fixture;
use crate::server::Server;

pub(crate) const GREETER: &str = "ch01-first/01-greeter";
const LIST: &str = r#"{"version":1,"command":"list","next":"ch01-first/01-greeter","watch":["state","code"],"exercises":[
{"id":"ch01/01","exercise":"ch01-first/01-greeter","title":"A greeter","file":"code/main.rs","check":"code/check.rs",
"state":"STATE"},{"id":"ch01/02","exercise":"ch01-first/02-other","file":"code/gone.rs","check":"x","state":"stale"}]}"#;

/// A book whose command line is there; `check` is the shell code of its `check`.
pub(crate) fn book_with_tool(check: &str) -> Fixture {
    let book = Fixture::new();
    book.write("list.json", LIST);
    book.write("state", "not-started");
    set_check(&book, check);
    book.write(
        "tool",
        "#!/bin/sh\n\
         if [ \"$1\" != list ]; then printf '%s|' \"$@\" >> calls; echo >> calls; fi\n\
         case \"$1\" in\n\
         list) sed \"s/STATE/$(cat state)/\" list.json;;\n\
         check) . ./check.sh;;\n\
         progress) if [ \"$2\" = --import ]; then cat > imported; echo '2 facts imported'; else echo 'version 1'; fi;;\n\
         hint) echo 'error: the page has no hints' >&2; exit 4;;\n\
         *) echo '{\"said\":\"'$1'\"}';;\n\
         esac\n",
    );
    std::fs::set_permissions(book.path("tool"), std::fs::Permissions::from_mode(0o755)).expect("a program");
    book
}

/// What the next check does.
pub(crate) fn set_check(book: &Fixture, check: &str) {
    book.write("check.sh", check);
}

pub(crate) fn serve(book: &Fixture) -> Server {
    serve_with(book, &[], &[])
}

pub(crate) fn serve_with(book: &Fixture, args: &[&str], env: &[(&str, &str)]) -> Server {
    let server = Server::start_with(book, &[&["--port", "0", "--no-open", "--xtask", "./tool"], args].concat(), env);
    assert_eq!(server.token.len(), 32, "128 bits");
    server
}

/// Every call but `list`, its arguments parted by bars.
pub(crate) fn calls(book: &Fixture) -> Vec<String> {
    std::fs::read_to_string(book.path("calls")).unwrap_or_default().lines().map(str::to_owned).collect()
}
