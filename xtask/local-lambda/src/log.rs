//! Log lines, and how a function's output becomes them: read from the pipe in order, cut into lines, capped.

use crate::limits;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// The text without its line break; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Who wrote it.
    pub source: LogSource,
}

/// Who wrote a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogSource {
    /// The function: standard output and standard error, in the order of writing.
    Function,
    /// An external extension.
    Extension,
    /// Lambda itself: START, END, REPORT, INIT_START.
    Platform,
}

impl LogLine {
    pub(crate) fn platform(text: String) -> LogLine {
        LogLine { text, source: LogSource::Platform }
    }
}

/// The lines that have been read and not yet been taken.
#[derive(Debug)]
pub(crate) struct LogBook {
    source: LogSource,
    lines: Vec<LogLine>,
    partial: Vec<u8>,
    kept: usize,
    dropped: usize,
}

impl LogBook {
    pub(crate) fn new(source: LogSource) -> LogBook {
        LogBook { source, lines: Vec::new(), partial: Vec::new(), kept: 0, dropped: 0 }
    }

    /// Takes bytes as they came from the pipe.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend_partial(&bytes[..end]);
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        self.extend_partial(bytes);
    }

    fn extend_partial(&mut self, mut bytes: &[u8]) {
        loop {
            let allowed = limits::LOG_BYTES_KEPT.saturating_sub(self.kept);
            let line_room = limits::LOG_LINE_BYTES - self.partial.len();
            let take = bytes.len().min(allowed).min(line_room);
            self.partial.extend_from_slice(&bytes[..take]);
            self.kept += take;
            bytes = &bytes[take..];
            if bytes.is_empty() {
                return;
            }
            if take == line_room {
                self.end_line();
            } else {
                self.dropped += bytes.len();
                return;
            }
        }
    }

    fn end_line(&mut self) {
        if self.kept >= limits::LOG_BYTES_KEPT && self.partial.is_empty() {
            self.dropped += 1;
            return;
        }
        // Empty lines count one byte, so that a flood of them meets the cap too.
        self.kept += 1;
        let partial = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(partial.strip_suffix(b"\r").unwrap_or(&partial)).into_owned();
        self.lines.push(LogLine { text, source: self.source });
    }

    /// The lines so far, an unfinished one included, and how many bytes were not kept.
    pub(crate) fn take(&mut self) -> (Vec<LogLine>, usize) {
        if !self.partial.is_empty() {
            self.end_line();
        }
        self.kept = 0;
        (std::mem::take(&mut self.lines), std::mem::take(&mut self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn bytes_become_lines_however_they_are_cut() {
        let mut book = LogBook::new(LogSource::Function);
        book.push(b"one\nt");
        book.push(b"wo\r\n\nrest");
        let (lines, dropped) = book.take();
        assert_eq!(texts(&lines), ["one", "two", "", "rest"]);
        assert_eq!(dropped, 0);
        assert_eq!(book.take(), (Vec::new(), 0));
    }

    #[test]
    fn a_flood_is_counted_but_not_kept() {
        let mut book = LogBook::new(LogSource::Function);
        for _ in 0..40_000 {
            book.push(&[b'x'; 99]);
            book.push(b"\n");
        }
        let (lines, dropped) = book.take();
        let kept: usize = lines.iter().map(|line| line.text.len() + 1).sum();
        assert!(kept <= limits::LOG_BYTES_KEPT + 1, "{kept}");
        assert!(dropped > 2_000_000, "{dropped}");
        book.push(b"the next invocation has room again\n");
        assert_eq!(texts(&book.take().0), ["the next invocation has room again"]);
    }

    #[test]
    fn a_line_without_end_is_split() {
        let mut book = LogBook::new(LogSource::Function);
        book.push(&vec![b'y'; limits::LOG_LINE_BYTES + 10]);
        let (lines, _) = book.take();
        assert_eq!(lines.iter().map(|line| line.text.len()).collect::<Vec<_>>(), [limits::LOG_LINE_BYTES, 10]);
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_replaced() {
        let mut book = LogBook::new(LogSource::Function);
        book.push(b"caf\xe9\n");
        assert_eq!(texts(&book.take().0), ["caf\u{fffd}"]);
    }
}
