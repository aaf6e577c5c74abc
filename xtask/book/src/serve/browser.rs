//! The browser: opened once, where there is one to open.

use std::process::{Command, Stdio};

/// Asks the desktop to show `url`. Where nothing answers, the printed address has to do.
pub(super) fn open(url: &str) {
    for program in programs() {
        let mut command = Command::new(&program);
        command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Ok(mut child) = command.spawn() {
            // Some openers are the browser itself and stay as long as it does.
            std::thread::spawn(move || child.wait());
            return;
        }
    }
}

/// What may open a URL here, the reader's own choice first; nothing without a display.
fn programs() -> Vec<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let display = set("DISPLAY").or_else(|| set("WAYLAND_DISPLAY")).is_some();
    let programs: &[&str] = if cfg!(target_os = "macos") {
        &["open"]
    } else if set("WSL_DISTRO_NAME").is_some() {
        &["wslview", "explorer.exe"]
    } else if display {
        &["xdg-open"]
    } else {
        &[]
    };
    let chosen = set("BROWSER").unwrap_or_default();
    let chosen = chosen.split(':').filter(|program| !program.is_empty());
    chosen.chain(programs.iter().copied()).map(str::to_owned).collect()
}
