//! What each command is called, which options it takes, and its help: one file a command in `src/help`.

/// One command.
#[derive(Debug)]
pub struct Verb {
    pub name: &'static str,
    /// Without their dashes.
    pub options: &'static [&'static str],
    /// How many words it takes beside them.
    pub takes: usize,
    /// What it does, what it takes, exit codes, examples, what to do next; within 80 columns.
    pub help: &'static str,
}

pub const OVERVIEW: &str = include_str!("help/overview.txt");

macro_rules! verb {
    ($name:literal, $options:expr, $takes:expr) => {
        Verb { name: $name, options: &$options, takes: $takes, help: include_str!(concat!("help/", $name, ".txt")) }
    };
}

/// As many names as somebody likes to type.
const ANY: usize = usize::MAX;

pub const VERBS: [Verb; 18] = [
    verb!("bench", ["format", "full"], 0),
    verb!("build", ["dest"], 0),
    verb!("check", ["all", "again", "format", "solutions", "verbose"], ANY),
    verb!("ci", ["full"], ANY),
    verb!("doctor", ["format"], 0),
    verb!("hint", ["format"], 2),
    verb!("invoke", ["all-fixtures", "env", "format", "freeze", "timeout", "times", "transcript"], 2),
    verb!("list", ["format"], ANY),
    verb!("mutants", ["format"], ANY),
    verb!("new", ["file"], 1),
    verb!("prefetch", [], 0),
    verb!("progress", ["import"], 0),
    verb!("reset", ["all", "format", "undo"], ANY),
    verb!("serve", ["no-open", "port"], 0),
    verb!("solution", ["format", "give-up"], 1),
    verb!("update", [], 0),
    verb!("verify", ["again", "format", "release"], ANY),
    verb!("watch", ["solutions"], ANY),
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
    fn the_fixtures_in_the_help_of_invoke_exist() {
        let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises/fixtures");
        let help = verb("invoke").map_or("", |verb| verb.help);
        let words = help.split([' ', '\n', ';']).map(|word| word.trim_end_matches(['.', ',', ':']));
        let is_fixture = |word: &&str| word.contains('/') && !word.starts_with("ch") && !word.contains('.');
        let named: Vec<&str> = words.filter(is_fixture).collect();
        assert!(named.len() >= 2, "{named:?}");
        for name in named {
            assert!(fixtures.join(format!("{name}.json")).is_file(), "{name}");
        }
    }

    #[test]
    fn every_help_has_exactly_the_options_that_the_command_takes() {
        for Verb { name, options, help, .. } in &VERBS {
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
