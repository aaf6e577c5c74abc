//! Which binary a test judges.

use std::env;
use std::path::PathBuf;

/// The path of a function's binary.
///
/// `binary!()` is the binary of the same name as the package; `binary!("orders")` is the one called `orders`. Looked
/// for in this order:
///
/// 1. The environment variable `LOCAL_LAMBDA_BINARY` (for a named one: `LOCAL_LAMBDA_BINARY_orders`), so that one
///    compiled test can judge several programs.
/// 2. `CARGO_BIN_EXE_<name>`, as cargo sets it when the test runs.
/// 3. The same as it was when the test was compiled. Last, because it is wrong after the folder was moved.
///
/// # Panics
/// When there is no such binary, saying where it was looked for.
#[macro_export]
macro_rules! binary {
    () => {
        $crate::find_binary(
            ::core::option::Option::None,
            env!("CARGO_PKG_NAME"),
            option_env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME"))),
        )
    };
    ($name:literal) => {
        $crate::find_binary(::core::option::Option::Some($name), $name, option_env!(concat!("CARGO_BIN_EXE_", $name)))
    };
}

/// What [`binary!`](crate::binary) does. `named`: the name, where one was given.
///
/// # Panics
/// When there is no such binary, saying where it was looked for.
#[doc(hidden)]
#[track_caller]
pub fn find_binary(named: Option<&str>, name: &str, compiled: Option<&str>) -> PathBuf {
    let variable = match named {
        Some(name) => format!("LOCAL_LAMBDA_BINARY_{name}"),
        None => "LOCAL_LAMBDA_BINARY".to_owned(),
    };
    choose(&variable, name, |variable| env::var_os(variable).map(PathBuf::from), compiled)
        .unwrap_or_else(|message| panic!("{message}"))
}

fn choose(
    variable: &str,
    name: &str,
    set: impl Fn(&str) -> Option<PathBuf>,
    compiled: Option<&str>,
) -> Result<PathBuf, String> {
    let given = |variable: &str| set(variable).filter(|path| !path.as_os_str().is_empty());
    let cargo = format!("CARGO_BIN_EXE_{name}");
    if let Some(path) = given(variable) {
        return match path.is_file() {
            true => Ok(path),
            false => Err(format!("{variable} is {}, where there is no file", path.display())),
        };
    }
    let candidates = [given(&cargo), compiled.map(PathBuf::from)];
    if let Some(path) = candidates.iter().flatten().find(|path| path.is_file()) {
        return Ok(path.clone());
    }
    Err(match candidates.iter().flatten().next() {
        Some(path) => format!("the binary {name} is not at {}: run the test with `cargo test`", path.display()),
        None => format!(
            "this package has no binary {name}: name one with `binary!(\"…\")`, or set {variable} to a program's path"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(set: &[(&str, &str)], compiled: Option<&str>) -> Result<PathBuf, String> {
        let value = |wanted: &str| set.iter().find(|(name, _)| *name == wanted).map(|(_, path)| PathBuf::from(path));
        choose("LOCAL_LAMBDA_BINARY", "greeter", value, compiled)
    }

    #[test]
    fn the_override_goes_before_run_time_and_that_before_compile_time() {
        let here = env::current_exe().unwrap();
        let here = here.to_str().unwrap();
        let (gone, other) = ("/no/such/file", "/bin/sh");
        let runtime = "CARGO_BIN_EXE_greeter";
        let found = |result: Result<PathBuf, String>| result.unwrap().to_str().unwrap().to_owned();
        assert_eq!(found(look(&[("LOCAL_LAMBDA_BINARY", other), (runtime, here)], Some(here))), other);
        assert_eq!(found(look(&[("LOCAL_LAMBDA_BINARY", ""), (runtime, here)], Some(other))), here);
        assert_eq!(found(look(&[(runtime, gone)], Some(other))), other);
    }

    #[test]
    fn a_missing_binary_is_explained() {
        assert!(
            look(&[("LOCAL_LAMBDA_BINARY", "/no/such/file")], None).unwrap_err().contains("LOCAL_LAMBDA_BINARY is")
        );
        assert!(look(&[], Some("/no/such/file")).unwrap_err().contains("cargo test"));
        assert!(look(&[], None).unwrap_err().contains("no binary greeter"));
    }
}
