//! How a script of a step ends.

/// Whether a script fails: at the first line that does, since GitHub's shell stops there, unless the line goes on
/// regardless. Of a pipe the last command counts, unless `shell: bash` is asked for: without a word it is `bash -e`,
/// with that word `bash -eo pipefail`. Of commands with `&&` between them one that is not the last stops nothing; it is
/// what the script ends with when nothing comes after it.
pub(super) fn ends_badly(script: &str, shell: Option<&str>, fails: &dyn Fn(&str) -> bool) -> bool {
    let mut stops = true;
    let mut minds_pipes = shell.is_some_and(|shell| shell == "bash" || shell.contains("pipefail"));
    let script = script.replace("\\\n", " ");
    let lines: Vec<&str> =
        script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with("set +e") {
            stops = false;
        }
        minds_pipes |= line.starts_with("set ") && line.contains("pipefail");
        let is_last = index + 1 == lines.len();
        if line.contains("||") || line.ends_with('&') || line.starts_with("if ") || line.starts_with("! ") {
            continue;
        }
        let parts: Vec<&str> = line.split("&&").collect();
        let failed = parts.iter().position(|part| match part.rsplit_once('|') {
            Some((_, last)) if !minds_pipes => fails(last),
            _ => fails(part),
        });
        if failed.is_some_and(|part| is_last || (stops && part + 1 == parts.len())) {
            return true;
        }
    }
    false
}
