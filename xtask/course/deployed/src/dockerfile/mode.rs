//! Modes of files, as `chmod` and `install` take them.

/// What `-m` says, in whatever form, and the words that are no options.
pub(super) fn given(arguments: &[String]) -> (Option<&str>, Vec<&str>) {
    let (mut mode, mut plain) = (None, Vec::new());
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match (word.strip_prefix("--mode="), word.strip_prefix('-')) {
            (Some(given), _) => mode = Some(given),
            (None, Some(option)) if option.starts_with('-') => {}
            (None, Some(option)) => match option.split_once('m') {
                Some((_, "")) => mode = words.next(),
                Some((_, given)) => mode = Some(given),
                None => {}
            },
            (None, None) => plain.push(word),
        }
    }
    (mode, plain)
}

/// A mode after `755`, `u+x` or `go-rwx,a+r`.
pub(super) fn changed(mode: &str, old: u32) -> Result<u32, String> {
    if mode.bytes().all(|byte| byte.is_ascii_digit()) {
        return octal(mode);
    }
    let unknown = || format!("the mode {mode} is not known to this check");
    mode.split(',').try_fold(old, |old, part| {
        let at = part.find(['+', '-', '=']).ok_or_else(unknown)?;
        let (who, what) = (&part[..at], &part[at + 1..]);
        let who = if who.is_empty() { "a" } else { who };
        let groups = who.chars().try_fold(0, |groups, letter| match letter {
            'u' => Ok(groups | 0o700),
            'g' => Ok(groups | 0o070),
            'o' => Ok(groups | 0o007),
            'a' => Ok(groups | 0o777),
            _ => Err(unknown()),
        })?;
        let bits = what.chars().try_fold(0, |bits, letter| match letter {
            'r' => Ok(bits | 0o444),
            'w' => Ok(bits | 0o222),
            'x' => Ok(bits | 0o111),
            // Where somebody may execute it already.
            'X' => Ok(bits | if old & 0o111 == 0 { 0 } else { 0o111 }),
            _ => Err(unknown()),
        })?;
        Ok(match &part[at..=at] {
            "+" => old | (groups & bits),
            "-" => old & !(groups & bits),
            _ => (old & !groups) | (groups & bits),
        })
    })
}

/// A mode such as `755`.
pub(super) fn octal(mode: &str) -> Result<u32, String> {
    u32::from_str_radix(mode, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .ok_or_else(|| format!("{mode} is no mode in octal digits"))
}
