//! What each command is called, which options it takes, and its help: one file a command in `src/help`.

/// One command.
#[derive(Debug)]
pub struct Verb {
    pub name: &'static str,
    /// Without their dashes.
    pub options: &'static [&'static str],
    /// What it does, what it takes, exit codes, examples, what to do next; within 80 columns.
    pub help: &'static str,
}

pub const OVERVIEW: &str = include_str!("help/overview.txt");

macro_rules! verb {
    ($name:literal, $options:expr) => {
        Verb { name: $name, options: &$options, help: include_str!(concat!("help/", $name, ".txt")) }
    };
}

pub const VERBS: [Verb; 18] = [
    verb!("bench", ["format", "full"]),
    verb!("build", ["dest"]),
    verb!("check", ["all", "again", "format", "solutions", "verbose"]),
    verb!("ci", ["full"]),
    verb!("doctor", ["format"]),
    verb!("hint", ["format"]),
    verb!("invoke", ["all-fixtures", "format", "freeze", "times", "transcript"]),
    verb!("list", ["format"]),
    verb!("mutants", ["format"]),
    verb!("new", ["file"]),
    verb!("prefetch", []),
    verb!("progress", ["import"]),
    verb!("reset", ["all", "format", "undo"]),
    verb!("serve", ["no-open", "port"]),
    verb!("solution", ["format", "give-up"]),
    verb!("update", []),
    verb!("verify", ["again", "format", "release"]),
    verb!("watch", ["solutions"]),
];

#[must_use]
pub fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_help_fits_80_columns_and_says_what_to_do_next() {
        for text in VERBS.iter().map(|verb| verb.help).chain([OVERVIEW]) {
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "too long: {line}");
            }
        }
        for Verb { name, help, .. } in &VERBS {
            assert!(help.starts_with(&format!("cargo xtask {name}")), "{name} does not begin with how it is typed");
            assert!(help.contains(&format!("\n  cargo xtask {name}")), "{name} has no example");
            assert!(help.contains("\nNext: "), "{name} does not say what to do next");
        }
    }

    #[test]
    fn every_help_has_exactly_the_options_that_the_command_takes() {
        for Verb { name, options, help } in &VERBS {
            let words = help.lines().filter_map(|line| line.strip_prefix("  "));
            let told = words.filter_map(|line| {
                let word = line.split_whitespace().find(|word| word.starts_with("--"))?;
                (line.starts_with('-')).then_some(&word[2..])
            });
            let mut told: Vec<&str> = told.collect();
            let mut takes = options.to_vec();
            told.sort_unstable();
            takes.sort_unstable();
            assert_eq!(told, takes, "{name}");
        }
    }
}
