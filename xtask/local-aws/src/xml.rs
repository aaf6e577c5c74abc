//! The little of XML that S3's bodies need: elements without attributes, found by name.

/// What stands inside each element with a name, as it is written.
pub(crate) fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inner = xml.split(&open).skip(1).filter_map(|rest| rest.split_once(&close));
    inner.map(|(inner, _)| inner).collect()
}

/// The same as texts.
pub(crate) fn texts(xml: &str, name: &str) -> Vec<String> {
    let unescape = |text: &&str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
        text.replace("&#39;", "'").replace("&#10;", "\n").replace("&#13;", "\r").replace("&amp;", "&")
    };
    elements(xml, name).iter().map(unescape).collect()
}
