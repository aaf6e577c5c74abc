//! The difference of two texts, by lines, with three lines around each change.

const CONTEXT: usize = 3;

/// One line of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    Same(&'a str),
    /// Only in the first text.
    Mine(&'a str),
    /// Only in the second text.
    Theirs(&'a str),
    /// Lines that are the same in both and far from any change.
    Gap(usize),
}

/// The difference, or nothing when the texts are the same.
#[must_use]
pub fn diff<'a>(mine: &'a str, theirs: &'a str) -> Vec<Line<'a>> {
    let lines = all_lines(&mine.lines().collect::<Vec<_>>(), &theirs.lines().collect::<Vec<_>>());
    let is_same = |line: &Line<'_>| matches!(line, Line::Same(_));
    if lines.iter().all(is_same) {
        return Vec::new();
    }
    let near = |index: usize| {
        let around = &lines[index.saturating_sub(CONTEXT)..lines.len().min(index + CONTEXT + 1)];
        !around.iter().all(is_same)
    };
    let mut shown = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match shown.last_mut() {
            _ if near(index) => shown.push(*line),
            Some(Line::Gap(skipped)) => *skipped += 1,
            _ => shown.push(Line::Gap(1)),
        }
    }
    shown
}

/// By the longest common subsequence; exercise files are short enough for the square of their length.
fn all_lines<'a>(mine: &[&'a str], theirs: &[&'a str]) -> Vec<Line<'a>> {
    let mut common = vec![vec![0_u32; theirs.len() + 1]; mine.len() + 1];
    for i in (0..mine.len()).rev() {
        for j in (0..theirs.len()).rev() {
            common[i][j] =
                if mine[i] == theirs[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < mine.len() || j < theirs.len() {
        if i < mine.len() && j < theirs.len() && mine[i] == theirs[j] {
            lines.push(Line::Same(mine[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == theirs.len() || (i < mine.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(Line::Mine(mine[i]));
            i += 1;
        } else {
            lines.push(Line::Theirs(theirs[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_what_is_around_it() {
        let mine = "1\n2\n3\n4\n5\nold\n6\n";
        let theirs = "1\n2\n3\n4\n5\nnew\n6\n";
        use Line::{Gap, Mine, Same, Theirs};
        assert_eq!(
            diff(mine, theirs),
            [Gap(2), Same("3"), Same("4"), Same("5"), Mine("old"), Theirs("new"), Same("6")]
        );
        assert_eq!(diff(mine, mine), []);
    }
}
