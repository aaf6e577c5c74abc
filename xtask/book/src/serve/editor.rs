//! "Open in my editor": a graphical editor that is here, started with one file of the catalogue. No shell; the words of
//! `$VISUAL` and `$EDITOR` are the learner's own settings, and nothing that a page says becomes one of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An editor that can show a file without a terminal, and how it is told the line.
#[derive(Clone, Copy, Debug)]
struct Editor {
    program: &'static str,
    name: &'static str,
    line: Line,
}

#[derive(Clone, Copy, Debug)]
enum Line {
    /// `--goto file:line`
    Goto,
    /// `file:line`
    Colon,
    /// `+line file`
    Plus,
    /// `--line line file`
    Long,
    Unknown,
}

const EDITORS: [Editor; 16] = [
    Editor { program: "code", name: "VS Code", line: Line::Goto },
    Editor { program: "codium", name: "VSCodium", line: Line::Goto },
    Editor { program: "code-insiders", name: "VS Code Insiders", line: Line::Goto },
    Editor { program: "cursor", name: "Cursor", line: Line::Goto },
    Editor { program: "zed", name: "Zed", line: Line::Colon },
    Editor { program: "zeditor", name: "Zed", line: Line::Colon },
    Editor { program: "subl", name: "Sublime Text", line: Line::Colon },
    Editor { program: "rustrover", name: "RustRover", line: Line::Long },
    Editor { program: "idea", name: "IntelliJ IDEA", line: Line::Long },
    Editor { program: "gvim", name: "gVim", line: Line::Plus },
    Editor { program: "kate", name: "Kate", line: Line::Unknown },
    Editor { program: "gedit", name: "gedit", line: Line::Plus },
    Editor { program: "gnome-text-editor", name: "Text Editor", line: Line::Unknown },
    Editor { program: "mate", name: "TextMate", line: Line::Unknown },
    Editor { program: "bbedit", name: "BBEdit", line: Line::Unknown },
    Editor { program: "neovide", name: "Neovide", line: Line::Unknown },
];

/// Tried where the environment names none.
const USUAL: [&str; 5] = ["code", "codium", "zed", "zeditor", "cursor"];

/// Shows the file, and says what was done; `Err` says what the learner can do instead.
pub(super) fn open(root: &Path, file: &Path, line: Option<u32>) -> Result<String, String> {
    let path = root.join(file);
    if !path.is_file() {
        return Err(format!("there is no {}; Reset brings the starter back", file.display()));
    }
    let Some((program, editor)) = choose() else {
        let own = settings().into_iter().next().unwrap_or_else(|| "your editor".to_owned());
        let words = "found no editor with a window (VS Code, Zed, or what $VISUAL names); open it yourself";
        return Err(format!("{words}: {own} {}", file.display()));
    };
    let mut command = Command::new(&program);
    // The folder as well, where the editor knows folders: its language server wants the whole workspace.
    match (editor.line, line) {
        (Line::Goto, line) => {
            command.arg(root).arg("--goto").arg(with_line(&path, line));
        }
        (Line::Colon, line) => {
            command.arg(root).arg(with_line(&path, line));
        }
        (Line::Plus, Some(line)) => drop(command.arg(format!("+{line}")).arg(&path)),
        (Line::Long, Some(line)) => drop(command.arg("--line").arg(line.to_string()).arg(&path)),
        (Line::Plus | Line::Long | Line::Unknown, _) => drop(command.arg(&path)),
    }
    command.current_dir(root).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("failed to start {}: {error}", program.display()))?;
    // Some stay as long as their window.
    std::thread::spawn(move || child.wait());
    let at = line.map_or_else(String::new, |line| format!(", line {line}"));
    Ok(format!("opened {}{at} in {}", file.display(), editor.name))
}

fn with_line(path: &Path, line: Option<u32>) -> std::ffi::OsString {
    let mut argument = path.as_os_str().to_owned();
    argument.push(line.map_or_else(String::new, |line| format!(":{line}")));
    argument
}

/// The terminal that we run in, then the learner's settings, then whatever is here.
fn choose() -> Option<(PathBuf, Editor)> {
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|set| set == value);
    let around = if is("TERM_PROGRAM", "vscode") {
        Some("code")
    } else if is("ZED_TERM", "true") {
        Some("zed")
    } else {
        None
    };
    let own = settings();
    let candidates = around.into_iter().chain(own.iter().map(String::as_str)).chain(USUAL);
    candidates.into_iter().find_map(|program| {
        let file_name = Path::new(program).file_name()?.to_str()?;
        let editor = EDITORS.into_iter().find(|editor| editor.program == file_name)?;
        Some((on_path(program)?, editor))
    })
}

/// The programs of `$VISUAL` and `$EDITOR`, without their arguments.
fn settings() -> Vec<String> {
    let set = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    set.filter_map(|value| value.split_whitespace().next().map(str::to_owned)).collect()
}

fn on_path(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_file());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|path| path.is_file())
}
