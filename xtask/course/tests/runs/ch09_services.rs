//! What chapter 9 prints of two tabs that change one customer: every order in which their calls can come.

use std::fmt::Write as _;

use crate::same;

/// What a tab does, call for call, after both have shown version 7.
#[derive(Clone, Copy, PartialEq)]
enum Call {
    /// Remembers which version there is now.
    Read,
    /// Writes, whatever there is.
    Write,
    /// Writes if it read version 7 just now; tells the customer if not.
    WriteIfRead,
    /// One call that writes if there is version 7; tells the customer if not.
    WriteOnCondition,
}

/// A tab of a browser.
#[derive(Default)]
struct Tab {
    read: u64,
    wrote: bool,
    told: bool,
}

/// Whose calls come first, second, and so on: every way to shuffle two rows of calls into one.
fn orders(left: [usize; 2]) -> Vec<Vec<usize>> {
    if left == [0, 0] {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for tab in [0, 1] {
        if left[tab] > 0 {
            let mut rest = left;
            rest[tab] -= 1;
            all.extend(orders(rest).into_iter().map(|order| [vec![tab], order].concat()));
        }
    }
    all
}

/// Whether a change was lost without a word, and whether a customer was told of the other one's.
fn play(calls: &[Call], order: &[usize]) -> (bool, bool) {
    let (mut version, mut tabs, mut next) = (7, [Tab::default(), Tab::default()], [0, 0]);
    for &tab in order {
        let it = &mut tabs[tab];
        let writes = match calls[next[tab]] {
            Call::Read => {
                it.read = version;
                next[tab] += 1;
                continue;
            }
            Call::Write => true,
            Call::WriteIfRead => it.read == 7,
            Call::WriteOnCondition => version == 7,
        };
        (it.wrote, it.told) = (writes, !writes);
        version += u64::from(writes);
        next[tab] += 1;
    }
    (tabs.iter().all(|tab| tab.wrote), tabs.iter().any(|tab| tab.told))
}

#[test]
fn two_tabs_change_one_customer() {
    let mut table = String::from(
        "| A change | Orders of the calls | One change is lost, and nobody knows | One customer is told |\n|---|---|---|---|\n",
    );
    let mut lost_on_condition = usize::MAX;
    for (way, calls) in [
        ("writes", &[Call::Write][..]),
        ("reads, compares, writes", &[Call::Read, Call::WriteIfRead]),
        ("writes on condition", &[Call::WriteOnCondition]),
    ] {
        let ends: Vec<_> = orders([calls.len(); 2]).iter().map(|order| play(calls, order)).collect();
        let lost = ends.iter().filter(|(lost, _)| *lost).count();
        let told = ends.iter().filter(|(_, told)| *told).count();
        assert_eq!(lost + told, ends.len(), "either both wrote, or one was told");
        let _ = writeln!(table, "| {way} | {} | {lost} | {told} |", ends.len());
        lost_on_condition = lost;
    }
    assert_eq!(lost_on_condition, 0, "a condition loses nothing");
    same("ch09", "two-tabs.md", &table);
}
