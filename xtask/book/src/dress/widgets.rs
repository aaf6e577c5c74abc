//! Scripts of widgets only where they have something to do: a page that shows no widget waits for none.

use super::is_hash;
use crate::check::widgets::{FOLDER, SHARED};

/// The page without the scripts of widgets that it does not show.
pub(super) fn keep_used(html: &str) -> String {
    // In code, quotation marks are escaped: such text is always a tag's.
    let shows = |attribute: &str| html.contains(attribute);
    let used = |name: &str| match SHARED.contains(&name) {
        true => shows(" data-widget=\""),
        false => shows(&format!(" data-widget=\"{name}\"")),
    };
    html.split_inclusive('\n').filter(|line| script(line).is_none_or(used)).collect()
}

/// The widget whose script a line loads; mdBook may have put a hash behind its name.
fn script(line: &str) -> Option<&str> {
    let (_, file) = line.trim_start().strip_prefix("<script src=\"")?.split_once(&format!("{FOLDER}/"))?;
    let (stem, _) = file.split_once(".js\"")?;
    Some(stem.rsplit_once('-').filter(|(_, hash)| is_hash(hash)).map_or(stem, |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_the_scripts_of_its_own_widgets() {
        let scripts = "<script src=\"../theme/page-0123abcd.js\" defer></script>\n\
            <script src=\"../theme/widgets/widget-0123abcd.js\" defer></script>\n\
            <script src=\"../theme/widgets/cold-start-0123abcd.js\" defer></script>\n\
            <script src=\"../theme/widgets/cost.js\" defer></script>\n";
        let (page, rest) = scripts.split_at(scripts.find('\n').expect("a line") + 1);
        assert_eq!(keep_used(scripts), page);
        let shows = "<figure class=\"widget\" data-widget=\"cold-start\">x</figure>\n";
        let kept = format!("{scripts}{shows}");
        assert_eq!(keep_used(&kept), kept.replace(rest.lines().last().expect("a line"), "").replace("\n\n", "\n"));
    }
}
