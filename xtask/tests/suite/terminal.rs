//! In a terminal: the line of progress, the keys of `watch`, and that the terminal is given back as it was.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::FromRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::harness::MiniCourse;

/// A terminal, and a command that runs in it as its foreground.
struct Terminal {
    keyboard: File,
    /// The side that the command has: the terminal outlives the command by it.
    line: File,
    shown: Receiver<u8>,
    child: Child,
}

impl Terminal {
    fn running(mut command: Command) -> Terminal {
        let (mut keyboard, mut line) = (-1, -1);
        #[expect(unsafe_code, reason = "std opens no terminals")]
        // SAFETY: openpty(3) writes two descriptors, which nobody else has; the null pointers ask for its defaults.
        let (keyboard, line) = unsafe {
            let (name, termios, size) = (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
            assert_eq!(libc::openpty(&raw mut keyboard, &raw mut line, name, termios, size), 0, "no terminal");
            (File::from_raw_fd(keyboard), File::from_raw_fd(line))
        };
        let side = || Stdio::from(line.try_clone().expect("a descriptor"));
        command.stdin(side()).stdout(side()).stderr(side());
        #[expect(unsafe_code, reason = "std gives no child a terminal of its own")]
        // SAFETY: setsid(2) and ioctl(2) may be called between fork and exec.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY as _, 0);
                Ok(())
            });
        }
        let child = command.spawn().expect("xtask starts");
        let (sender, shown) = mpsc::channel();
        let mut screen = keyboard.try_clone().expect("a descriptor");
        std::thread::spawn(move || {
            let mut byte = [0];
            while screen.read_exact(&mut byte).is_ok() && sender.send(byte[0]).is_ok() {}
        });
        Terminal { keyboard, line, shown, child }
    }

    /// All that is shown until these words are.
    #[track_caller]
    fn until(&mut self, words: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(words.as_bytes()) {
            let byte = self.shown.recv_timeout(Duration::from_secs(60));
            bytes.push(byte.unwrap_or_else(|_| panic!("no {words:?} in {:?}", String::from_utf8_lossy(&bytes))));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn press(&mut self, key: &str) {
        self.keyboard.write_all(key.as_bytes()).expect("the terminal takes it");
    }

    /// How the terminal is set, as stty writes it.
    fn settings(&self) -> String {
        let stty = Command::new("stty").arg("-g").stdin(self.line.try_clone().expect("a descriptor")).output();
        String::from_utf8(stty.expect("there is an stty").stdout).expect("text")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const KEYS: &str = "watching; h hint, s solution, n next, r run again, q quit\r\n";

#[test]
fn keys_work_in_a_terminal_which_is_given_back_as_it_was() {
    let course = MiniCourse::new();
    // What is watched is known already, so that no test of this file waits for cargo.
    course.say("check 1/1 1/2 1/3");
    let mut command = course.xtask("watch ch01");
    command.env("CARGO", "/no/such/cargo");
    course.remove_exercises("ch01-fates/04");
    for number in 5..=8 {
        course.remove_exercises(&format!("ch01-fates/0{number}"));
    }
    let mut terminal = Terminal::running(command);
    let first = terminal.until(KEYS);
    assert!(first.contains("3 exercises: 1 passed, 1 failed, 1 does not compile"), "{first}");
    let watching = terminal.settings();
    // The keys are about the one that is shown in full, not about the first, which passed.
    terminal.press("h");
    let hint = terminal.until(KEYS);
    assert!(hint.contains("ch01/02 fails-one-test: hint 4 of 4"), "{hint}");
    terminal.press("s");
    let solution = terminal.until(KEYS);
    assert!(solution.contains("ch01/02 fails-one-test: not passed yet"), "{solution}");
    terminal.press("xn");
    let next = terminal.until(KEYS);
    assert!(next.contains("ch01/03 does-not-compile: does not compile") && !next.contains("ch01/01"), "{next}");
    terminal.press("q");
    assert_eq!(terminal.child.wait().expect("it ends").code(), Some(0));
    let after = terminal.settings();
    assert_ne!(watching, after, "single keys were never asked for");

    for (ending, code) in [("\u{3}", 130), ("q", 0)] {
        let mut command = course.xtask("watch 1/1");
        command.env("CARGO", "/no/such/cargo");
        let mut terminal = Terminal::running(command);
        terminal.until(KEYS);
        assert_ne!(terminal.settings(), after);
        terminal.press(ending);
        assert_eq!(terminal.child.wait().expect("it ends").code(), Some(code));
        assert_eq!(terminal.settings(), after, "{ending:?} left the terminal as no shell wants it");
    }
}

#[test]
fn the_seconds_of_a_check_that_hangs_go_on_and_its_line_is_gone_after_it() {
    let course = MiniCourse::new();
    course.replace("exercises/ch01-fates/05-hangs/Cargo.toml", "time-limit-seconds = 1", "time-limit-seconds = 4");
    let mut command = course.xtask("check 1/5");
    command.env_remove("NO_COLOR").env("TERM", "xterm");
    let mut terminal = Terminal::running(command);
    terminal.until("\u{1b}[2Kchecking: ch01/05, 1 s");
    terminal.until("\u{1b}[2Kchecking: ch01/05, 2 s");
    let verdict = terminal.until("was stopped\r\n");
    let (line, after) = verdict.split_once("ch01/05 hangs: ").expect("a verdict");
    assert!(line.ends_with("\r\u{1b}[2K") && !after.contains("checking"), "{verdict:?}");
    assert_eq!(terminal.child.wait().expect("it ends").code(), Some(1));
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let course = MiniCourse::new();
    course.say("check 1/2 1/3");
    let shown = |no_color: Option<&str>, term: &str, name: &str, last: &str| {
        let mut command = course.xtask(&format!("check {name}"));
        command.env("CARGO", "/no/such/cargo").env("TERM", term).env_remove("NO_COLOR");
        no_color.map(|value| command.env("NO_COLOR", value));
        Terminal::running(command).until(last)
    };
    for (name, last) in [("1/2", "check.rs:54"), ("1/3", "(1 of 3)\r\n")] {
        let plain = shown(Some("1"), "xterm", name, last);
        assert!(!plain.contains('\u{1b}'), "{plain:?}");
        assert!(!shown(None, "dumb", name, last).contains('\u{1b}'), "a dumb terminal shows them as text");
        let coloured = shown(None, "xterm", name, last);
        assert!(coloured.contains("\u{1b}[31m"), "{coloured:?}");
        assert_eq!(shown(Some(""), "xterm", name, last), coloured, "an empty NO_COLOR asks for nothing");
        let words = xtask::term::without_escapes(&coloured).replace("✗ ", "");
        assert_eq!(words, xtask::term::without_escapes(&plain), "the same words");
    }
}
